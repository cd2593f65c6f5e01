"""Run the soak test: `python -m benchmarks.soak [MINUTES]`. The exit code is 1 if a check failed."""

from __future__ import annotations

import hashlib
import logging
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from extrahorizon.errors import ExtraHorizonError
from extrahorizon.log import logger
from extrahorizon.query import rql

from benchmarks.soak import bombs, load
from benchmarks.soak.books import Books
from benchmarks.soak.evaluation import failures
from benchmarks.soak.report import Report
from benchmarks.soak.rude import Rude
from benchmarks.soak.server import Served
from benchmarks.soak.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.soak.books import State
    from benchmarks.soak.evaluation import Sample

MINUTES = 60.0
SAMPLES = 20  # minimum; a longer run takes one sample a minute
KILLED_EVERY, RELOADED_EVERY = 8.0, 45.0  # average seconds between two killed workers, and two saved handlers
_TRACED = 5  # maximum of tracebacks to print


def main(arguments: list[str]) -> int:
    """Run the soak test for the given number of minutes."""
    minutes = float(arguments[0]) if arguments else MINUTES
    logger.setLevel(logging.ERROR)  # the client logs a warning for each retry, and fault rules cause many
    books = Books()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        served = Served(Path(folder))
        served.start()
        try:
            samples = _run(served, books, minutes)
            lost = _lost(served, books)
            stopped = served.stop()
        finally:
            with suppress(psutil.NoSuchProcess):
                served.kill()
        if stopped:
            books.surprise(f"the server ended with exit code {stopped}")
        _show_tracebacks(served)
    report = Report(samples, books.counts, failures(samples, lost=lost, surprises=books.surprises))
    report.show()
    return 1 if report.failures else 0


def _run(served: Served, books: Books, minutes: float) -> list[Sample]:
    """Run all clients against the server for so many minutes, and return the samples."""
    load.prepare(served)
    bombs.prepare(served)
    exh = served.client()
    chance = random.Random(20260115)  # noqa: S311 - reproducible
    rude = Rude(served, books, random.Random(1))  # noqa: S311 - as above
    rounds: list[tuple[Callable[[], None], float]] = [
        (bombs.Bombs(served, books, random.Random(2)), 1.0),  # noqa: S311 - as above
        (bombs.Bombs(served, books, random.Random(3)), 1.0),  # noqa: S311 - as above
        (rude, 0.3),
        *((load.Documents(served, books, random.Random(number)), 0.15) for number in range(3)),  # noqa: S311 - as above
        (load.Queries(served, books, chance), 1.0),
        (load.Files(served, books, chance), 1.0),
        (load.Mails(served, books), 1.0),
        (load.Tasks(served, books, chance), 1.0),
        (load.Users(served, books), 3.0),
        (lambda: _kill_a_worker(served, books, chance), KILLED_EVERY),
        (lambda: _save_a_handler(served, books), RELOADED_EVERY),
    ]
    exh.session.call("POST", "/_dev/faults", json={"rules": load.FAULTS})
    done = threading.Event()
    threads = [threading.Thread(target=_again, args=(*each, done, books), daemon=True) for each in rounds]
    samples = []
    pause = min(60.0, minutes * 60 / SAMPLES)
    with ExitStack() as stack:
        stack.callback(rude.close)
        watch = stack.enter_context(Watch(served, books))
        for each in threads:
            each.start()
        until = time.monotonic() + minutes * 60
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, pause))
            samples.append(watch.sample())
            print(samples[-1], file=sys.stderr, flush=True)
        done.set()
        for each in threads:
            each.join(90)
    exh.session.call("DELETE", "/_dev/faults")
    return samples


def _again(do: Callable[[], None], pause: float, done: threading.Event, books: Books) -> None:
    """Call `do` repeatedly until `done` is set, with an average pause of `pause` seconds."""
    chance = random.Random(pause)  # noqa: S311 - reproducible
    while not done.wait(chance.uniform(0, 2 * pause)):
        try:
            do()
        except Exception as error:  # noqa: BLE001 - a failure of a client is reported, and must not end the run
            books.surprise(f"a client failed: {error!r}")


def _kill_a_worker(served: Served, books: Books, chance: random.Random) -> None:
    if found := served.workers(chance.choice(["hold", "note", "echo"])):
        with suppress(psutil.NoSuchProcess):
            chance.choice(found).kill()
            books.count("worker killed")


def _save_a_handler(served: Served, books: Books) -> None:
    handler = served.folder / "handlers" / "note.py"
    text = handler.read_text(encoding="utf-8").partition("\n# saved")[0]
    handler.write_text(f"{text}\n# saved {time.time()}\n", encoding="utf-8")
    books.count("handler saved")


def _lost(served: Served, books: Books) -> list[str]:
    """Kill and restart the server, and return the acknowledged writes that are missing afterwards."""
    served.kill()
    served.start()
    exh = served.client()
    found: dict[str, State] = {
        each["id"]: load.state_of(each) for each in exh.data.documents.find_all(load.READINGS, rql.limit(50))
    }
    lost = books.lost(found)
    for token, digest in books.files.items():
        try:
            if hashlib.sha256(exh.files.retrieve(token)).hexdigest() != digest:
                lost.append(f"file {token} has another content")
        except ExtraHorizonError as error:
            lost.append(f"file {token}: {error!r}")
    mails = {each["id"] for each in exh.mails.find_all(rql.limit(50))}
    return lost + [f"mail {each}" for each in books.mails - mails]


def _show_tracebacks(served: Served) -> None:
    """Print the server's first tracebacks and stacks: their files are deleted at the end."""
    lines = served.errors.read_text(encoding="utf-8").splitlines()
    for line in [each for each in lines if "Traceback (most recent call last)" in each][:_TRACED]:
        print(line, file=sys.stderr)
    if served.stacks.exists():
        print(f"Stacks of the server while a client waited:\n{served.stacks.read_text()}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
