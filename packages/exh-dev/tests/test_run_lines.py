"""The lines that `exh-dev serve` prints of runs."""

import fcntl
import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
import requests
from waiting import wait_for

from exh_dev.cli.terminal import TerminalOutput
from exh_dev.remote.client import client_of
from exh_dev.serve.line_writer import LineWriter
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.run_lines import line_of
from extrahorizon.errors import PlatformError

RUN = {
    "id": "6968c1b48ab34b7d6e654701", "started": "2026-01-15T10:30:12.104Z", "function": "greet-patient",
    "kind": "task", "trigger": "transition", "attempt": 1, "status": "OK", "duration_ms": 1234.5, "init_ms": None,
    "failure": "",
}  # fmt: skip


def without_time(line):
    return re.sub(r"^\d\d:\d\d:\d\d ", "", line)


def test_a_run_is_one_line():
    assert without_time(line_of(RUN)) == "greet-patient (transition) OK in 1,234 ms"


def test_an_error_is_on_the_line_of_its_run():
    failed = {
        **RUN,
        "status": "FAILED",
        "attempt": 3,
        "init_ms": 200,
        "failure": "LookupError: " + "x" * 500 + "\nmore",
    }
    line = without_time(line_of(failed))
    assert line == (f"greet-patient (transition, attempt 3) FAILED in 1,234 ms (cold start): LookupError: {'x' * 80}…")


def test_a_message_without_a_class_is_as_short():
    run = {**RUN, "status": "FAILED", "failure": "y" * 500}
    assert without_time(line_of(run)) == f"greet-patient (transition) FAILED in 1,234 ms: {'y' * 80}…"


def test_a_message_can_do_nothing_to_the_terminal(capsys):
    failure = "ValueError: paid\rOK \x1b[2K\x9b2K \u202edlo\u2066 \ud83d"
    TerminalOutput().note(line_of({**RUN, "status": "FAILED", "failure": failure}))
    (line,) = capsys.readouterr().err.replace("\n", " ").split("FAILED")[1:]
    assert " ".join(line.split()).endswith("ValueError: paid␍OK ␛[2K<009B>2K <202E>dlo<2066> <D83D>")


def test_a_run_that_did_not_take_place_has_no_time():
    run = {**RUN, "kind": "invoke", "status": "FAILED", "failure": "no `node` on the PATH"}
    del run["duration_ms"], run["init_ms"]
    assert without_time(line_of(run)) == "greet-patient (transition, by hand) FAILED: no `node` on the PATH"


def test_each_run_is_printed_when_it_has_ended():
    ended = []
    with LocalPlatform() as platform:
        platform.start()
        platform.watch_runs(ended.append)
        with client_of(platform.environment()) as exh, suppress(PlatformError):
            exh.tasks.functions.execute("html-to-pdf", data={})
        wait_for(lambda: ended)
    assert (ended[0]["function"], ended[0]["kind"]) == ("html-to-pdf", "direct")


@pytest.mark.slow
def test_a_platform_whose_lines_nobody_reads_serves_and_stops(tmp_path):
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
            address = json.loads(process.stdout.readline())["url"]
            for number in range(60 if hasattr(fcntl, "F_SETPIPE_SZ") else 800):
                invoked = f"{address}/_dev/api/functions/html-to-pdf/invoke"
                assert requests.post(invoked, json={"event": {"number": number}}, timeout=10).status_code == 202
            assert requests.get(f"{address}/users/v1/health", timeout=10).status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
        finally:
            process.kill()


class Slow:
    """Takes lines when it is let."""

    def __init__(self):
        self.taken = []
        self.may = threading.Event()

    def note(self, message, **_):
        assert self.may.wait(10)
        self.taken.append(message)

    warn = error = note


def test_lines_that_come_too_fast_are_left_out_and_counted():
    slow = Slow()
    with LineWriter(slow, most=2) as lines:
        for number in range(10):
            lines.note(f"line {number}")
        slow.may.set()
    shown = [each for each in slow.taken if each.startswith("line")]
    (told,) = [each for each in slow.taken if not each.startswith("line")]
    assert shown[0] == "line 0"
    assert told == f"{10 - len(shown)} lines were left out here: they were not read as fast as they came"
