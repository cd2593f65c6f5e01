"""Single keys on the terminal while `exh-dev serve` runs, such as `o` for the browser."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LOOK = 0.2  # seconds between two looks whether to end


@contextmanager
def listening(actions: Mapping[str, Callable[[], object]]) -> Iterator[bool]:
    """Call an action when its key is pressed, on a thread, while the block lasts; Ctrl-C and Ctrl-Z stay what they are.

    Args:
        actions: what to do, by the key.

    Yields:
        Whether keys are listened to: standard input is a terminal, and this process is in its foreground.
    """
    descriptor = _terminal()
    if descriptor is None:
        yield False
        return
    before = termios.tcgetattr(descriptor)
    ending = threading.Event()
    thread = threading.Thread(target=_listen, args=(descriptor, actions, ending), name="keys", daemon=True)
    tty.setcbreak(descriptor, termios.TCSANOW)
    try:
        thread.start()
        yield True
    finally:
        ending.set()
        thread.join(2 * _LOOK)
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _terminal() -> int | None:
    try:
        descriptor = sys.stdin.fileno()
        return descriptor if os.isatty(descriptor) and _is_in_foreground(descriptor) else None
    except (OSError, ValueError, AttributeError):  # it is closed, or no file
        return None


def _is_in_foreground(descriptor: int) -> bool:
    return os.tcgetpgrp(descriptor) == os.getpgrp()


def _listen(descriptor: int, actions: Mapping[str, Callable[[], object]], ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            # A process in the background that reads its terminal is stopped.
            readable = select.select([descriptor], [], [], _LOOK)[0]
            if not _is_in_foreground(descriptor):
                ending.wait(_LOOK)
                continue
            if termios.tcgetattr(descriptor)[3] & termios.ICANON and not ending.is_set():
                tty.setcbreak(descriptor, termios.TCSANOW)  # a shell sets it back when it continues a command by fg
            if not readable:
                continue
            pressed = os.read(descriptor, 1)
        except (OSError, termios.error):  # the terminal is gone
            return
        if not pressed:
            return
        if action := actions.get(pressed.decode(errors="replace")):
            action()
