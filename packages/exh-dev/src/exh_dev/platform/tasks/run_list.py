"""Lists of runs, however many there are: each page is read from an index, and the totals are kept in memory.

The members that runs are filtered by have few values, so that there are few groups of runs that agree in all of them. A
page is made of the first runs of each group that is asked for.
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
_FAILURE = "failure"
_DURATION = f"ifnull({member('duration_ms')}, 0)"
_FORMER = ("runs_function", "runs_status")
_MOST_COUNTED = 2_000  # runs that are counted one by one
_MOST_FOUND = 500  # runs that a text is found in, of each place that it may stand in
_MOST_SEARCHED = 10_000  # runs whose events, results and logs are searched, the newest
_LONGEST_TEXT = 1_000  # characters of a text that is searched for
_WAIT = 3_600  # seconds from the making of a run's id to its start, at most
_LATEST = 0xFFFFFFFF  # seconds that an id can say
_ALL_CHARACTERS = "\x7f"  # greater than all that ids have


@dataclass(frozen=True)
class Wanted:
    """Which runs a list is to have.

    Attributes:
        members: values that they have, of `GROUPED` and `LOOKED_UP`.
        since: began at this moment or later, in epoch seconds.
        until: began before this moment.
        search: text in what they are, got, gave or logged, whatever its case.
        before: before this run, in ascending order of what they are sorted by.
        after: after this run.
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
        """Whether they are sorted by duration, and not by when they began."""
        return self.sort.endswith("duration")

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")


