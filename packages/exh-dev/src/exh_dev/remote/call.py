"""`exh-dev call`: one signed request from the command line, for what a program would be too much."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError, UsageError
from exh_dev.project.project import parse_event
from exh_dev.remote.activity import LocalCalls
from exh_dev.remote.client import client_of
from extrahorizon.errors import ExtraHorizonError, PlatformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.output import Output

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST_WAIT = 300  # seconds


def checked(method: str, path: str, body: str | None) -> tuple[str, str, Any]:
    """Return the request that the arguments describe; `body` is JSON, or `-` for stdin.

    Raises:
        UsageError: they do not form a valid request.
    """
    if method.upper() not in _METHODS:
        raise UsageError(f"{method} is not a method; use one of {', '.join(_METHODS)}")
    if not path.startswith("/"):
        raise UsageError(f"the path {path} has to begin with a slash and has no host, as in /users/v1/me")
    if body is None:
        return method.upper(), path, None
    text, source = (sys.stdin.buffer.read(), "stdin") if body == "-" else (body.encode(), "the body")
    return method.upper(), path, parse_event(text, source)


def wait_for_tasks(url: str) -> None:
    """Wait until the local platform at `url` is idle.

    Raises:
        DevkitError: it is still busy after minutes.
    """
    with LocalCalls(url) as calls:
        if not calls.wait_for_rest(time.monotonic() + _LONGEST_WAIT):
            raise DevkitError(f"tasks are still running, or due, after {_LONGEST_WAIT} seconds")


def perform(environment: Mapping[str, str], method: str, path: str, body: Any, output: Output) -> bool:
    """Send the request with the credentials in `environment`, and print the answer. Return True on success.

    Raises:
        DevkitError: there was no answer.
    """
    exh = client_of(environment)
    try:
        answer = exh.session.request(method, path, json=body) if body is not None else exh.session.request(method, path)
        is_json = "json" in answer.headers.get("Content-Type", "")
        value = answer.json() if is_json else None
    except PlatformError as error:
        output.result(error.body if isinstance(error.body, dict) else {"message": str(error)})
        return False
    except ExtraHorizonError as error:
        raise DevkitError(str(error)) from error
    if not answer.content:
        output.result(None)
    elif is_json:
        output.result(value)
    elif sys.stdout.isatty():
        output.note(f"{len(answer.content)} bytes of {answer.headers.get('Content-Type')}; send them to a file with >")
    else:
        sys.stdout.buffer.write(answer.content)
    return True
