"""The second factors of a user: added, verified and removed, and asked for at a login or not.

Whoever changes them has confirmed their presence before, also with the permission to change those of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from exh_dev.platform.auth.mfa import recovery_codes_method, totp_method
from exh_dev.platform.auth.presence import require_presence
from exh_dev.platform.auth.totp import is_code
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION = "mfa_settings"
_SHOWN = ("id", "enabled", "methods", "updateTimestamp")


@dataclass
class MfaSettings:
    """The MFA settings of the users of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """The endpoints of MFA settings."""
        user = f"{base}/mfa/users/{{id}}"
        method = f"{user}/methods/{{method}}"
        return [
            Route(user, self._show, methods=["GET"]),
            Route(f"{user}/enable", self._enable, methods=["POST"]),
            Route(f"{user}/disable", self._disable, methods=["POST"]),
            Route(f"{user}/methods", self._add, methods=["POST"]),
            Route(f"{method}/verification/confirm", self._verify, methods=["POST"]),
            Route(f"{method}/remove", self._remove, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> JSONResponse:
        settings = self._settings(self._user(request, "VIEW_USER_MFA_SETTINGS"))
        return JSONResponse({name: settings[name] for name in _SHOWN if name in settings})

    async def _enable(self, request: Request) -> JSONResponse:
        settings, _ = await self._changing(request)
        _check_enough(settings["methods"])
        return self._put({**settings, "enabled": True})

    async def _disable(self, request: Request) -> JSONResponse:
        settings, _ = await self._changing(request)
        return self._put({**settings, "enabled": False})

    async def _add(self, request: Request) -> JSONResponse:
        settings, fields = await self._changing(request)
        kind, name, tags = fields.text("type"), fields.optional_text("name"), fields.optional_texts("tags")
        if kind not in {"totp", "recoveryCodes"}:
            raise ErrorAnswer(15, "The field type must be totp or recoveryCodes")
        named = {"name": name} if name else {}
        made = totp_method(verified=False, **named) if kind == "totp" else recovery_codes_method(**named)
        now = iso(self.clock())
        method = {**made, "tags": tags or [], "creationTimestamp": now, "updateTimestamp": now}
        self._put({**settings, "methods": [*settings["methods"], method]})
        return JSONResponse(method)

    async def _verify(self, request: Request) -> JSONResponse:
        settings, fields = await self._changing(request)
        method, code = _method(request, settings), fields.text("code")
        if method["type"] != "totp":
            raise ErrorAnswer(26, "Only a method of type totp can be verified")
        now = self.clock()
        if not is_code(code, method["secret"], now):
            raise ErrorAnswer(130, "The supplied MFA code is incorrect")
        method |= {"verified": True, "updateTimestamp": iso(now)}
        self._put(settings)
        # The published description refers to the usual result in a way that the official client reads as `description`.
        return JSONResponse({"affectedRecords": 1, "description": "Success"})

    async def _remove(self, request: Request) -> JSONResponse:
        settings, _ = await self._changing(request)
        removed = _method(request, settings)
        left = [each for each in settings["methods"] if each is not removed]
        if settings["enabled"]:
            _check_enough(left)
        return self._put({**settings, "methods": left})

    async def _changing(self, request: Request) -> tuple[Document, Fields]:
        """The settings that a request may change, and its body."""
        self._user(request, "UPDATE_USER_MFA_SETTINGS")
        fields = await read_json(request)
        user_id = self._user(request, "UPDATE_USER_MFA_SETTINGS")  # who may be gone by now
        me = rights_of(request, self.store).require_user()
        require_presence(self.store, me, fields.text("presenceToken"), now=self.clock())
        return self._settings(user_id), fields

    def _user(self, request: Request, permission: str) -> str:
        user_id = checked_id(request.path_params["id"])
        rights = rights_of(request, self.store)
        if rights.require_user() != user_id:
            rights.require(permission)
        if self.store.get("users", user_id) is None:
            raise ErrorAnswer(16, "The user does not exist")
        return user_id

    def _settings(self, user_id: str) -> Document:
        """A user's settings; made when there are none."""
        settings = self.store.get(COLLECTION, user_id)
        if settings is None:
            settings = {"id": user_id, "enabled": False, "methods": [], "failedCount": 0}
            settings["updateTimestamp"] = iso(self.clock())
            self.store.put(COLLECTION, settings)
        return settings

    def _put(self, settings: Document) -> JSONResponse:
        self.store.put(COLLECTION, {**settings, "updateTimestamp": iso(self.clock())})
        return JSONResponse({"affectedRecords": 1})


def _method(request: Request, settings: Document) -> Document:
    method_id = checked_id(request.path_params["method"])
    for method in settings["methods"]:
        if method["id"] == method_id:
            found: Document = method
            return found
    raise ErrorAnswer(16, "The MFA method does not exist")


def _check_enough(methods: list[Document]) -> None:
    if not any(each["verified"] for each in methods):
        raise ErrorAnswer(133, "For MFA to be enabled at least one verified MFA method is required")
