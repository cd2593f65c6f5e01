"""The lines that `exh-dev serve` prints of runs."""

import re
from contextlib import suppress

from waiting import wait_for

from exh_dev.remote.client import client_of
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


def test_what_went_wrong_is_on_it_in_one_line():
    failed = {
        **RUN,
        "status": "FAILED",
        "attempt": 3,
        "init_ms": 200,
        "failure": "LookupError: " + "x" * 500 + "\nmore",
    }
    line = without_time(line_of(failed))
    assert line.startswith("greet-patient (transition, attempt 3) FAILED in 1,234 ms (cold start): LookupError: xxx")
    assert "\n" not in line
    assert line.endswith("x…")


def test_a_run_that_did_not_take_place_has_no_time():
    run = {**RUN, "kind": "invoke", "status": "FAILED", "failure": "no `node` on the PATH"}
    del run["duration_ms"], run["init_ms"]
    assert without_time(line_of(run)) == "greet-patient (transition, by hand) FAILED: no `node` on the PATH"


def test_each_run_is_told_when_it_is_over():
    ended = []
    with LocalPlatform() as platform:
        platform.start()
        platform.watch_runs(ended.append)
        with client_of(platform.environment()) as exh, suppress(PlatformError):
            exh.tasks.functions.execute("html-to-pdf", data={})
        wait_for(lambda: ended)
    assert (ended[0]["function"], ended[0]["kind"]) == ("html-to-pdf", "direct")
