"""List runs fast for any number: pages are read from an index, and totals are kept in memory.

The filtered members have few values, so there are few groups of runs with equal values. A page is merged from the first
runs of each matching group.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exh_dev.platform.storage.store import Document, Store

RUNS, DETAILS = "runs", "run_details"
#: What groups are made of.
GROUPED = ("function", "status", "kind", "trigger")
#: What else runs are found by; each has an index.
LOOKED_UP = ("chain", "trace", "task_id", "event_id", "caused_by", "request_id", "again")
SORTS = ("started", "-started", "duration", "-duration")
FAILURE = "failure"
_DURATION = f"ifnull({member('duration_ms')}, 0)"
_FORMER = ("runs_function", "runs_status")
_MOST_COUNTED = 2_000  # runs that are counted one by one
_WAIT = 3_600  # seconds from the making of a run's id to its start, at most
_LATEST = 0xFFFFFFFF  # seconds that an id can say
ALL_CHARACTERS = "\x7f"  # greater than all that ids have


@dataclass(frozen=True)
class Wanted:
    """Filters and order of a list.

    Attributes:
        members: required values of `GROUPED` and `LOOKED_UP` members.
        since: earliest start, in epoch seconds.
        until: start before this time, in epoch seconds.
        search: text in id, function, error, event, result or log, ignoring case.
        before: before this run, in ascending sort order.
        after: after this run, in ascending sort order.
        sort: one of `SORTS`.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    search: str = ""
    before: str | None = None
    after: str | None = None
    sort: str = "-started"

    @property
    def by_duration(self) -> bool:
        """Return whether the list is sorted by duration instead of start."""
        return self.sort.endswith("duration")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")


