"""Calls outside the services: the user that the client calls as. The session itself is `exh.session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.resource import Resource

if TYPE_CHECKING:
    from extrahorizon.authentication import Authentication
    from extrahorizon.session import PlatformSession


class Raw(Resource):
    """`exh.raw`."""

    def __init__(self, session: PlatformSession) -> None:
        """Call through `session`."""
        super().__init__(session)
        self._asked: tuple[Authentication, str] | None = None

    @property
    def user_id(self) -> str:
        """Return the id of the calling user.

        It is requested once per login; an OAuth2 login already contains it.

        Raises:
            PlatformError: the credentials are refused.
        """
        authentication = self._session.authentication
        tokens = getattr(authentication, "tokens", None)
        if tokens is not None and tokens.user_id is not None:
            return str(tokens.user_id)
        if self._asked is None or self._asked[0] is not authentication:
            me = self._object("GET", "/users/v1/me")
            self._asked = authentication, me["id"]
        return self._asked[1]
