"""The errors the platform answers with: code, HTTP status and name exactly as the real one prints them."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

#: code -> (HTTP status, name), from the platform's published API descriptions.
KNOWN: dict[int, tuple[int, str]] = {
    1: (500, "SERVER_EXCEPTION"),
    10: (401, "NO_PERMISSION_EXCEPTION"),
    16: (404, "RESOURCE_UNKNOWN_EXCEPTION"),
    101: (401, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION"),
    104: (401, "USER_NOT_AUTHENTICATED_EXCEPTION"),
    107: (401, "OAUTH_KEY_EXCEPTION"),
    108: (401, "OAUTH_TOKEN_EXCEPTION"),
    109: (401, "OAUTH_SIGNATURE_EXCEPTION"),
    110: (401, "DUPLICATE_REQUEST_EXCEPTION"),
    117: (401, "ACCESS_TOKEN_UNKNOWN_EXCEPTION"),
    903: (404, "SERVICE_NOT_FOUND_EXCEPTION"),
}


class Fault(Exception):  # noqa: N818 - the platform's errors are its answers, not ours
    """An error answer. Raised anywhere while a request is served; the gateway turns it into the response."""

    def __init__(self, code: int, message: str, **extra: Any) -> None:
        """Answer with `code`, its status and name, `message` and the `extra` members some errors carry."""
        super().__init__(message)
        self.status, self.name = KNOWN[code]
        self.body = {"code": code, "name": self.name, "message": message, **extra}

    def response(self) -> JSONResponse:
        """The answer itself."""
        return JSONResponse(self.body, status_code=self.status)
