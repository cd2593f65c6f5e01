"""Change notifications for the control center (server-sent events).

They are batched and carry only the topic; the page refetches. Log lines are sent completely, because they are shown
live.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BURST = 0.08  # seconds during which changes are batched
_MOST_WAITING = 1_000  # messages for one who does not read them
#: Topic names of the store's collections; changes of others are not sent.
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
    """Sends notifications. Its methods must run on the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Queue[str | None]] = set()
        self._marked: set[str] = set()

    def collection(self, name: str) -> None:
        """Note that a collection of the store has changed."""
        if self._waiting:
            topic = "documents" if name.startswith("documents:") else _TOPICS.get(name)
            if topic:
                self.mark(topic)

    def mark(self, topic: str) -> None:
        """Notify clients, in the next batch, that a topic such as `runs` or `functions` has changed."""
        if not self._waiting:
            return
        if not self._marked:
            asyncio.get_running_loop().call_later(_BURST, self._publish_marked)
        self._marked.add(topic)

    def publish(self, message: dict[str, Any]) -> None:
        """Send a message to all clients that follow."""
        if not self._waiting:
            return
        text = json.dumps(message)
        for queue in self._waiting:
            if queue.full():
                queue.get_nowait()  # a subscriber this slow will refetch anyway
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
        """End all subscriptions because the platform stops."""
        for queue in self._waiting:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def _publish_marked(self) -> None:
        self.publish({"changed": sorted(self._marked)})
        self._marked.clear()
