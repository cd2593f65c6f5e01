"""What large requests leave behind is given back to the system."""

import gc
import subprocess
import sys
import weakref

import pytest

from exh_dev.serve import memory

PROGRAM = """
import threading, psutil
from exh_dev.serve import memory

freed = memory.FreedMemory()
def resident():
    return psutil.Process().memory_info().rss / 1_000_000
def work():
    pieces = [b"x" * 50_000 for _ in range(4_000)]
    kept.append(pieces[-1])  # at the end of what is free
    pieces.clear()
    ready.set()
    over.wait()
kept, ready, over = [], threading.Event(), threading.Event()
before = resident()
threading.Thread(target=work).start()
ready.wait()
after = resident()
freed.give_back_now_and_then()
lately = resident()
memory.EVERY = 0
freed.give_back_now_and_then()
over.set()
print(*(round(each - before) for each in (after, lately, resident())))
"""


def test_cycles_are_collected_where_no_memory_can_be_returned(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())  # as on macOS
    monkeypatch.setattr(memory, "EVERY", 0)
    ring = Ring()
    gone = weakref.ref(ring)
    ring.itself = ring
    gc.disable()
    try:
        del ring
        assert gone() is not None
        memory.FreedMemory().give_back_now_and_then()
        assert gone() is None
    finally:
        gc.enable()


class Ring:
    """An object that refers to itself."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what threads have freed")
def test_memory_that_a_thread_has_freed_is_returned_to_the_system_after_a_while():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    after, lately, at_last = map(int, run.stdout.split())
    assert after > 150, "the thread left nothing behind"
    assert lately > 150, "it was given back at once, though that takes time"
    assert at_last < 30
