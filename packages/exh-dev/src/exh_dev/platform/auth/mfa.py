"""The second factor of a login: the MFA token that a password earns, and the code that turns it into a login.

A user's settings are one document: whether MFA is on, the methods, and the failures since the last success.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from exh_dev.platform.auth.totp import is_code
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

TOKEN_LIFETIME = 900  # seconds
_SHOWN = ("id", "type", "name", "tags")
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # recovery codes are copied by hand: nothing that looks alike


class SecondFactor:
    """Asks for a second factor, and checks it."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Know the settings in `store`."""
        self._store = store
        self._clock = clock

    def require(self, user_id: str, application_id: str) -> None:
        """Let users pass who have MFA switched off.

        Raises:
            ErrorAnswer: 129 with the members of `mfa`, for all others.
        """
        settings = self._store.get("mfa_settings", user_id)
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
        methods = [{name: each[name] for name in _SHOWN} for each in settings["methods"] if each["verified"]]
        mfa = {"token": token["token"], "tokenExpiresIn": TOKEN_LIFETIME * 1000, "methods": methods}
        raise ErrorAnswer(129, "Multifactor authentication is required for this user", mfa=mfa)

    def user_id(self, token: str, method_id: str, code: str, *, application_id: str) -> str:
        """The user who earned `token` through this application and proves it with `code`; the token is used up.

        Raises:
            ErrorAnswer: 131 for the token, 16 for the method, 134 with `remainingDelay` in milliseconds when it is too
                soon after a failure, 130 for the code.
        """
        now = self._clock()
        earned = self._store.one("mfa_tokens", "token", token)
        if earned is None or earned["applicationId"] != application_id or earned["expiryTimestamp"] <= iso(now):
            raise ErrorAnswer(131, "The supplied MFA token is not (or no longer) valid")
        settings = self._store.get("mfa_settings", earned["userId"])
        methods = settings["methods"] if settings else []
        method = next((each for each in methods if each["id"] == method_id and each["verified"]), None)
        if settings is None or method is None:
            raise ErrorAnswer(16, "Requested resource is unknown")
        _check_delay(settings, epoch_ms(now))
        with self._store.transaction():
            accepted = _accepts(method, code, now)
            if accepted:
                # A recovery code that was accepted is gone from `method`, which is part of the settings.
                self._store.put("mfa_settings", {**settings, "failedCount": 0})
                self._store.delete("mfa_tokens", earned["id"])
            else:
                failures = {"failedCount": settings["failedCount"] + 1, "lastFailedTimestamp": epoch_ms(now)}
                self._store.put("mfa_settings", {**settings, **failures})
        if not accepted:
            raise ErrorAnswer(130, "The supplied MFA code is incorrect")
        user_id: str = earned["userId"]
        return user_id


def enable(store: Store, user_id: str, *methods: Document) -> None:
    """Switch MFA on for a user, with these methods and no others; for tests, which have no presence to confirm."""
    store.put("mfa_settings", {"id": user_id, "enabled": True, "methods": [*methods], "failedCount": 0})


def totp_method(secret: str | None = None, *, name: str = "Authenticator app", verified: bool = True) -> Document:
    """A method of one-time codes from an app, with its base32 `secret`."""
    return _method("totp", name, verified=verified, secret=secret or base64.b32encode(secrets.token_bytes(20)).decode())


def recovery_codes_method(*codes: str, name: str = "Recovery codes") -> Document:
    """A method of codes that work once each; ten are made up when none are given. It needs no verification."""
    made_up = ["".join(secrets.choice(_ALPHABET) for _ in range(8)) for _ in range(10)]
    return _method("recoveryCodes", name, verified=True, codes=list(codes) or made_up)


def _method(kind: str, name: str, *, verified: bool, **secret: Any) -> Document:
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
