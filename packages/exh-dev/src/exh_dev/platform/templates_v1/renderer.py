"""Render templates of version 1 in a reused child process with a time limit."""

from __future__ import annotations

import atexit
import json
import threading
from typing import TYPE_CHECKING, Any

from exh_dev.platform.child_process import ChildEndedError, ChildLateError, KeptProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME_LIMIT = 3.0  # seconds for one template
_GRACE = 5.0  # seconds more, in which a process may start, and which a template does not get


class FillingError(Exception):
    """A field that cannot be filled in.

    Attributes:
        field: its name.
        line: where, from 1 on; None where that is not known.
    """

    def __init__(self, message: str, field: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.line = line


class Renderer:
    """Fills in templates, one after another. Safe to use from many threads."""

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        """Start no process before the first template."""
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._process = KeptProcess("-m", "exh_dev.platform.templates_v1.worker")

    def render(self, fields: Mapping[str, str], content: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of a template, filled in with its content.

        Raises:
            FillingError: one cannot be filled in, or takes too long.
        """
        return dict(self._ask({"fields": fields, "content": content})["fields"])

    def check(self, fields: Mapping[str, str]) -> None:
        """Check that a template's fields can be parsed.

        Raises:
            FillingError: one cannot, or takes too long.
        """
        self._ask({"fields": fields})

    def _ask(self, request: dict[str, Any]) -> Any:
        message = json.dumps({**request, "seconds": self._time_limit}).encode()
        with self._lock:
            try:
                answer = json.loads(self._process.ask(message, self._time_limit + _GRACE))
            except ChildLateError:
                raise FillingError(f"it takes longer than {self._time_limit:g} seconds") from None
            except ChildEndedError as ended:
                raise FillingError(f"it ends the process that fills it in: {ended}") from None
        if "message" in answer:
            raise FillingError(answer["message"], answer["field"], answer["line"])
        return answer

    def close(self) -> None:
        with self._lock:
            self._process.end()


#: For all platforms of this process, in threads: an event loop must not wait for a template.
of_threads = Renderer()
atexit.register(of_threads.close)
