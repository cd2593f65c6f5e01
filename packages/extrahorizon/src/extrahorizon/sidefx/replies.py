"""Parse SideFX's answers: a value, a file, or an error with its message or traceback."""

from __future__ import annotations

import html
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from extrahorizon.sidefx.errors import APIError
from extrahorizon.sidefx.files import ResponseFile
from extrahorizon.sidefx.transport import chunks

if TYPE_CHECKING:
    import requests

    from extrahorizon.sidefx.transport import Limits

LONGEST_RESULT = 64 << 20  # bytes; lists of builds take well under one megabyte
LONGEST_ERROR = 1 << 20  # bytes; what follows is cut off

_OK = 200
_FAILED = 500
# A Django debug page has the escaped traceback in a textarea. Newer versions write its first line differently.
_FIRST_LINE = re.compile(r"^[ \t]*Traceback(?: \(most recent call last\))?:[ \t]*$", re.MULTILINE)
_AFTER_LAST_LINE = "</textarea>"


def result(response: requests.Response, what: str, limits: Limits, *, secrets: tuple[str, ...]) -> Any:
    """Return the value, or the `ResponseFile`, that the function `what` returned; `secrets` are kept out of errors.

    Raises:
        APIError: the call was refused or failed, or the answer is invalid.
        DeadlineExceededError: the deadline passed.
        PlatformUnreachableError: the connection was lost before the end.
    """
    if response.status_code == _OK and _media_type(response) == "application/octet-stream":
        return ResponseFile(response, what, limits)
    with response:
        if response.status_code != _OK:
            raise APIError(response.status_code, redacted(_error_text(response, what, limits), *secrets))
        body = bytearray()
        for chunk in chunks(response, what, limits):
            body += chunk
            if len(body) > LONGEST_RESULT:
                raise APIError(_OK, f"the answer to {what} is longer than {LONGEST_RESULT} bytes")
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    # Outside the block, because a JSON error contains the entire text.
    kind = _media_type(response) or "of no type"
    raise APIError(_OK, f"the answer to {what} is not JSON; it is {kind}, {len(body)} bytes")


def body_text(response: requests.Response, what: str, limits: Limits) -> str:
    """Return at most `LONGEST_ERROR` bytes of the body as a string, decoded by its header, else as UTF-8."""
    body = bytearray()
    for chunk in chunks(response, what, limits):
        body += chunk
        if len(body) >= LONGEST_ERROR:
            break
    charset = response.encoding if "charset" in response.headers.get("Content-Type", "").lower() else None
    try:
        return body[:LONGEST_ERROR].decode(charset or "utf-8", errors="replace")
    except LookupError:  # an unknown charset
        return body[:LONGEST_ERROR].decode(errors="replace")


def traceback_of(page: str, *, is_html: bool) -> str:
    """Return the text of a 500 answer: the traceback of a debug page, unescaped; else all of it.

    Some published versions of SideFX's client return the entire page in the first case and nothing in the second.
    """
    text = page.replace("\r\n", "\n")
    first = _FIRST_LINE.search(text)
    end = text.find(_AFTER_LAST_LINE, first.end()) if first else -1
    if first and end >= 0:
        return html.unescape(text[first.start() : end]).strip()
    return html.unescape(page) if is_html else page


def redacted(text: str, *secrets: str) -> str:
    """Return `text` without `secrets`, which a server may quote."""
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return text


def _error_text(response: requests.Response, what: str, limits: Limits) -> str:
    text = body_text(response, what, limits)
    if response.status_code != _FAILED:
        return text
    return traceback_of(text, is_html=_media_type(response) == "text/html")


def _media_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
