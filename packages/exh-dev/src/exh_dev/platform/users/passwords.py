"""Passwords: what they have to be like, and changing and confirming one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from exh_dev.platform.auth.login import hash_password, is_password
from exh_dev.platform.events import events
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users import views
from exh_dev.platform.users.settings import PASSWORD_POLICY, setting

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.auth.login import Login
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_REQUIRED = {
    "upper_case_required": (re.compile("[A-Z]"), "an upper-case letter"),
    "lower_case_required": (re.compile("[a-z]"), "a lower-case letter"),
    "number_required": (re.compile("[0-9]"), "a digit"),
    "symbol_required": (re.compile(r"[^\sA-Za-z0-9]"), "a symbol"),
}


def check_policy(store: Store, password: str) -> None:
    """Accept a password that is as the policy wants it.

    Raises:
        ErrorAnswer: 15 when it is not.
    """
    policy = setting(store, PASSWORD_POLICY)
    if not policy["minimum_length"] <= len(password) <= policy["maximum_length"]:
        lengths = f"{policy['minimum_length']} to {policy['maximum_length']}"
        raise ErrorAnswer(15, f"A password must have {lengths} characters")
    for name, (pattern, what) in _REQUIRED.items():
        if policy[name] and not pattern.search(password):
            raise ErrorAnswer(15, f"A password must have {what}")


def refuse_oidc(user: Document) -> None:
    """Refuse users without a password login.

    Raises:
        ErrorAnswer: 215 for a user who logs in through a provider.
    """
    if user.get("oidc_links"):
        raise ErrorAnswer(215, "The user logs in by way of an OpenID Connect provider")


@dataclass
class Passwords:
    """The passwords of the users of a store."""

    store: Store
    login: Login
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        return [
            Route(f"{base}/password", self._change, methods=["PUT"]),
            Route(f"{base}/confirm_password", self._confirm, methods=["POST"]),
            Route(f"{base}/authenticate", self._authenticate, methods=["POST"]),
        ]

    async def _change(self, request: Request) -> Response:
        user_of(request)
        fields = await read_json(request)
        user = self._caller(request)  # as it is now: others are served while a body arrives
        old, new = fields.text("old_password"), fields.text("new_password")
        refuse_oidc(user)
        if not is_password(old, user["password_hash"]):
            raise ErrorAnswer(208, "The old password is wrong")
        check_policy(self.store, new)
        now = self.clock()
        user |= {"password_hash": hash_password(new), "failed_count": 0, "update_timestamp": epoch_ms(now)}
        with self.store.transaction():
            self.store.put(views.COLLECTION, user)
            events.publish(self.store, "password_update_completed", {"user_id": user["id"]}, now=now)
        return Response()

    async def _confirm(self, request: Request) -> Response:
        user_of(request)
        password = (await read_json(request)).text("password")
        user = self._caller(request)
        refuse_oidc(user)
        self.login.user_id(user["email"], password)
        return Response()

    async def _authenticate(self, request: Request) -> Response:
        fields = await read_json(request)
        user_id = self.login.user_id(fields.text("email"), fields.text("password"))
        user = self.store.get(views.COLLECTION, user_id)
        assert user is not None  # it has just logged in
        return Response(views.full_view(user, self.store, self.clock()), media_type="application/json")

    def _caller(self, request: Request) -> Document:
        user = self.store.get(views.COLLECTION, user_of(request))
        if user is None:
            raise ErrorAnswer(104, "The user of these credentials does not exist any more")
        return user
