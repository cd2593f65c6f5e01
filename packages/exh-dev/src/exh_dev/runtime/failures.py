"""Error objects that Lambda itself creates, rather than the runtime client in the worker."""

from __future__ import annotations

import signal
from typing import Any

from extrahorizon.settings import HOST, OAUTH_NAMES

MAX_PAYLOAD = 6_291_556
"""Bytes of JSON that go into or come out of a synchronous invocation: 6 MB and 100 bytes."""


def wants_credentials(error: dict[str, Any]) -> bool:
    """Return whether a function's error was caused by missing credentials.

    The client raises a `ConfigurationError`; other code reads environment variables, and its message names one. The
    JavaScript SDK fails with a TypeError, because the host is undefined.
    """
    kind, message = str(error.get("errorType")), str(error.get("errorMessage"))
    undefined = kind == "TypeError" and "undefined" in message
    return kind == "ConfigurationError" or undefined or any(name in message for name in (HOST, *OAUTH_NAMES))


def exited(request_id: str, status: int) -> dict[str, Any]:
    """Return the error for a worker process that ended; `status` is that of `subprocess`, negative for a signal."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status < 0:
        reason = f"Runtime exited with error: signal: {_signal_name(-status)}"
    else:
        reason = f"Runtime exited with error: exit status {status}"
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}


def out_of_memory(request_id: str) -> dict[str, Any]:
    """Return the error for a function without memory, of which Lambda reports only the signal SIGKILL."""
    return exited(request_id, -signal.SIGKILL)


def timed_out(message: str) -> dict[str, Any]:
    """Return the error for a timeout, which has no errorType."""
    return {"errorMessage": message}


def response_too_large() -> dict[str, Any]:
    return {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes).",
    }


def not_json(constant: str) -> dict[str, Any]:
    """Return the error for a result with `NaN` or an infinity, which Python writes but JSON excludes."""
    return {"errorType": "Runtime.MarshalError", "errorMessage": f"The result holds {constant}, which is not JSON"}


def _signal_name(number: int) -> str:
    # macOS answers "Killed: 9" where Linux and Lambda say "Killed".
    description = signal.strsignal(number) or str(number)
    return description.partition(":")[0].lower()
