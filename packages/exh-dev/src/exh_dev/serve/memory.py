"""Memory that is free again, given back to the system.

The C library keeps what its threads have freed, each in a place of its own: after some large requests that is several
times what the platform uses.
"""

from __future__ import annotations

import ctypes
import gc
import time

EVERY = 20.0
"""Seconds between two times at which it is given back."""
_MMAP_THRESHOLD = -3  # what glibc's `mallopt` calls M_MMAP_THRESHOLD
#: Bytes from which a block is given back as soon as it is freed. Named here, since glibc raises it by itself otherwise,
#: up to 32 MB, after the first large block: https://man7.org/linux/man-pages/man3/mallopt.3.html
_LARGE = 256 * 1024


class FreedMemory:
    """Gives back what is free, now and then. Does nothing where the C library has no such calls, as on macOS."""

    def __init__(self) -> None:
        """Let large blocks go at once from now on."""
        library = ctypes.CDLL(None)
        self._trim = getattr(library, "malloc_trim", None)
        self._last = time.monotonic()
        if set_option := getattr(library, "mallopt", None):
            set_option(_MMAP_THRESHOLD, _LARGE)

    def give_back_now_and_then(self) -> None:
        """Give it back if that was not done lately."""
        if self._trim and time.monotonic() - self._last >= EVERY:
            gc.collect()  # an aborted download is in a reference cycle of anyio's, which Python may not see for long
            self._trim(0)
            self._last = time.monotonic()
