"""Second factors: a user's settings, the MFA token issued for a password, and the code that completes the login.

A user's settings are one document: whether MFA is on, the methods, and the failures since the last success. Changing
them requires a presence token, even with the permission for other users.

One-time passwords are time-based (RFC 6238 over RFC 4226), with SHA-1, 6 digits and 30 seconds, as apps make them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.auth.presence import require_presence
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, hex40, object_id
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

TOKEN_LIFETIME = 900  # seconds
_SHOWN_OF_METHOD = ("id", "type", "name", "tags")
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # recovery codes are copied by hand: no characters that look alike
_SETTINGS = "mfa_settings"
_SHOWN_OF_SETTINGS = ("id", "enabled", "methods", "updateTimestamp")
_STEP = 30  # seconds
_DIGITS = 6  # of RFC 6238, as authenticator apps show it


class SecondFactor:
    """Asks for a second factor, and checks it."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def require(self, user_id: str, application_id: str) -> None:
        """Raise unless the user has MFA disabled.

        Raises:
            ErrorAnswer: 129 with the members of `mfa`.
        """
        settings = self._store.get(_SETTINGS, user_id)
        if settings is None or not settings["enabled"]:
            return
        now = self._clock()
        token = {
            "id": object_id(),
            "token": hex40(),
            "userId": user_id,
            "applicationId": application_id,
            "expiryTimestamp": iso(now + TOKEN_LIFETIME),
            "creationTimestamp": iso(now),
        }
        self._store.put("mfa_tokens", token)
        methods = [{name: each[name] for name in _SHOWN_OF_METHOD} for each in settings["methods"] if each["verified"]]
        mfa = {"token": token["token"], "tokenExpiresIn": TOKEN_LIFETIME * 1000, "methods": methods}
        raise ErrorAnswer(129, "Multifactor authentication is required for this user", mfa=mfa)

    def user_id(self, token: str, method_id: str, code: str, *, application_id: str) -> str:
        """Return the user of an MFA token of this application after checking `code`; the token is consumed.

        Raises:
            ErrorAnswer: 131 for the token, 16 for the method, 134 with `remainingDelay` in milliseconds when it is too
                soon after a failure, 130 for the code.
        """
        now = self._clock()
        earned = self._store.one("mfa_tokens", "token", token)
        if earned is None or earned["applicationId"] != application_id or earned["expiryTimestamp"] <= iso(now):
            raise ErrorAnswer(131, "The supplied MFA token is not (or no longer) valid")
        settings = self._store.get(_SETTINGS, earned["userId"])
        methods = settings["methods"] if settings else []
        method = next((each for each in methods if each["id"] == method_id and each["verified"]), None)
        if settings is None or method is None:
            raise ErrorAnswer(16, "Requested resource is unknown")
        _check_delay(settings, epoch_ms(now))
        with self._store.transaction():
            accepted = _accepts(method, code, now)
            if accepted:
                # A recovery code that was accepted is gone from `method`, which is part of the settings.
                self._store.put(_SETTINGS, {**settings, "failedCount": 0})
                self._store.delete("mfa_tokens", earned["id"])
            else:
                failures = {"failedCount": settings["failedCount"] + 1, "lastFailedTimestamp": epoch_ms(now)}
                self._store.put(_SETTINGS, {**settings, **failures})
        if not accepted:
            raise ErrorAnswer(130, "The supplied MFA code is incorrect")
        user_id: str = earned["userId"]
        return user_id


def enable(store: Store, user_id: str, *methods: Document) -> None:
    """Switch MFA on for a user, with these methods and no others; for tests, which have no presence to confirm."""
    store.put(_SETTINGS, {"id": user_id, "enabled": True, "methods": [*methods], "failedCount": 0})


def totp_method(secret: str | None = None, *, name: str = "Authenticator app", verified: bool = True) -> Document:
    """Return a method of one-time codes from an app, with its base32 `secret`."""
    return _new_method(
        "totp", name, verified=verified, secret=secret or base64.b32encode(secrets.token_bytes(20)).decode()
    )


def recovery_codes_method(*codes: str, name: str = "Recovery codes") -> Document:
    """Return a method of single-use codes; ten are generated if none are given. It needs no verification."""
    made_up = ["".join(secrets.choice(_ALPHABET) for _ in range(8)) for _ in range(10)]
    return _new_method("recoveryCodes", name, verified=True, codes=list(codes) or made_up)


def _new_method(kind: str, name: str, *, verified: bool, **secret: Any) -> Document:
    return {"id": object_id(), "type": kind, "name": name, "tags": [], "verified": verified, **secret}


def _accepts(method: Document, code: str, now: float) -> bool:
    if method["type"] == "totp":
        return is_code(code, method["secret"], now)
    matching = [each for each in method["codes"] if hmac.compare_digest(each.encode(), code.encode())]
    for each in matching:
        method["codes"].remove(each)
    return bool(matching)


def _check_delay(settings: Document, now: int) -> None:
    count = settings["failedCount"]
    if count == 0:
        return
    # 1 s after the first failure, twice as long after each further one; published is "1 s … 30 s and more".
    remaining = settings["lastFailedTimestamp"] + 1000 * 2 ** min(count - 1, 12) - now
    if remaining > 0:
        raise ErrorAnswer(
            134, "The MFA authentication attempt was too soon after a failed attempt", remainingDelay=remaining
        )


@dataclass
class MfaSettings:
    """The MFA settings of the users of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of MFA settings."""
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
        return JSONResponse({name: settings[name] for name in _SHOWN_OF_SETTINGS if name in settings})

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
        method, code = _asked_method(request, settings), fields.text("code")
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
        removed = _asked_method(request, settings)
        left = [each for each in settings["methods"] if each is not removed]
        if settings["enabled"]:
            _check_enough(left)
        return self._put({**settings, "methods": left})

    async def _changing(self, request: Request) -> tuple[Document, Fields]:
        """Return the settings that a request may change, and its body."""
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
        """Return a user's settings, created if missing."""
        settings = self.store.get(_SETTINGS, user_id)
        if settings is None:
            settings = {"id": user_id, "enabled": False, "methods": [], "failedCount": 0}
            settings["updateTimestamp"] = iso(self.clock())
            self.store.put(_SETTINGS, settings)
        return settings

    def _put(self, settings: Document) -> JSONResponse:
        self.store.put(_SETTINGS, {**settings, "updateTimestamp": iso(self.clock())})
        return JSONResponse({"affectedRecords": 1})


def _asked_method(request: Request, settings: Document) -> Document:
    method_id = checked_id(request.path_params["method"])
    for method in settings["methods"]:
        if method["id"] == method_id:
            found: Document = method
            return found
    raise ErrorAnswer(16, "The MFA method does not exist")


def _check_enough(methods: list[Document]) -> None:
    if not any(each["verified"] for each in methods):
        raise ErrorAnswer(133, "For MFA to be enabled at least one verified MFA method is required")


def code_at(secret: str, seconds: float) -> str:
    """Return the code for a base32 `secret` at a time in epoch seconds."""
    counter = int(seconds // _STEP)
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF  # RFC 4226, section 5.3: dynamic truncation
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def is_code(code: str, secret: str, seconds: float) -> bool:
    """Return whether `code` is that of the current or an adjacent time step.

    RFC 6238, section 5.2, recommends this for clock drift. A code can be used again within that time: no published
    source says that the platform refuses it.
    """
    around = (code_at(secret, max(0.0, seconds + step * _STEP)) for step in (-1, 0, 1))
    return any(hmac.compare_digest(each.encode(), code.encode()) for each in around)