class RunList:
    """The records of runs. All methods belong to the event loop's thread."""

    def __init__(self, store: Store) -> None:
        """Make the indexes, where they are not there, and count."""
        self._store = store
        for former in _FORMER:
            store.drop_index(former)
        grouped = [member(name) for name in GROUPED]
        store.index("runs_grouped", RUNS, [*grouped, "id"])
        store.index("runs_grouped_duration", RUNS, [*grouped, _DURATION, "id"])
        for name in (*LOOKED_UP, _FAILURE):
            store.index(f"runs_{name}", RUNS, [member(name), "id"])
        self._groups: Counter[tuple[str, ...]] = Counter()
        for *values, count in store.groups(RUNS, grouped):
            self._groups[tuple(str(value) for value in values)] += count

    @property
    def count(self) -> int:
        """How many runs there are."""
        return self._groups.total()

    def put(self, record: Document, before: Document | None = None) -> None:
        """Store a run's record, in the place of the one `before`."""
        self._store.put(RUNS, record)
        if before is not None:
            self._less(before)
        self._groups[_group(record)] += 1

    def delete(self, record: Document) -> None:
        """Forget a run's record."""
        self._store.delete(RUNS, record["id"])
        self._less(record)

    def having(self, name: str, value: str, limit: int) -> list[Document]:
        """The latest runs with a member of this value, the first first. The member is one of `LOOKED_UP`."""
        of = Sql(f"{member(name)} = ?", (value,))
        found = self._store.page(RUNS, of, ("id DESC",), limit, 0, f"runs_{name}")
        return [json.loads(text) for text in reversed(found)]

    def first_having(self, name: str, value: str) -> Document | None:
        """The first run with a member of this value."""
        found = self._store.page(RUNS, Sql(f"{member(name)} = ?", (value,)), ("id",), 1, 0, f"runs_{name}")
        return json.loads(found[0]) if found else None

    def page(self, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[Document], int, bool]:
        """Runs as they are wanted, how many there are, and whether this is their exact number or the least it can be.

        Raises:
            ErrorAnswer: 16 when there is no run that the page is to begin at.
        """
        condition = self._position(wanted) & _times(wanted)
        if wanted.search:
            return self._found(wanted, condition, limit, offset)
        looked_up = next((name for name in LOOKED_UP if name in wanted.members), None)
        if looked_up:
            rest = Sql("1")
            for name, value in wanted.members.items():
                rest &= Sql(f"{member(name)} = ?", (value,))
            index = f"runs_{looked_up}"
            order = _order(wanted)
            found = self._store.page(RUNS, rest & condition, order, limit, offset, index)
            total = self._store.count_up_to(_MOST_COUNTED, RUNS, rest & _times(wanted), index)
            return [json.loads(text) for text in found], total, total < _MOST_COUNTED
        groups = self._matching(wanted.members)
        total, is_exact = self._total(groups, wanted)
        if not wanted.members and not wanted.by_duration:  # all of them are in this order as they are stored
            texts = self._store.page(RUNS, condition, _order(wanted), limit, offset)
            return [json.loads(text) for text in texts], total, is_exact
        records = self._merged(groups, wanted, condition, limit + offset)
        return list(islice(records, offset, offset + limit)), total, is_exact

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
        order = _order(wanted)
        each = [self._store.page(RUNS, _of(group) & condition, order, limit, 0, index) for group in groups]
        parsed = ((json.loads(text) for text in texts) for texts in each)
        return heapq.merge(*parsed, key=_key(wanted), reverse=wanted.descending)

    def _position(self, wanted: Wanted) -> Sql:
        """What the runs of a page have in common for where it begins and ends."""
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

    def _found(self, wanted: Wanted, condition: Sql, limit: int, offset: int) -> tuple[list[Document], int, bool]:
        """Runs with a text in them: in their ids, the function's name, the error; of the newest anywhere."""
        text = wanted.search[:_LONGEST_TEXT]
        members = EVERYTHING
        for name, value in wanted.members.items():
            members &= Sql(f"{member(name)} = ?", (value,))
        least = max(_MOST_FOUND, limit + offset)
        found: dict[str, Document] = {}
        is_exact = True

        def add(records: Iterable[Document]) -> None:
            nonlocal is_exact
            number = 0
            for record in records:
                found[record["id"]] = record
                number += 1
            is_exact = is_exact and number < least

        sought = text.casefold()
        named = [group for group in self._matching(wanted.members) if sought in group[0].casefold()]
        add(islice(self._merged(named, wanted, members & condition, least), least))
        order = _order(wanted)
        for place, index in self._places(text):
            texts = self._store.page(RUNS, place & members & condition, order, least, 0, index)
            add(json.loads(each) for each in texts)
        ordered = sorted(found.values(), key=_key(wanted), reverse=wanted.descending)
        return ordered[offset : offset + limit], len(ordered), is_exact

    def _places(self, text: str) -> Iterator[tuple[Sql, str | None]]:
        """Where a text may stand, each with the index that it is found by."""
        bounds = text.lower(), text.lower() + _ALL_CHARACTERS
        yield Sql("id >= ? AND id < ?", bounds), None
        for name in ("task_id", "request_id"):
            yield Sql(f"{member(name)} >= ? AND {member(name)} < ?", bounds), f"runs_{name}"
        yield Sql(f"{member(_FAILURE)} > ''") & _contains(member(_FAILURE), text), f"runs_{_FAILURE}"
        oldest = self._store.page(RUNS, EVERYTHING, ("id DESC",), 1, _MOST_SEARCHED)
        least = json.loads(oldest[0])["id"] if oldest else ""
        as_json = json.dumps(text, ensure_ascii=False)[1:-1]  # as it stands in a JSON text
        twice = json.dumps(as_json, ensure_ascii=False)[1:-1]  # and as a line of log that is JSON stands there
        anywhere = _contains("body", as_json) | _contains("body", twice)
        yield (
            Sql(
                f"id >= ? AND id IN (SELECT id FROM documents WHERE collection = '{DETAILS}' AND id >= ?"  # noqa: S608
                f" AND ({anywhere.text}))",
                (least, least, *anywhere.values),
            ),
            None,
        )

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
    """When runs began. Their ids say it too, a little less exactly, and are in the indexes."""
    condition = EVERYTHING
    started = member("started")
    # Both spellings of UTC that there are, Z and +00:00, come after the moment itself.
    if wanted.since is not None:
        least = max(0, min(_LATEST, int(wanted.since) - _WAIT))
        condition &= Sql(f"id >= ? AND {started} >= ?", (f"{least:08x}", iso(wanted.since).rstrip("Z")))
    if wanted.until is not None:
        most = max(0, min(_LATEST, int(wanted.until) + 1))
        condition &= Sql(f"id < ? AND {started} < ?", (f"{most:08x}{_ALL_CHARACTERS}", iso(wanted.until).rstrip("Z")))
    return condition


def _order(wanted: Wanted) -> list[str]:
    direction = " DESC" if wanted.descending else ""
    return [*([f"{_DURATION}{direction}"] if wanted.by_duration else []), f"id{direction}"]


def _key(wanted: Wanted) -> Any:
    if wanted.by_duration:
        return lambda record: (record.get("duration_ms") or 0, record["id"])
    return lambda record: record["id"]


def _contains(expression: str, text: str) -> Sql:
    """Whether a text stands in another one, whatever its case. SQLite knows that of ASCII, and is faster at it."""
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Sql(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))
    return Sql(f"instr(casefold({expression}), ?)", (text.casefold(),))
