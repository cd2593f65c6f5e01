"""The endpoints of the user service: snake_case members, timestamps in epoch milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.auth.login import Login
from exh_dev.platform.service import Service
from exh_dev.platform.storage.sql import member
from exh_dev.platform.users.accounts import Accounts
from exh_dev.platform.users.enlistments import Enlistments
from exh_dev.platform.users.group_roles import GroupRoles
from exh_dev.platform.users.passwords import Passwords
from exh_dev.platform.users.roles import Roles
from exh_dev.platform.users.settings import Settings
from exh_dev.platform.users.verification import ACTIVATION, RESET, Verification

if TYPE_CHECKING:
    from exh_dev.platform.http.routing import Route
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/users/v1"


class UserService(Service):
    """Users, their roles, enlistments and passwords."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        for purpose in (ACTIVATION, RESET):
            store.index(f"{purpose.collection}_user_id", purpose.collection, [member("user_id")])

    def routes(self) -> list[Route]:
        """Return the endpoints of the service; those of a user's id are the last, because they match any word."""
        store, clock = self._store, self._clock
        return [
            *Settings(store).routes(BASE),
            *Passwords(store, Login(store, clock=clock), clock).routes(BASE),
            *Verification(store, clock).routes(BASE),
            *Roles(store, clock).routes(BASE),
            *GroupRoles(store, clock).routes(BASE),
            *Enlistments(store, clock).routes(BASE),
            *Accounts(store, clock).routes(BASE),
        ]
