"""The lines of one run, as they come: in pages, late, several of one timestamp; each is given once."""

import re
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.errors import DevkitError
from exh_dev.remote import logs as function_logs
from exh_dev.remote.logs import Run, RunLog
from exh_dev.remote.tasks import first
from extrahorizon.errors import IllegalStateError, NoPermissionError, NoTaskLogsFoundError, PlatformError
from extrahorizon.paging import Page
from extrahorizon.timestamps import parse

BEGAN = datetime(2026, 1, 15, 10)  # noqa: DTZ001 - the Z is added


class PlatformLog:
    """A run's log as the platform answers for it."""

    def __init__(self, page=100):
        self.lines = []
        self.asked = []
        self.page = page

    def add(self, milliseconds, message, more=""):
        stamp = (BEGAN + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
        self.lines.append({"timestamp": f"{stamp}{more}Z", "message": f"{message}\n"})

    def find(self, condition=None):
        self.asked.append(condition)
        if not self.lines:
            raise NoTaskLogsFoundError(status=400, code=1408)
        asked = unquote(unquote("ge(timestamp,2000-01-01)" if condition is None else str(condition)))
        since = parse(re.fullmatch(r"ge\(timestamp,(.*)\)", asked)[1])
        return [line for line in self.lines if parse(line["timestamp"]) >= since][: self.page]


def texts(log):
    return [line.text for line in log.new_lines()]


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.booleans()), max_size=40), st.integers(4, 9))
def test_each_line_comes_once_while_a_page_holds_all_lines_of_a_timestamp(steps, page):
    platform, timestamp, given_now, at_timestamp = PlatformLog(page), 0, [], 0
    log = RunLog(platform.find, "VIEW_TASK_LOGS")
    for wanted, message, look in steps:
        advance = max(wanted, 1) if at_timestamp == page - 1 else wanted
        timestamp, at_timestamp = timestamp + advance, at_timestamp + 1 if advance == 0 else 1
        platform.add(timestamp, message)
        given_now += texts(log) if look else []
    given_now += texts(log)
    assert given_now == [line["message"][0] for line in platform.lines]
    assert texts(log) == []


def test_a_timestamp_with_more_lines_than_a_page_does_not_hold_up_the_rest():
    platform = PlatformLog()
    for number in range(150):
        platform.add(5, str(number))
    for number in (150, 151):
        platform.add(6, str(number))
    log = RunLog(platform.find, "VIEW_TASK_LOGS")
    assert texts(log) == [str(number) for number in (*range(100), 150, 151)]
    assert (texts(log), log.cut) == ([], True)


def test_finer_timestamps_than_can_be_asked_for_are_no_reason_to_repeat():
    platform = PlatformLog()
    log = RunLog(platform.find, "VIEW_TASK_LOGS")
    platform.add(5, "a", "100")
    platform.add(5, "b", "900")
    assert texts(log) == ["a", "b"]
    platform.add(5, "c", "950")
    assert (texts(log), log.cut) == (["c"], False)


@pytest.mark.parametrize("error", [IllegalStateError(status=400, code=27), NoTaskLogsFoundError(status=400, code=1408)])
def test_that_there_are_no_lines_yet_is_no_error(error):
    def find(_):
        raise error

    log = RunLog(find, "VIEW_TASK_LOGS")
    assert (log.new_lines(), log.is_empty) == ([], True)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoPermissionError(status=401, code=10, url="https://api.acme.io/tasks/v1/1/logs"), "VIEW_TASK_LOGS"),
        (PlatformError(status=500, name="SERVER_EXCEPTION", url="https://api.acme.io/tasks/v1/1/logs"), "HTTP 500"),
    ],
)
def test_any_other_refusal_of_logs_raises(error, told):
    def find(_):
        raise error

    with pytest.raises(DevkitError, match=told):
        RunLog(find, "VIEW_TASK_LOGS").new_lines()


def test_a_run_is_asked_for_lines_until_its_report_or_until_none_can_come():
    platform = PlatformLog()
    run = Run("1", "task", "new", RunLog(platform.find, "VIEW_TASK_LOGS"))
    assert (run.new_lines(0), platform.asked) == ([], [])
    run.status = "inProgress"
    assert (run.new_lines(10_000), run.closed) == ([], False)
    run.status = "complete"
    assert (run.new_lines(10_000), run.closed) == ([], False)
    platform.add(1, "hello")
    assert ([line.text for line in run.new_lines(10_500)], run.closed) == (["hello"], False)
    platform.add(2, "REPORT RequestId: 1\tDuration: 1 ms")
    run.new_lines(10_501)
    assert run.closed

    silent = Run("2", "task", "failed", RunLog(PlatformLog().find, "VIEW_TASK_LOGS"))
    silent.new_lines(0)
    silent.new_lines(function_logs._LATE)
    assert not silent.closed
    silent.new_lines(function_logs._LATE + 1)
    assert silent.closed


def test_a_list_that_grows_at_its_beginning_gives_nothing_twice():
    records = [{"id": str(number)} for number in range(200, 0, -1)]

    def find(limit, offset=0):
        page = records[offset : offset + limit]
        records.insert(0, {"id": str(len(records) + 1)})
        return Page(page, limit=limit, offset=offset, total=len(records), fetch=find)

    found = [int(each["id"]) for each in first(120, find)]
    assert found == list(range(200, 80, -1))
