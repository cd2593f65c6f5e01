"""Long work on the event loop's thread, in slices: between them others are answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SLICE = 0.012  # seconds of work without a break
BREAK = 0.004  # seconds; in one turn of the event loop a request would not come far


async def paced(steps: Iterator[object]) -> None:
    """Run the steps of an iterator, yielding to the event loop after each time slice.

    After a cancellation, the caller can run the remaining steps.
    """
    began = time.perf_counter()
    for _ in steps:
        if time.perf_counter() - began > SLICE:
            await asyncio.sleep(BREAK)
            began = time.perf_counter()
