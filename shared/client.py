"""The platform as a function sees it: `exh.users.me()`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.credentials import CredentialChain, Credentials
from shared.session import PlatformSession

if TYPE_CHECKING:
    from shared.services.users import Users


class ExtraHorizon:
    """A client of the platform. Each service's module is imported when it is first touched.

    Nothing is read and nothing is sent before the first call: a function that never calls the platform needs no
    credentials.
    """

    def __init__(self, credentials: Credentials | None = None) -> None:
        """Call with `credentials`, or with those that `CredentialChain` finds."""
        self.session = PlatformSession((lambda: credentials) if credentials else CredentialChain().current)

    @cached_property
    def users(self) -> Users:
        """Users, roles, groups and their permissions."""
        from shared.services.users import Users

        return Users(self.session)
