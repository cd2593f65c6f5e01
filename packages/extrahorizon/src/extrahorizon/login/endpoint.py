"""Post to the platform's login endpoints, and check what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from extrahorizon.errors import InvalidResponseError
from extrahorizon.session import PlatformSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.authentication import Authentication
    from extrahorizon.transport.protocol import Request, Transport

#: The members that an answer must have, with their types.
Members: TypeAlias = "Mapping[str, type | tuple[type, ...]]"


class LoginEndpoint:
    """The login endpoints, as one application reaches them.

    A login has no client yet, or several: it uses the transport of the first, with its proxies and certificates.
    """

    def __init__(self, host: str, authentication: Authentication) -> None:
        self.session = PlatformSession(authentication)
        self._host = host
        self._has_transport = False

    def speak_through(self, transport: Transport) -> None:
        """Use a client's transport, unless another client's is in use."""
        if not self._has_transport:
            self._has_transport = True
            self.session = PlatformSession(self.session.authentication, transport=transport)

    def post(
        self,
        path: str,
        body: Mapping[str, object],
        members: Members,
        *,
        idempotent: bool = False,
    ) -> dict[str, Any]:
        """Return an answer that has these members, of these types.

        Raises:
            InvalidResponseError: one is missing, or has another type.
        """
        answer = self.session.call("POST", path, json=body, expects=dict, idempotent=idempotent)
        return with_members(answer, self._host + path, members)


def with_members(answer: dict[str, Any], url: str, members: Members) -> dict[str, Any]:
    """Return an answer of a login endpoint when it has these members, of these types.

    Raises:
        InvalidResponseError: one is missing, or has another type.
    """

    def fits(name: str) -> bool:
        value = answer.get(name)
        return isinstance(value, members[name]) and not isinstance(value, bool)

    missing = [name for name in members if not fits(name)]
    if missing:
        problem = f"an answer to a login without a usable {' and '.join(missing)}"
        raise InvalidResponseError(problem, status=200, method="POST", url=url)
    return answer


def with_header(value: str | None, name: str = "Authorization") -> Callable[[Request], object]:
    """Return a function that gives a request this header; with None, one that gives it none."""

    def authorize(request: Request) -> None:
        if value is not None:
            request.headers[name] = value

    return authorize
