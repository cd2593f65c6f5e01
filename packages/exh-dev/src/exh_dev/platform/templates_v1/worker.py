"""Child process that renders templates of version 1: `python -m exh_dev.platform.templates_v1.worker`.

A template is a program that may run forever. This process has limited memory and a timer, whose signal interrupts
Python, even in a regular expression, and reports the line. The parent process kills it if that does not help.

Messages are framed as `exh_dev.platform.child_process` does. A request is `{"fields", "content", "seconds"}`; one
without content only checks the syntax. An answer is `{"fields"}`, or `{"field", "line", "message"}` for a field that
cannot be rendered or parsed.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import struct
import sys
import time
from typing import Any

from exh_dev.platform.templates_v1.velocity import TooLongError, VelocityError, check, element_at, place_of, render

_MEMORY = 512 * 1024**2  # bytes of address space
_AGAIN = 0.2  # seconds after which the signal comes again, in case that one was lost


class _Limit:
    """The time limit of the current request. A late signal does not affect the next request."""

    def __init__(self) -> None:
        self._until: float | None = None

    def start(self, seconds: float) -> None:
        """Start a request; `at_signal` ends it after `seconds`."""
        self._until = time.monotonic() + seconds
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)

    def stop(self) -> None:
        """End the request: from now on no signal raises anything."""
        self._until = None
        signal.setitimer(signal.ITIMER_REAL, 0)

    def at_signal(self, _: int, frame: Any) -> None:
        """Interrupt the work if its time is over; fires again later, so that the error can be reported first."""
        now = time.monotonic()
        if self._until is not None and now >= self._until:
            self._until = now + _AGAIN / 2
            raise TooLongError(element_at(frame))


_limit = _Limit()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request."""
    fields, seconds = request["fields"], request["seconds"]
    try:
        _limit.start(seconds)
        try:
            if "content" in request:
                return {"fields": render(fields, request["content"])}
            check(fields)
            return {"fields": {}}
        finally:
            _limit.stop()
    except VelocityError as error:
        return {"field": error.field, "line": error.line, "message": str(error)}
    except TooLongError as error:
        _limit.stop()  # the signal may have come before the one above was done
        field, line = place_of(error.element) if error.element else (next(iter(fields), ""), 1)
        return {"field": field, "line": line, "message": f"it takes longer than {seconds:g} seconds"}
    except MemoryError:
        return {"field": next(iter(fields), ""), "line": 1, "message": "it needs too much memory"}


def main() -> None:
    """Answer requests until the pipe closes."""
    with contextlib.suppress(ValueError, OSError):  # macOS does not take it
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, _limit.at_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the first one ends this
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while header := source.read(8):
        request = json.loads(source.read(struct.unpack(">Q", header)[0]))
        message = json.dumps(answer(request)).encode()
        target.write(struct.pack(">Q", len(message)) + message)
        target.flush()


if __name__ == "__main__":
    main()
