"""The log lines of a function on any platform: of its tasks, and of the requests to an API function.

TaskRuns, ApiRuns      the runs of a function, with their status
read(sources, now)     their lines, ordered by time
follow(sources, show)  the lines that come later

A run's lines can only be requested from a timestamp on, so those of the last known timestamp are repeated and dropped.
Lines can take minutes to appear; that there are none yet is not an error.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from exh_dev.remote.client import as_devkit_errors
from exh_dev.remote.tasks import FIELDS, first, newest_tasks, task_condition
from exh_dev.runtime.invocation import LogLine
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Never

    from extrahorizon.client import ExtraHorizon
    from extrahorizon.query import RQL
    from extrahorizon.services.tasks.types import ApiRequest, Task
    from extrahorizon.services.tasks.types import LogLine as PlatformLine

BETWEEN_LOOKS = 2.0  # seconds
_PAGE = 100  # lines that the platform gives at once
_LATE = 600.0  # seconds after the end of a run in which its last lines may still appear
#: An API request takes up to 30 s, and is recorded at its end under its beginning.
_RECORDED_WITHIN = timedelta(seconds=60)
_LAST_LINES = ("REPORT RequestId:", '"platform.report"')
_NEVER_RUN = frozenset({"new", "canceled"})


class RunLog:
    """The log lines of one run, without duplicates.

    Attributes:
        cut: whether one millisecond had as many lines as a page holds, so that later ones cannot be fetched.
    """

    def __init__(self, find: Callable[[RQL | None], list[PlatformLine]], permission: str) -> None:
        """`find` takes `ge(timestamp)`, raises while there are no lines, and requires `permission`."""
        self._find = find
        self._permission = permission
        self.cut = False
        self._last_timestamp: datetime | None = None
        self._given: Counter[tuple[str, str]] = Counter()
        """The lines of the last timestamp, in the milliseconds that queries support."""

    @property
    def is_empty(self) -> bool:
        """Return whether there were no lines so far."""
        return self._last_timestamp is None

    def new_lines(self) -> list[LogLine]:
        """Return the lines since the last call."""
        found: list[LogLine] = []
        while True:
            page = self._page()
            again = self._given.copy()
            fresh = []
            for line in page:
                key = line["timestamp"], line["message"]
                if again[key]:
                    again[key] -= 1
                else:
                    fresh.append(line)
            for line in fresh:
                self._note(line)
            found += [LogLine(parse(line["timestamp"]), line["message"].rstrip("\n")) for line in fresh]
            if fresh:
                continue
            if self._last_timestamp is None or len(page) < _PAGE:
                return found
            self.cut = True
            self._last_timestamp, self._given = self._last_timestamp + timedelta(milliseconds=1), Counter()

    def _page(self) -> list[PlatformLine]:
        from extrahorizon.errors import IllegalStateError, NoApiRequestLogsFoundError, NoTaskLogsFoundError

        with as_devkit_errors(self._permission):
            try:
                return self._find(None if self._last_timestamp is None else rql.ge("timestamp", self._last_timestamp))
            except (IllegalStateError, NoTaskLogsFoundError, NoApiRequestLogsFoundError):
                return []  # it has not run yet, or has no lines yet

    def _note(self, line: PlatformLine) -> None:
        exact = parse(line["timestamp"])
        timestamp = exact.replace(microsecond=exact.microsecond // 1000 * 1000)
        if self._last_timestamp is None or timestamp > self._last_timestamp:
            self._last_timestamp = timestamp
            self._given.clear()
        self._given[line["timestamp"], line["message"]] += 1


@dataclass
class Run:
    """A task, or a request to an API function.

    Attributes:
        id: the platform's.
        kind: task or API request.
        status: as the platform calls it.
        log: its lines.
        over_since: when its end was first seen, on this machine's clock; None while it runs.
        closed: whether no more lines can arrive.
    """

    id: str
    kind: Literal["task", "api_request"]
    status: str
    log: RunLog
    over_since: float | None = None
    closed: bool = False

    def new_lines(self, now: float) -> list[LogLine]:
        """Return its lines since the last call; `now` in epoch seconds."""
        lines = [] if self.status in _NEVER_RUN else self.log.new_lines()
        if self.status not in {"new", "inProgress"}:
            self.over_since = now if self.over_since is None else self.over_since
            ended = any(sign in line.text for line in lines for sign in _LAST_LINES)
            self.closed = ended or self.status == "canceled" or now - self.over_since > _LATE
        return lines


class Source(Protocol):
    """The runs of a function of one kind."""

    plural: str
    """Name of its runs in messages."""
    runs: dict[str, Run]
    """By their ids; the oldest first."""

    def begin(self, count: int, *, running: bool) -> None:
        """Find the newest runs, and with `running` those that have begun before and go on."""

    def look(self) -> None:
        """Look for new runs, and update the status of known ones."""


@dataclass
class TaskRuns:
    """The tasks of a function. Needs `VIEW_TASKS`, and `VIEW_TASK_LOGS` for their lines."""

    exh: ExtraHorizon
    function: str
    plural: str = "tasks"
    runs: dict[str, Run] = field(default_factory=dict)
    _changed: datetime | None = None

    def begin(self, count: int, *, running: bool) -> None:
        """Return the newest tasks; a task may be created long before it starts."""
        found = newest_tasks(self.exh, task_condition(self.function, None), count)
        if running:
            found += self._find(task_condition(self.function, "inProgress"))
        for task in sorted(found, key=lambda task: task.get("creationTimestamp", "")):
            self._note(task)

    def look(self) -> None:
        """Look for tasks whose status has changed."""
        asked = task_condition(self.function, None)
        for task in self._find(asked if self._changed is None else asked.ge("statusChangedTimestamp", self._changed)):
            self._note(task)

    def _find(self, asked: RQL) -> list[Task]:
        with as_devkit_errors("VIEW_TASKS"):
            return list(self.exh.tasks.find_all(asked.select(FIELDS).sort(["creationTimestamp"])))

    def _note(self, task: Task) -> None:
        log = RunLog(partial(self.exh.tasks.logs.find, task["id"]), "VIEW_TASK_LOGS")
        run = self.runs.setdefault(task["id"], Run(task["id"], "task", task["status"], log))
        run.status = task["status"]
        changed = parse(task.get("statusChangedTimestamp") or task["creationTimestamp"])
        self._changed = changed if self._changed is None else max(changed, self._changed)


@dataclass
class ApiRuns:
    """The requests to an API function.

    Needs `VIEW_API_FUNCTION_REQUESTS`, and `VIEW_API_FUNCTION_REQUEST_LOGS` for their lines.
    """

    exh: ExtraHorizon
    function: str
    plural: str = "API requests"
    runs: dict[str, Run] = field(default_factory=dict)
    _latest: datetime | None = None

    def begin(self, count: int, *, running: bool) -> None:
        """Return the runs that began last."""
        asked = self._asked().sort(["-timestamp"])
        with as_devkit_errors("VIEW_API_FUNCTION_REQUESTS"):
            newest = first(count, lambda size: self.exh.tasks.api_requests.find(asked.limit(size)))
        for request in reversed(newest):
            self._note(request)
        if running and self._latest is not None:
            wanted, latest = set(self.runs), self._latest
            for request in self._recent():
                if request["id"] not in wanted and parse(request["timestamp"]) <= latest:
                    self._note(request).closed = True  # it was there, and is not one of the newest

    def look(self) -> None:
        """Look for requests that began lately: one is recorded at its end, perhaps after others that began later."""
        for request in self._recent():
            self._note(request)

    def _asked(self) -> RQL:
        return rql.eq("functionName", self.function)

    def _recent(self) -> list[ApiRequest]:
        asked = self._asked()
        if self._latest is not None:
            asked = asked.ge("timestamp", self._latest - _RECORDED_WITHIN)
        with as_devkit_errors("VIEW_API_FUNCTION_REQUESTS"):
            return list(self.exh.tasks.api_requests.find_all(asked.sort(["timestamp"])))

    def _note(self, request: ApiRequest) -> Run:
        log = RunLog(partial(self.exh.tasks.api_requests.logs.find, request["id"]), "VIEW_API_FUNCTION_REQUEST_LOGS")
        timestamp = parse(request["timestamp"])
        self._latest = timestamp if self._latest is None else max(timestamp, self._latest)
        return self.runs.setdefault(request["id"], Run(request["id"], "api_request", "complete", log))


def read(sources: Iterable[Source], now: float) -> list[tuple[Run, LogLine]]:
    """Return the new lines of all runs, ordered by time; `now` in epoch seconds.

    Raises:
        DevkitError: the platform refused.
    """
    open_runs = [run for source in sources for run in source.runs.values() if not run.closed]
    lines = [(run, line) for run in open_runs for line in run.new_lines(now)]
    return sorted(lines, key=lambda each: each[1].timestamp)


def follow(
    sources: Sequence[Source],
    show: Callable[[Run, LogLine], None],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Never:
    """Show each new line as it appears, forever.

    Raises:
        DevkitError: the platform refused.
    """
    while True:
        sleep(BETWEEN_LOOKS)
        for source in sources:
            source.look()
        for run, line in read(sources, clock()):
            show(run, line)
