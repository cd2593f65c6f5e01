"""The ways in which SideFX can fail, each to be switched on for the next requests: `sidefx.fail(unavailable())`."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Literal

#: What a failure is switched on for: token requests, calls, or downloads.
Where = Literal["token", "api", "cdn"]


@dataclass(frozen=True)
class Failure:
    """A failure in place of the answer, or before it.

    Attributes:
        status: HTTP status to answer with; with None the request is served, and its answer is the real one.
        body: what to answer.
        media_type: its Content-Type.
        headers: further headers.
        delay: seconds to wait first.
        cut: close the connection in place of any answer.
    """

    status: int | None = None
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False


def unauthorized() -> Failure:
    """Return the token is not accepted."""
    return Failure(401, b"Invalid or expired access token")


def forbidden() -> Failure:
    """Return status 403, as the CDN answers to an expired URL."""
    return Failure(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")


def eula_not_accepted() -> Failure:
    """Return the account has not accepted the EULA. Which status SideFX answers with is not documented."""
    return Failure(403, b"EULA not accepted. Visit https://www.sidefx.com/services/eula/ to accept it.")


def refused(text: str) -> Failure:
    """Return the function refuses, with a message for the user."""
    return Failure(422, text.encode())


def rate_limited(retry_after: str | None = None) -> Failure:
    """Too many requests; `retry_after` is seconds or an HTTP date."""
    return Failure(429, b"Too many requests", headers={} if retry_after is None else {"Retry-After": retry_after})


def debug_page(traceback: str) -> Failure:
    """Return the function raised, and the server is in debug mode: an HTML page with `traceback` in it."""
    return Failure(500, django_page(traceback).encode(), "text/html; charset=utf-8")


def crashed(traceback: str) -> Failure:
    """Return a failure whose body is `traceback`, as in production mode."""
    return Failure(500, traceback.encode())


def unavailable(status: int = 503) -> Failure:
    """Return the web front end has no server to ask."""
    return Failure(status, b"<html><h1>Service Temporarily Unavailable</h1></html>", "text/html")


def slow(seconds: float) -> Failure:
    """Return the real answer, late."""
    return Failure(delay=seconds)


def cut_connection() -> Failure:
    """Return the request is served, and its answer is lost."""
    return Failure(cut=True)


def web_page() -> Failure:
    """Success, it seems: the answer of a proxy or a login form."""
    return Failure(200, b"<!DOCTYPE html><title>Sign in</title>", "text/html")


def redirect(location: str, status: int = 302) -> Failure:
    """Somewhere else."""
    return Failure(status, headers={"Location": location})


def binary(content: bytes, media_type: str = "application/octet-stream") -> Failure:
    """Return a binary result, which no documented function returns."""
    return Failure(200, content, media_type)


def django_page(traceback: str) -> str:
    """Return Django's debug page for a traceback: the escaped lines among many others."""
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
