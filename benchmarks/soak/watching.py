"""Measurements of the server's process under load, and of the waits of a well-behaved client."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import psutil

from benchmarks.soak.evaluation import Sample

if TYPE_CHECKING:
    from benchmarks.soak.books import Books
    from benchmarks.soak.server import Served

BETWEEN = 0.5  # seconds between two requests of the well-behaved client
LATE = 1.5  # seconds of waiting after which the stacks of the server are written
_PATIENCE = 60  # seconds that the client waits for a response
_OK = 200
_MB = 1024 * 1024


class Watch:
    """A client that requests the platform's health continuously inside the block, and takes samples on demand."""

    def __init__(self, served: Served, books: Books) -> None:
        """Prepare to watch the running server."""
        self._served = served
        self._books = books
        self._began = time.monotonic()
        self._waits: list[float] = []
        self._stalls: list[float] = []
        self._memory: list[int] = []
        self._seen = {"requests": 0, "server_errors": 0, "tracebacks": 0}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _ask(self) -> None:
        while True:
            slept = time.perf_counter()
            if self._done.wait(BETWEEN):
                return
            began = time.perf_counter()
            self._stalls.append(began - slept - BETWEEN)
            self._memory.append(self._served.process.memory_info().rss)
            late = threading.Timer(LATE, self._served.note_stacks)
            late.start()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self._served.port, timeout=_PATIENCE)
                connection.request("GET", "/users/v1/health")
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                self._books.surprise(f"the well-behaved client: {error!r}")
                continue
            finally:
                late.cancel()
            self._waits.append(time.perf_counter() - began)
            self._books.count("health")
            if status != _OK:
                self._books.surprise(f"the well-behaved client got status {status}")

    def sample(self) -> Sample:
        """Return a sample of the server, with the totals since the previous one."""
        process = self._served.process
        waits, self._waits = self._waits, []
        stalls, self._stalls = self._stalls, []
        with process.oneshot():
            memory, files, threads = process.memory_info().rss, process.num_fds(), process.num_threads()
        resident, self._memory = [*self._memory, memory], []
        totals = {
            "requests": sum(self._books.counts.values()),
            "server_errors": self._books.server_errors,
            "tracebacks": self._served.tracebacks,
        }
        since = {name: total - self._seen[name] for name, total in totals.items()}
        self._seen = totals
        return Sample(
            minutes=round((time.monotonic() - self._began) / 60, 2),
            memory_mb=round(min(resident) / _MB, 1),
            peak_mb=round(max(resident) / _MB, 1),
            files=files,
            threads=threads,
            children=_running(process),
            median_ms=round(statistics.median(waits or [_PATIENCE]) * 1000, 1),
            worst_ms=round(max(waits or [_PATIENCE]) * 1000, 1),
            stall_ms=round(max(stalls or [0.0]) * 1000, 1),
            data_mb=round(self._served.size() / _MB, 1),
            **since,
        )


def _running(process: psutil.Process) -> int:
    """Return the number of child processes, zombies included."""
    with suppress(psutil.Error):
        return len(process.children())
    return 0
