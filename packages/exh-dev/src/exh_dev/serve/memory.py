"""Return freed memory to the operating system.

glibc keeps freed memory for later, in an arena for each thread. After some large requests it holds several times as
much memory as the platform uses.
"""

from __future__ import annotations

import ctypes
import gc
import time

EVERY = 20.0
"""Seconds between two calls of malloc_trim."""
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's `mallopt`
#: Bytes from which a block goes back to the system as soon as it is freed. Set explicitly, since glibc otherwise raises
#: it up to 32 MB by itself, once a large block is freed: https://man7.org/linux/man-pages/man3/mallopt.3.html
_LARGE = 256 * 1024


class FreedMemory:
    """Collects reference cycles periodically, and returns freed memory where the C library can: macOS's cannot."""

    def __init__(self) -> None:
        """Make the C library return large blocks as soon as they are freed."""
        library = ctypes.CDLL(None)
        self._trim = getattr(library, "malloc_trim", None)
        self._last = time.monotonic()
        if set_option := getattr(library, "mallopt", None):
            set_option(_MMAP_THRESHOLD, _LARGE)

    def give_back_now_and_then(self) -> None:
        """Collect cycles and return freed memory to the system, if that was not done in the last `EVERY` seconds."""
        if time.monotonic() - self._last >= EVERY:
            gc.collect()  # an aborted download is in a reference cycle of anyio's, which Python may not see for long
            if self._trim:
                self._trim(0)
            self._last = time.monotonic()
