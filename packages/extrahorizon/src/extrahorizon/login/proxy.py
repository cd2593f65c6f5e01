"""Call as a browser that is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.authentication import Authorization
from extrahorizon.errors import ConfigurationError
from extrahorizon.hosts import base_url
from extrahorizon.login.endpoint import with_header

if TYPE_CHECKING:
    from extrahorizon.deadline import Deadline


class ProxyAuthentication:
    """The session of a browser that logged in through the platform's proxy, which signs for it.

    **Call with the browser's cookie**

        from extrahorizon import ExtraHorizon

        exh = ExtraHorizon(ProxyAuthentication(host, cookie))
    """

    def __init__(self, host: str, cookie: str) -> None:
        """Call as the browser that sends this `Cookie` header.

        Raises:
            ConfigurationError: the host cannot be used, or the cookie cannot be sent.
        """
        if not cookie.isascii() or not cookie.isprintable():
            raise ConfigurationError("the cookie cannot be sent: it is not one line of printable ASCII")
        url = base_url(host)
        proxy = url if "localhost" in url else url.replace("https://api.", "https://apx.", 1)
        self._authorization = Authorization(proxy, with_header(cookie, "Cookie"))

    def current(self, deadline: Deadline) -> Authorization:  # noqa: ARG002 - nothing is fetched
        """Return the cookie."""
        return self._authorization

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:  # noqa: ARG002 - there is nothing else to try
        """Return False: there are no other credentials."""
        return False
