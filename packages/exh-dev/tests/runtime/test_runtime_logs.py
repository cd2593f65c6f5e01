"""Every line a worker writes is in the invocation that wrote it, once and in order."""

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from exh_dev.runtime.logs import LogPipe


def texts(invocation):
    return [line.text for line in invocation.logs]


def test_output_of_every_kind_is_logged(start):
    runtime = start("logs.everything")
    first = runtime.invoke("under-test", None)
    second = runtime.invoke("under-test", None)

    expected = [
        "one",
        "two",
        "to stderr",
        f"[WARNING]\t<time>\t{first.request_id}\ta warning with arguments",
        "žluťoučký 🐎",
        "",
        "not \N{REPLACEMENT CHARACTER} text",
        "no newline",
    ]
    stamped = [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>", text) for text in texts(first)]
    assert stamped == ["module loaded", *expected]
    assert len(second.logs) == len(expected)
    assert second.request_id in second.logs[3].text
    assert all(first.started <= line.timestamp <= datetime.now(UTC) for line in first.logs[1:])


def test_logs_in_json_are_json_lines(run):
    record = json.loads(texts(run("logs.everything", log_format="JSON"))[4])

    assert record["level"] == "WARNING"
    assert record["message"] == "a warning with arguments"


def test_an_error_is_one_line_with_its_trace(run):
    *_, error = texts(run("logs.refuse"))

    assert error.startswith("[ERROR] ValueError: refused\nTraceback (most recent call last):\n")
    assert "\r" not in error
    assert error.rstrip().endswith('raise ValueError("refused")')


@pytest.mark.slow
def test_ten_thousand_lines_are_logged_in_order(run):
    invocation = run("logs.many", {"token": "line", "count": 10_000})

    assert texts(invocation) == ["module loaded", *(f"line {number}" for number in range(10_000))]


def test_a_line_longer_than_the_pipe_is_logged_completely(run):
    assert texts(run("logs.long_line", 1_000_000))[1] == "x" * 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_costs_no_more_than_its_length(end):
    """It cost the square of it: 6 seconds of the function's own time for these 32 MB."""
    lines = []
    pipe = LogPipe(lines.append)
    began = time.process_time()
    for _ in range(512):
        os.write(pipe.write_end, b"x" * 65_536)
    os.write(pipe.write_end, end + b"then")
    pipe.drain()
    spent = time.process_time() - began
    pipe.close()
    expected = ["x" * 33_554_432, "then"] if end else ["x" * 33_554_432 + "then"]
    assert [line.text for line in lines] == expected
    assert spent < 2


def test_lines_split_across_reads_are_complete_and_in_order():
    lines = []
    pipe = LogPipe(lines.append)
    written = b"".join(b"%d%s\n" % (size, b"y" * size) for size in (0, 65_530, 65_536, 1, 131_072, 200_000, 3))
    for start in range(0, len(written), 50_000):
        os.write(pipe.write_end, written[start : start + 50_000])
    assert len(pipe.drain()) == 7
    pipe.close()
    assert "".join(f"{line.text}\n" for line in lines).encode() == written


@pytest.mark.slow
def test_the_last_line_of_a_process_is_logged(run):
    assert texts(run("logs.crash"))[-1] == "last words"


@pytest.mark.slow
def test_lines_of_concurrent_invocations_do_not_mix(start):
    runtime = start("logs.many", concurrency=3)
    tokens = [f"token-{number}" for number in range(12)]

    with ThreadPoolExecutor(6) as threads:
        events = [{"token": token, "count": 50} for token in tokens]
        invocations = list(threads.map(lambda event: runtime.invoke("under-test", event), events))

    for token, invocation in zip(tokens, invocations, strict=True):
        lines = [text for text in texts(invocation) if text != "module loaded"]
        assert lines == [f"{token} {number}" for number in range(50)]


def test_the_listener_gets_lines_as_they_are_written(start):
    told = []
    runtime = start("logs.many", on_log=lambda name, line: told.append((name, line)))

    invocation = runtime.invoke("under-test", {"token": "told", "count": 3})

    assert told == [("under-test", line) for line in invocation.logs]
    assert len(told) == 4


@pytest.mark.slow
def test_the_listener_gets_the_line_of_a_timeout_too(start):
    told = []
    runtime = start("basic.wait_for_ever", timeout=0.3, on_log=lambda name, line: told.append(line.text))

    error = runtime.invoke("under-test", None).error

    assert told == ["waiting", error["errorMessage"]]


def test_what_the_listener_raises_is_raised_by_the_invocation(start):
    def listener(name, line):
        raise LookupError(line.text)

    with pytest.raises(LookupError, match="module loaded"):
        start("logs.many", on_log=listener).invoke("under-test", {"token": "t", "count": 0})
