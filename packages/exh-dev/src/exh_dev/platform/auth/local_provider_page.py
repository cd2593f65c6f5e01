"""The page of the local OpenID Connect provider, where a developer logs in as anybody. It has no script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exh_dev.platform.storage.store import Document

#: `form-action` is missing because browsers also apply it to the redirect that follows, whose target is any
#: application. `Referrer-Policy: no-referrer` is missing because it makes browsers send `Origin: null`.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local OpenID Connect provider</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto; padding: 0 1rem; }}
label {{ display: block; margin: .75rem 0; }}
input {{ display: block; width: 100%; box-sizing: border-box; }}
input, button {{ font: inherit; padding: .4rem .6rem; }}
.known button {{ width: 100%; text-align: left; margin: .2rem 0; }}
[role=alert] {{ font-weight: bold; }}
</style>
</head>
<body>
<main>
{main}
</main>
</body>
</html>
"""
_LOGIN = """<h1>Log in as</h1>
<p>This is the OpenID Connect provider of your local platform. It asks for no password, and sends you to
<code>{redirect_uri}</code>.</p>
{problem}{known}<form method="post">
<label>E-mail address <input name="email" type="email" value="{hint}" required autofocus autocomplete="off"></label>
<label>First name <input name="given_name" autocomplete="off"></label>
<label>Last name <input name="family_name" autocomplete="off"></label>
<button>Log in</button>
</form>
<form method="post">
<p><button name="refuse" value="1">Refuse the login</button></p>
</form>"""
_KNOWN = """<form method="post" class="known">
<input type="hidden" name="email" value="{email}">
<button>{name}</button>
</form>
"""


def page(people: Iterable[Document], redirect_uri: str, hint: str, problem: str) -> str:
    """Return the login page: a button for each known user, and a form for a new one.

    Args:
        people: known users.
        redirect_uri: redirect target after the login.
        hint: e-mail address that the application expects, or empty.
        problem: error in the submitted form; empty at first.
    """
    known = [
        _KNOWN.format(email=escape(each["email"]), name=escape(_name(each)))
        for each in sorted(people, key=lambda each: str(each["email"]))
    ]
    alert = f'<p role="alert">{escape(problem)}</p>\n' if problem else ""
    main = _LOGIN.format(redirect_uri=escape(redirect_uri), hint=escape(hint), problem=alert, known="".join(known))
    return _FRAME.format(main=main)


def refusal(problem: str) -> str:
    """Return the page for a request that cannot be answered by sending the user back."""
    return _FRAME.format(main=f'<h1>This login cannot begin</h1>\n<p role="alert">{escape(problem)}</p>')


def _name(person: Document) -> str:
    names = " ".join(person[name] for name in ("given_name", "family_name") if name in person)
    return f"{names} ({person['email']})" if names else str(person["email"])
