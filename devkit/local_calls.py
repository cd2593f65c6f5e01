"""What happens on a running local platform: which functions ran, what they called, whether more is to come."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

_LATER = 15  # seconds: what is due within them, such as another attempt, belongs to what was set off
_LOOK = 0.05  # seconds between two looks


class LocalCalls:
    """The `/_dev` endpoints of a platform that tell of runs. Not for several threads at once."""

    def __init__(self, url: str) -> None:
        """Ask the platform at `url`."""
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._last = 0

    def __enter__(self) -> Self:
        """Nothing more; the block's end closes the connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def wait_for_rest(self, until: float) -> bool:
        """Wait until no task runs or is due soon and no event is to be delivered; whether that came about in time."""
        while self._get(f"/_dev/pending?within={_LATER}")["pending"]:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK)
        return True

    def new_runs(self) -> list[dict[str, Any]]:
        """The runs of functions since the last time this was asked."""
        found = self._get(f"/_dev/runs?after={self._last}")
        self._last = found["last"]
        return list(found["data"])

    def count(self, request_id: str) -> int:
        """How many calls of the platform an invocation made."""
        return int(self._get(f"/_dev/calls/{request_id}")["total"])

    def _get(self, path: str) -> Any:
        self._connection.request("GET", path)
        with closing(self._connection.getresponse()) as answer:
            return json.loads(answer.read())
