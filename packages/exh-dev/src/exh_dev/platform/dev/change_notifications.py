"""What changes while the platform runs, told to whoever looks on: in bursts, and only what it is about.

Who looks on asks for what it shows anew. Log lines come whole: they are the only thing that is shown as it comes.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BURST = 0.08  # seconds in which changes are told together
_MOST_WAITING = 1_000  # messages for one who does not read them
#: What a collection of the store is to people; the others are nobody's business.
_TOPICS = {
    "document_history": "documents",
    "event_deliveries": "events",
    "functions": "functions",
    "own_functions": "functions",
    "queued_mails": "mails",
    "roles": "users",
    "group_roles": "users",
    "run_details": "runs",
    "schemas": "documents",
    **{
        name: name
        for name in (
            "dispatchers",
            "events",
            "files",
            "localizations",
            "mails",
            "runs",
            "schedules",
            "tasks",
            "templates",
            "users",
        )
    },
}


class Changes:
    """Tells of changes. All its methods belong to the event loop's thread."""

    def __init__(self) -> None:
        """Nobody looks on yet."""
        self._waiting: set[asyncio.Queue[str | None]] = set()
        self._marked: set[str] = set()

    def collection(self, name: str) -> None:
        """Note that a collection of the store has changed."""
        if self._waiting:
            topic = "documents" if name.startswith("documents:") else _TOPICS.get(name)
            if topic:
                self.mark(topic)

    def mark(self, topic: str) -> None:
        """Something has changed, such as `runs` or `functions`."""
        if not self._waiting:
            return
        if not self._marked:
            asyncio.get_running_loop().call_later(_BURST, self._tell_marked)
        self._marked.add(topic)

    def tell(self, message: dict[str, Any]) -> None:
        """Pass on a message at once."""
        if not self._waiting:
            return
        text = json.dumps(message)
        for queue in self._waiting:
            if queue.full():
                queue.get_nowait()  # who is that slow asks anew sooner or later
            queue.put_nowait(text)

    @contextmanager
    def following(self) -> Iterator[asyncio.Queue[str | None]]:
        """Return a queue of messages as JSON from now on; None ends it."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(_MOST_WAITING)
        self._waiting.add(queue)
        try:
            yield queue
        finally:
            self._waiting.discard(queue)

    def end(self) -> None:
        """There will be no more: the platform stops."""
        for queue in self._waiting:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def _tell_marked(self) -> None:
        self.tell({"changed": sorted(self._marked)})
        self._marked.clear()
