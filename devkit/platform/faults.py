"""The errors the platform answers with: code, HTTP status and name exactly as the real one prints them."""

from __future__ import annotations

from typing import Any

#: code -> (HTTP status, name), from the platform's published API descriptions. They print no name for 4, 115, 116,
#: 120, 122 to 124, 126, 128 and 903; those are the names of the official SDK's error classes.
KNOWN: dict[int, tuple[int, str]] = {
    1: (500, "SERVER_EXCEPTION"),
    4: (503, "SERVICE_UNREACHABLE_EXCEPTION"),
    10: (401, "NO_PERMISSION_EXCEPTION"),
    12: (400, "ID_FORMAT_EXCEPTION"),
    13: (400, "EMPTY_BODY_EXCEPTION"),
    14: (400, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
    15: (400, "FIELD_FORMAT_EXCEPTION"),
    16: (404, "RESOURCE_UNKNOWN_EXCEPTION"),
    22: (400, "BODY_FORMAT_EXCEPTION"),
    101: (401, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION"),
    103: (400, "APPLICATION_UNKNOWN_EXCEPTION"),
    104: (401, "USER_NOT_AUTHENTICATED_EXCEPTION"),
    106: (401, "AUTHENTICATION_EXCEPTION"),
    107: (401, "OAUTH_KEY_EXCEPTION"),
    108: (401, "OAUTH_TOKEN_EXCEPTION"),
    109: (401, "OAUTH_SIGNATURE_EXCEPTION"),
    110: (401, "DUPLICATE_REQUEST_EXCEPTION"),
    113: (400, "CALLBACK_NOT_VALID"),
    114: (400, "UNSUPPORTED_RESPONSE_TYPE"),
    115: (400, "AUTHORIZATION_UNKNOWN_EXCEPTION"),
    116: (400, "AUTHORIZATION_CODE_EXPIRED_EXCEPTION"),
    117: (401, "ACCESS_TOKEN_UNKNOWN_EXCEPTION"),
    118: (401, "ACCESS_TOKEN_EXPIRED_EXCEPTION"),
    119: (400, "REFRESH_TOKEN_UNKNOWN_EXCEPTION"),
    120: (400, "REFRESH_TOKEN_EXPIRED_EXCEPTION"),
    121: (400, "UNSUPPORTED_GRANT_EXCEPTION"),
    122: (400, "INVALID_PKCE_EXCEPTION"),
    123: (401, "OAUTH2_CLIENT_ID_EXCEPTION"),
    124: (401, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
    126: (401, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
    128: (400, "MISSING_PKCEVERIFIER_EXCEPTION"),
    129: (403, "MFA_REQUIRED_EXCEPTION"),
    130: (400, "INVALID_MFA_CODE_EXCEPTION"),
    131: (400, "INVALID_MFA_TOKEN_EXCEPTION"),
    134: (400, "MFA_REATTEMPT_DELAY_EXCEPTION"),
    211: (401, "LOGIN_TIMEOUT_EXCEPTION"),
    212: (401, "LOGIN_FREEZE_EXCEPTION"),
    213: (401, "TOO_MANY_FAILED_ATTEMPTS_EXCEPTION"),
    903: (404, "SERVICE_NOT_FOUND_EXCEPTION"),
}


class Fault(Exception):  # noqa: N818 - the platform's errors are its answers, not ours
    """An error answer. Raised anywhere while a request is served; the gateway turns it into the response."""

    def __init__(self, code: int, message: str, *, status: int | None = None, **extra: Any) -> None:
        """Answer with `code`, its status and name, `message` and the `extra` members some errors carry.

        A few endpoints use another `status` for the same code.
        """
        super().__init__(message)
        usual, name = KNOWN[code]
        self.code: int | None = code
        self.status = status or usual
        self.body = {"code": code, "name": name, "message": message, **extra}


class CodelessFault(Fault):
    """An error answer for which the platform's descriptions give no code."""

    def __init__(self, status: int, name: str, message: str) -> None:
        """Answer with HTTP `status`, `name` and `message`."""
        Exception.__init__(self, message)
        self.code = None
        self.status = status
        self.body = {"name": name, "message": message}
