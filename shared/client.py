"""The platform as a function sees it: `exh.users.me()`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from shared.authentication import OAuth1Authentication
from shared.credentials import CredentialChain, Credentials
from shared.session import PlatformSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.authentication import Authentication
    from shared.services.users import Users

Item = TypeVar("Item")
Result = TypeVar("Result")


class ExtraHorizon:
    """A client of the platform. Each service's module is imported when it is first touched.

    Nothing is read and nothing is sent before the first call: a function that never calls the platform needs no
    credentials.
    """

    def __init__(self, credentials: Credentials | Authentication | None = None) -> None:
        """Call with these OAuth1 credentials, by another way to authenticate, or with what `CredentialChain` finds."""
        if credentials is None or isinstance(credentials, Credentials):
            credentials = OAuth1Authentication(CredentialChain(given=credentials))
        self.session = PlatformSession(credentials)

    @cached_property
    def users(self) -> Users:
        """Users, roles, groups and their permissions."""
        from shared.services.users import Users

        return Users(self.session)

    def fan_out(self, function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 8) -> list[Result]:
        """`[function(item) for item in items]`, up to `workers` at once, none begun past the function's deadline.

        Raises what the first failing item raised; `shared.fan_out.fan_out` can also collect what each one raised.
        """
        from shared.fan_out import fan_out

        return fan_out(function, items, workers=workers, deadline=self.session.deadline)
