"""Measure the memory of a worker."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

_PROC, _ON_LINUX = Path("/proc"), sys.platform == "linux"
MEGABYTE = 1024 * 1024
INTERVAL = 0.05
"""Seconds between two looks."""

State = Literal["busy", "idle", "closed"]


class MemoryMonitor:
    """Looks at the resident memory of a process and its descendants while the process is busy."""

    def __init__(self, limit: int, on_exceeded: Callable[[int], None]) -> None:
        """`on_exceeded` is called once, with the MB used, when that is over `limit` MB."""
        self.peak = 0
        """MB, the most seen so far."""
        self.exceeded = False
        self._limit = limit
        self._on_exceeded = on_exceeded
        self._lock = Lock()
        self._changed = Condition()
        self._state: State = "busy"
        self._descendants: list[psutil.Process] = []
        self._was_over = False

    def watch(self, pid: int) -> None:
        """Watch this process from now on; it is busy."""
        self._pid = pid
        Thread(target=self._watch, name="worker-memory", daemon=True).start()

    def resume(self) -> None:
        """Note that the process has work."""
        self._enter("busy")

    def pause(self) -> None:
        """Note that the process is idle: Lambda would have frozen it."""
        self._enter("idle")

    def sample(self) -> None:
        """Take a sample now. A process that has ended uses no memory."""
        with self._lock:
            resident = _resident(self._pid)
            if resident is None:
                return
            # Descendants count with what is theirs alone: after a fork most pages are shared with the process.
            used = _megabytes(resident + sum(map(_unshared, self._descendants)))
            self.peak = max(self.peak, used)
            over = used > self._limit
            # Between vfork and exec a child appears to have all of its parent's memory, so a sum has to be over
            # the limit twice.
            if over and (self._was_over or _megabytes(resident) > self._limit) and not self.exceeded:
                self.exceeded = True
                self._on_exceeded(used)
            self._was_over = over

    def close(self) -> None:
        self._enter("closed")

    def _enter(self, state: State) -> None:
        with self._changed:
            if self._state != "closed":  # which is for good
                self._state = state
            self._changed.notify()

    def _wait_until_busy(self) -> bool:
        """Return whether there is something to measure; False when the worker is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "idle")
            return self._state == "busy"

    def _watch(self) -> None:
        while self._wait_until_busy():
            began = time.monotonic()
            self.sample()
            descendants = _descendants(self._pid)
            if descendants is None:
                return
            self._descendants = descendants
            # Listing descendants reads the entire process table, so limit it to a tenth of the time.
            pause = max(INTERVAL, 10 * (time.monotonic() - began))
            with self._changed:
                self._changed.wait_for(lambda: self._state == "closed", pause)


def _resident(pid: int) -> int | None:
    """Return the resident memory of a process in bytes; None if it has ended."""
    if _ON_LINUX:  # psutil would read the same, and takes longer to import than a short function to run
        try:
            return int((_PROC / str(pid) / "statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return None
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return None


def _descendants(pid: int) -> list[psutil.Process] | None:
    """Return all descendants of a process; None if it has ended."""
    if _ON_LINUX:
        try:
            threads = list((_PROC / str(pid) / "task").iterdir())
            if not any((thread / "children").read_bytes().strip() for thread in threads):
                return []
        except OSError:  # a thread has ended meanwhile, or this system does not say
            pass
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return None


def _unshared(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:  # it has ended, or belongs to another user
        return 0


def _megabytes(count: int) -> int:
    return -(-count // MEGABYTE)
