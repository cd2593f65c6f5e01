"""The control center's JSON (`/_dev/api`) of a local platform, for commands."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

BASE = "/_dev/api"
_TIMEOUT = 60  # seconds
_LOOK = 0.05  # seconds between two looks
_ENDED = ("OK", "FAILED")


class DevApi:
    """A connection to a platform. Not thread-safe."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(self._place, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str, **query: str | int | None) -> Any:
        """Return what a path below `/_dev` answers; of the query what is not None.

        Raises:
            DevkitError: it refuses; with its reason.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON, or nothing. Raises as `get` does."""
        return self._ask("POST", path, None if body is None else json.dumps(body))

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run in full. Raises as `get` does."""
        found: dict[str, Any] = self.get(f"{BASE}/runs/{quote(run_id, safe='')}")
        return found

    def invoke(self, function: str, event: Any, *, seeded: bool) -> dict[str, Any]:
        """Run a function with an event, its seed first where that is asked for; return its run once it is over.

        Raises what `get` raises.
        """
        path = f"{BASE}/functions/{quote(function, safe='')}/invoke"
        return self.ended(self.post(path, {"event": event, "seeded": seeded})["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Return a run in full, once it is over. Raises as `get` does."""
        path = f"{BASE}/runs/{quote(run_id, safe='')}"
        while self.get(path, full="false")["status"] not in _ENDED:
            time.sleep(_LOOK)
        return self.run(run_id)

    @contextmanager
    def following(self) -> Iterator[Iterator[dict[str, Any]]]:
        """Return the messages about changes from the beginning of the block on.

        Raises:
            DevkitError: the platform refused.
        """
        with closing(http.client.HTTPConnection(self._place, timeout=_TIMEOUT)) as connection:
            try:
                connection.request("GET", f"{BASE}/changes", headers={"Accept": "text/event-stream"})
                answer = connection.getresponse()
            except OSError as error:
                raise DevkitError(f"the platform at {self._place} does not answer: {error}") from error
            yield _messages(answer)

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        try:
            self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            with closing(self._connection.getresponse()) as answer:
                status, content = answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise DevkitError(f"the platform at {self._place} does not answer: {error}") from error
        if status >= HTTPStatus.BAD_REQUEST:
            raise DevkitError(content.get("message", f"{method} {path}: HTTP {status}"))
        return content


def _messages(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield the data of server-sent events; they end when the platform stops.

    The platform writes each as one line of JSON, so that this needs no parser. httpx-sse would bring httpx,
    whose import takes longer than the command takes to start.
    """
    try:
        for line in answer:
            name, _, value = line.decode().partition(": ")
            if name == "data":
                yield json.loads(value)
    except (OSError, http.client.HTTPException):
        return
