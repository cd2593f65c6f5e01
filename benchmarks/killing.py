"""Workers that end in the middle of what they do."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator


def workers(handler: str, function: str = "") -> Iterator[psutil.Process]:
    """Yield this process's workers that run a handler; where several functions share it, those of the one so named."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):  # it has just ended
            name = process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
            if handler in process.cmdline() and function in name:
                yield process


@contextmanager
def killing(handler: str, function: str = "", *, chance: random.Random, every: float) -> Iterator[list[int]]:
    """Kill one of the workers every so many seconds, on the average; what it gives lists those it killed.

    At a steady beat it could always be the same message that is hit.
    """
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while not done.wait(chance.uniform(0, 2 * every)):
            if found := list(workers(handler, function)):
                victim = chance.choice(found)
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
                    killed.append(victim.pid)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()