class RunList:
    """The records of runs. All methods must run on the event loop's thread."""

    def __init__(self, store: Store) -> None:
        """Create missing indexes, and count the runs."""
        self._store = store
        for former in _FORMER:
            store.drop_index(former)
        grouped = [member(name) for name in GROUPED]
        store.index("runs_grouped", RUNS, [*grouped, "id"])
        store.index("runs_grouped_duration", RUNS, [*grouped, _DURATION, "id"])
        for name in (*LOOKED_UP, FAILURE):
            store.index(f"runs_{name}", RUNS, [member(name), "id"])
        self._groups: Counter[tuple[str, ...]] = Counter()
        for *values, count in store.groups(RUNS, grouped):
            self._groups[tuple(str(value) for value in values)] += count

    @property
    def count(self) -> int:
        """The number of runs."""
        return self._groups.total()

    def put(self, record: Document, before: Document | None = None) -> None:
        """Store a run's record, in the place of the one `before`."""
        self._store.put(RUNS, record)
        if before is not None:
            self._less(before)
        self._groups[_group(record)] += 1

    def delete(self, record: Document) -> None:
        self._store.delete(RUNS, record["id"])
        self._less(record)

    def having(self, name: str, value: str, limit: int) -> list[Document]:
        """Return the latest runs with a member of this value, the first first. The member is one of `LOOKED_UP`."""
        of = Sql(f"{member(name)} = ?", (value,))
        found = self._store.page(RUNS, of, ("id DESC",), limit, 0, f"runs_{name}")
        return [json.loads(text) for text in reversed(found)]

    def first_having(self, name: str, value: str) -> Document | None:
        """Return the first run with a member of this value."""
        found = self._store.page(RUNS, Sql(f"{member(name)} = ?", (value,)), ("id",), 1, 0, f"runs_{name}")
        return json.loads(found[0]) if found else None

    def page(self, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[Document], int, bool]:
        """Return a page of runs without `search` (see `run_search.py`), the total, and whether it is exact.

        An inexact total is a lower bound.

        Raises:
            ErrorAnswer: 16 when the run of `before` or `after` does not exist.
        """
        condition = self.condition(wanted)
        looked_up = next((name for name in LOOKED_UP if name in wanted.members), None)
        if looked_up:
            rest = Sql("1")
            for name, value in wanted.members.items():
                rest &= Sql(f"{member(name)} = ?", (value,))
            index = f"runs_{looked_up}"
            order = sort_terms(wanted)
            found = self._store.page(RUNS, rest & condition, order, limit, offset, index)
            total = self._store.count_up_to(_MOST_COUNTED, RUNS, rest & _times(wanted), index)
            return [json.loads(text) for text in found], total, total < _MOST_COUNTED
        groups = self._matching(wanted.members)
        total, is_exact = self._total(groups, wanted)
        if not wanted.members and not wanted.by_duration:  # all of them are in this order as they are stored
            texts = self._store.page(RUNS, condition, sort_terms(wanted), limit, offset)
            return [json.loads(text) for text in texts], total, is_exact
        records = self._merged(groups, wanted, condition, limit + offset)
        return list(islice(records, offset, offset + limit)), total, is_exact

    def condition(self, wanted: Wanted) -> Sql:
        """Return the condition for a page's bounds and time range.

        Raises:
            ErrorAnswer: 16 when the run of `before` or `after` does not exist.
        """
        return self._position(wanted) & _times(wanted)

    def of_functions(self, wanted: Wanted, text: str, condition: Sql, limit: int) -> list[Document]:
        """Return the first runs that meet a condition, of functions whose names contain a text."""
        sought = text.casefold()
        named = [group for group in self._matching(wanted.members) if sought in group[0].casefold()]
        return list(islice(self._merged(named, wanted, condition, limit), limit))

    def _total(self, groups: Iterable[tuple[str, ...]], wanted: Wanted) -> tuple[int, bool]:
        if wanted.since is None and wanted.until is None:
            return sum(self._groups[group] for group in groups), True
        total = 0
        for group in groups:
            condition = _of(group) & _times(wanted)
            total += self._store.count_up_to(_MOST_COUNTED - total, RUNS, condition, "runs_grouped")
            if total >= _MOST_COUNTED:
                return total, False
        return total, True

    def _matching(self, members: Mapping[str, str]) -> list[tuple[str, ...]]:
        wanted = [(GROUPED.index(name), value) for name, value in members.items() if name in GROUPED]
        return [group for group in self._groups if all(group[place] == value for place, value in wanted)]

    def _merged(
        self, groups: Iterable[tuple[str, ...]], wanted: Wanted, condition: Sql, limit: int
    ) -> Iterator[Document]:
        index = "runs_grouped_duration" if wanted.by_duration else "runs_grouped"
        order = sort_terms(wanted)
        each = [self._store.page(RUNS, _of(group) & condition, order, limit, 0, index) for group in groups]
        parsed = ((json.loads(text) for text in texts) for texts in each)
        return heapq.merge(*parsed, key=sort_key(wanted), reverse=wanted.descending)

    def _position(self, wanted: Wanted) -> Sql:
        condition = EVERYTHING
        for sign, run_id in (("<", wanted.before), (">", wanted.after)):
            if run_id is None:
                continue
            if not wanted.by_duration:
                condition &= Sql(f"id {sign} ?", (run_id,))
                continue
            record = self._store.get(RUNS, run_id)
            if record is None:
                raise ErrorAnswer(16, f"There is no run {run_id} any more that a page could begin at")
            duration = record.get("duration_ms") or 0
            condition &= Sql(
                f"{_DURATION} {sign}= ? AND ({_DURATION} {sign} ? OR id {sign} ?)", (duration, duration, run_id)
            )
        return condition

    def _less(self, record: Document) -> None:
        group = _group(record)
        self._groups[group] -= 1
        if self._groups[group] <= 0:
            del self._groups[group]


def _group(record: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(record.get(name)) for name in GROUPED)


def _of(group: tuple[str, ...]) -> Sql:
    return Sql(" AND ".join(f"{member(name)} = ?" for name in GROUPED), group)


def _times(wanted: Wanted) -> Sql:
    """Return the condition on start times.

    Ids also contain the start, in seconds, and are in the indexes.
    """
    condition = EVERYTHING
    started = member("started")
    # Both UTC suffixes, Z and +00:00, sort after the time itself.
    if wanted.since is not None:
        least = max(0, min(_LATEST, int(wanted.since) - _WAIT))
        condition &= Sql(f"id >= ? AND {started} >= ?", (f"{least:08x}", iso(wanted.since).rstrip("Z")))
    if wanted.until is not None:
        most = max(0, min(_LATEST, int(wanted.until) + 1))
        condition &= Sql(f"id < ? AND {started} < ?", (f"{most:08x}{ALL_CHARACTERS}", iso(wanted.until).rstrip("Z")))
    return condition


def sort_terms(wanted: Wanted) -> list[str]:
    """Return what runs are sorted by, for the store."""
    direction = " DESC" if wanted.descending else ""
    return [*([f"{_DURATION}{direction}"] if wanted.by_duration else []), f"id{direction}"]


def sort_key(wanted: Wanted) -> Any:
    """Return what runs are sorted by, of a record."""
    if wanted.by_duration:
        return lambda record: (record.get("duration_ms") or 0, record["id"])
    return lambda record: record["id"]
