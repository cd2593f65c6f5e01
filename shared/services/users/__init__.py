"""The user service, `/users/v1`: snake_case members, timestamps in epoch milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from shared.session import PlatformSession

BASE = "/users/v1"


class User(TypedDict, total=False):
    """A user as the service sends it. Personal data: never log it, never return it whole."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone_number: str
    language: str
    time_zone: str
    activation: bool
    creation_timestamp: int
    update_timestamp: int


class Users:
    """`exh.users`."""

    def __init__(self, session: PlatformSession) -> None:
        """Call through `session`."""
        self._session = session

    def me(self) -> User:
        """The user these credentials belong to; the platform's own credential check. Needs no permission.

        Raises:
            PlatformError: an `OAuth…Error` when the credentials are refused.
            PlatformUnreachableError: there was no usable answer.
        """
        user: User = self._session.call("GET", f"{BASE}/me", expects=dict)
        return user
