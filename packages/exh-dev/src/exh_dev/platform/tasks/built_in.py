"""Functions that the platform itself provides. They are executed as any other, though `/functions` does not list them.

An upload under such a name, and a function of the served project with it, takes their place.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.timestamps import iso
from exh_dev.runtime import Invocation

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document

#: What a function does for a task. It runs on the event loop's thread; a `ErrorAnswer` is its failure.
BuiltIn = Callable[["Document"], Awaitable[Any]]

_DESCRIPTIONS = {"html-to-pdf": "Makes a PDF file of a template's output body"}
_TIME_LIMIT, _MEMORY = 30, 1024

#: The record of each, by name.
RECORDS: dict[str, Document] = {
    name: {
        "id": name,
        "name": name,
        "description": description,
        "entryPoint": name,
        "runtime": "provided.al2023",
        "timeLimit": _TIME_LIMIT,
        "memoryLimit": _MEMORY,
        "environmentVariables": {},
        "executionOptions": {"permissionMode": "permissionRequired"},
        "retryPolicy": {"enabled": False},
        "enabled": True,
        "updateTimestamp": iso(0),
        "version": name,
    }
    for name, description in _DESCRIPTIONS.items()
}


async def invoke(name: str, call: BuiltIn, task: Document, request_id: str) -> Invocation:
    """Run a built-in function, in the format of an invocation in its own process."""
    result, error = None, None
    started, began = datetime.now(UTC), time.monotonic()
    try:
        result = await call(task)
    except ErrorAnswer as answer:
        error = {"errorType": answer.body["name"], "errorMessage": _message_of(answer)}
    return Invocation(
        request_id=request_id,
        function=name,
        result=result,
        error=error,
        logs=(),
        started=started,
        duration=time.monotonic() - began,
        init_duration=None,
        waited=0,
        peak_memory=_MEMORY,
    )


def _message_of(answer: ErrorAnswer) -> str:
    """Return the message of an answer, with that of the template's output where it has one."""
    details = answer.body.get("resolveError")
    return f"{answer}: {details['message']}" if details else str(answer)
