"""Protect `/_dev/` from other pages in the developer's browser.

`/_dev/` requires no credentials, so only the control center's page may call it. Two checks keep others out:

- A page of another origin: its requests have `Origin` and `Sec-Fetch-Site` headers. The latter is sent for an <img> and
  a form too (https://www.w3.org/TR/fetch-metadata/).
- A page that this platform serves, such as an API function's answer or an uploaded file, has the platform's origin. The
  control center is only at http://127.0.0.1:PORT, where every other page is sandboxed and has no origin; pages at
  http://localhost:PORT behave as on a cluster and are refused below `/_dev/`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import CodelessErrorAnswer

if TYPE_CHECKING:
    from starlette.types import Scope

DEV = "/_dev"
#: A login page of the local OpenID Connect provider: pages of applications lead there.
_FOR_APPLICATIONS = f"{DEV}/oidc/"
_HERE = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?")
_CENTER = b"127.0.0.1"
_SANDBOX = b"sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"

Headers = list[tuple[bytes, bytes]]


def is_dev(path: str) -> bool:
    """Return whether a path is for the developer, and not a part of the platform."""
    return path == DEV or path.startswith(f"{DEV}/")


def place_of_center(host: str, path: str) -> str | None:
    """Return the URL to redirect a browser to, which opens the control center under another host name; else None."""
    name, _, port = host.rpartition(":") if host[-1:].isdigit() else (host, "", "")
    name = name or host
    return None if name == _CENTER.decode() else f"http://127.0.0.1{f':{port}' if port else ''}{path}"


def refuse_pages(scope: Scope) -> None:
    """Refuse requests below `/_dev/` from pages other than the control center's.

    Raises:
        CodelessErrorAnswer: it comes from a page of another origin (including another port of this machine), or
            addresses another host name.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"localhost")
    origin = headers.get(b"origin", b"http://" + host)
    if not _HERE.fullmatch(host) or origin not in {b"http://" + host, b"https://" + host}:
        raise _refusal("Only this machine, by its own name, may call this")
    site = headers.get(b"sec-fetch-site")
    if site is None or scope["path"].startswith(_FOR_APPLICATIONS) or _opens_the_center(scope, headers):
        return
    if site not in {b"same-origin", b"none"}:
        raise _refusal("Pages of other origins may not call this")
    if not host.startswith(_CENTER):
        raise _refusal(f"Pages at http://{host.decode()} may not call this: open the control center at "
                       f"{place_of_center(host.decode(), f'{DEV}/')}")  # fmt: skip


def headers_for(scope: Scope) -> Headers:
    """Return headers that keep a page of the answer from reading other pages of the platform."""
    if is_dev(scope["path"]):
        return [(b"cross-origin-resource-policy", b"same-origin"), (b"x-content-type-options", b"nosniff")]
    if dict(scope["headers"]).get(b"host", b"").startswith(_CENTER):
        return [(b"content-security-policy", _SANDBOX)]
    return []


def _opens_the_center(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Return whether the request opens the control center from a link.

    Nothing else below `/_dev/` may be opened by navigation: a page can read a tab that it opened at its own origin, and
    a GET may run a function.
    """
    is_a_tab = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return is_a_tab and scope["method"] == "GET" and scope["path"].rstrip("/") == DEV


def _refusal(message: str) -> CodelessErrorAnswer:
    return CodelessErrorAnswer(403, "FOREIGN_ORIGIN_EXCEPTION", message)
