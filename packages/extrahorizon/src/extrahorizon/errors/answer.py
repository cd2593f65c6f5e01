"""From an error answer of the platform, whatever its body is, to the typed error."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import identity, services
from extrahorizon.errors.base import (
    BadGatewayServerError,
    BadRequestError,
    ForbiddenError,
    GatewayTimeoutServerError,
    NotFoundError,
    OAuth2LoginError,
    PlatformError,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def _by_code(base: type[PlatformError]) -> dict[int, type[PlatformError]]:
    table: dict[int, type[PlatformError]] = dict.fromkeys(base.__dict__.get("codes", ()), base)
    for child in base.__subclasses__():
        table |= _by_code(child)
    return table


_BY_CODE = _by_code(PlatformError)
_BY_STATUS: dict[int, type[PlatformError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: TooManyRequestsError,
    500: ServerError,
    502: BadGatewayServerError,
    503: ServiceUnavailableError,
    504: GatewayTimeoutServerError,
}
#: The `error` member of the OAuth2 token endpoint, RFC 6749 section 5.2.
_BY_OAUTH2_ERROR: dict[str, type[PlatformError]] = {
    "invalid_grant": identity.InvalidGrantError,
    "invalid_client": identity.InvalidClientError,
    "invalid_request": identity.InvalidRequestError,
    "unauthorized_client": identity.UnauthorizedClientError,
    "unsupported_grant_type": identity.UnsupportedGrantTypeError,
    "mfa_required": identity.MfaRequiredError,
}
#: Firebase's failures come without a code; the notification exists all the same.
_FIREBASE: dict[int, type[PlatformError]] = {
    400: services.FirebaseInvalidPlatformDataError,
    502: services.FirebaseConnectionError,
}
NO_PERMISSION = 10  # the code of NO_PERMISSION_EXCEPTION
_PERMISSION = r"\b[A-Z]+(_[A-Z]+)+\b"  # compiled when it is used, as few starts see an error
_LOOPBACK = ("http://localhost:", "http://localhost/")
_LONGEST_DELAY = 86_400_000  # milliseconds; a day is the longest wait
_REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-amzn-trace-id", "x-amz-cf-id")


def platform_error(
    status: int, content: bytes, headers: Mapping[str, str], *, method: str, url: str, attempts: int = 1
) -> PlatformError:
    """Return the typed error for an error answer.

    Args:
        status: HTTP status of the answer.
        content: its body. JSON of the documented shape, of the variants some services use (`description` for
            `message`, `error` or `type` for `name`), of the OAuth2 token endpoint, or anything else.
        headers: its headers, whose names can be looked up in lower case.
        method: HTTP method of the call.
        url: URL of the call.
        attempts: how often the call was sent.
    """
    body = _json_object(content)
    facts: dict[str, Any] = {"status": status, "method": method, "url": url, "attempts": attempts}
    facts["retry_after"] = _retry_after(body, headers)
    facts["request_id"] = next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
    error = _from_body(body, **facts)
    inner = body.get("exh_error")
    if isinstance(error, OAuth2LoginError) and isinstance(inner, dict):
        error.exh_error = _from_body(inner, **{**facts, "retry_after": _retry_after(inner, headers)})
    if url.startswith(_LOOPBACK) and error.message:
        # A developer's machine has no patient data; elsewhere the explanation may contain some.
        error.add_note(error.message)
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        if function and error.code == NO_PERMISSION and (permission := re.search(_PERMISSION, error.message)):
            error.add_note(
                f"{function} gets it from template.yaml, under its Metadata: ExtraHorizon: "
                f"executionCredentials: permissions: [{permission[0]}]"
            )
    return error


def _from_body(body: Mapping[str, Any], **facts: Any) -> PlatformError:
    code = body.get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        code = None
    return _class_for(code, body, facts["status"])(
        code=code,
        name=_first_text(body, "name", "error", "type"),
        message=_first_text(body, "description", "message") or "",
        body=body,
        **facts,
    )


def _class_for(code: int | None, body: Mapping[str, Any], status: int) -> type[PlatformError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    oauth2_error = body.get("error")
    if isinstance(oauth2_error, str) and oauth2_error in _BY_OAUTH2_ERROR:
        return _BY_OAUTH2_ERROR[oauth2_error]
    if "notificationId" in body and status in _FIREBASE:
        return _FIREBASE[status]
    return _BY_STATUS.get(status, PlatformError)


def _retry_after(body: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    delay = body.get("remainingDelay")  # milliseconds, until another second factor may be tried
    if isinstance(delay, int) and not isinstance(delay, bool) and 0 <= delay <= _LONGEST_DELAY:
        return delay / 1000
    return parse_retry_after(headers.get("retry-after"), time.time())


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a `Retry-After` header, given as seconds or an HTTP date; None if absent or invalid.

    `now` is in epoch seconds. A date in the past gives 0.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime  # here, as it takes 6 ms of a cold start

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _first_text(body: Mapping[str, Any], *keys: str) -> str | None:
    return next((body[key] for key in keys if isinstance(body.get(key), str) and body[key]), None)
