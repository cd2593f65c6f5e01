"""Failures of SideFX, which tests inject into the next requests: `sidefx.fail(unavailable())`."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Literal

#: What a failure is switched on for: token requests, calls, or downloads.
Where = Literal["token", "api", "cdn"]


@dataclass(frozen=True)
class Failure:
    """An injected failure, which replaces the answer or delays it.

    Attributes:
        status: HTTP status of the answer; None serves the request and sends the real answer.
        body: body of the answer.
        media_type: Content-Type of the answer.
        headers: further headers.
        delay: seconds to wait before the answer.
        cut: close the connection without an answer.
    """

    status: int | None = None
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False


def unauthorized() -> Failure:
    """Return a failure by an invalid or expired token."""
    return Failure(401, b"Invalid or expired access token")


def forbidden() -> Failure:
    """Return status 403, as the CDN answers for an expired URL."""
    return Failure(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")


def eula_not_accepted() -> Failure:
    """Return a refusal until the account accepts the EULA. The status 403 is assumed; SideFX does not document it."""
    return Failure(403, b"EULA not accepted. Visit https://www.sidefx.com/services/eula/ to accept it.")


def refused(text: str) -> Failure:
    """Return a refusal by the called function, with a message for the user."""
    return Failure(422, text.encode())


def rate_limited(retry_after: str | None = None) -> Failure:
    """Return status 429; `retry_after` is seconds or an HTTP date."""
    return Failure(429, b"Too many requests", headers={} if retry_after is None else {"Retry-After": retry_after})


def debug_page(traceback: str) -> Failure:
    """Return an exception of the called function in debug mode: an HTML page with `traceback` in it."""
    return Failure(500, django_page(traceback).encode(), "text/html; charset=utf-8")


def crashed(traceback: str) -> Failure:
    """Return an exception of the called function in production mode: `traceback` as text."""
    return Failure(500, traceback.encode())


def unavailable(status: int = 503) -> Failure:
    """Return the HTML page of the web front end when it reaches no server."""
    return Failure(status, b"<html><h1>Service Temporarily Unavailable</h1></html>", "text/html")


def slow(seconds: float) -> Failure:
    """Return a delay of the real answer."""
    return Failure(delay=seconds)


def cut_connection() -> Failure:
    """Return a closed connection: the request is served, but its answer is lost."""
    return Failure(cut=True)


def web_page() -> Failure:
    """Return an HTML page with status 200, as a proxy or a login form sends it."""
    return Failure(200, b"<!DOCTYPE html><title>Sign in</title>", "text/html")


def redirect(location: str, status: int = 302) -> Failure:
    """Return a redirect."""
    return Failure(status, headers={"Location": location})


def binary(content: bytes, media_type: str = "application/octet-stream") -> Failure:
    """Return a binary result, which no documented function returns."""
    return Failure(200, content, media_type)


def django_page(traceback: str) -> str:
    """Return Django's debug page, with the escaped traceback in it."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head><title>Exception at /api/</title></head>
<body>
<h2>Traceback <span>Switch to copy-and-paste view</span></h2>
<form action="https://dpaste.com/" method="post">
<textarea name="content" id="traceback_area" cols="140" rows="25">
Environment:


Request Method: POST
Request URL: http://localhost/api/

{html.escape(traceback)}
</textarea>
<input type="submit" value="Share this traceback on a public website">
</form>
</body>
</html>
"""
