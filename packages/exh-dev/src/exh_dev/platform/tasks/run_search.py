"""Full-text search in runs: ids, function name, error, event, result and log.

There is no full-text index, which would be larger than the data. The search scans everything, newest first, in slices,
with other requests served in between. It stops after some seconds, and the answer says how far it came.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform import pacing
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.tasks.run_list import ALL_CHARACTERS, DETAILS, FAILURE, RUNS, sort_key, sort_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.run_list import RunList, Wanted

_MOST_FOUND = 500  # runs; fewer are read at a time
_LONGEST_TEXT = 1_000  # maximum characters of a search text
_MOST_SECONDS = 2.5  # of searching, breaks not counted


class Found(NamedTuple):
    """A page of runs.

    Attributes:
        runs: their records.
        total: number of matches.
        is_exact: whether the total is exact, or a lower bound.
        searched_since: start of the oldest run that was searched completely, if not all were.
    """

    runs: list[Document]
    total: int
    is_exact: bool
    searched_since: str | None = None


class RunSearch:
    """Searches in a store's runs. All methods must run on the event loop's thread."""

    def __init__(self, store: Store, runs: RunList) -> None:
        self._store = store
        self._list = runs
        self._turn = asyncio.Lock()  # of two searches, slices would come twice as often

    async def page(self, wanted: Wanted, limit: int, offset: int) -> Found:
        """Return a page of runs that contain `wanted.search`.

        Raises:
            ErrorAnswer: 16 when the run of `before` or `after` does not exist.
        """
        async with self._turn:
            text = wanted.search[:_LONGEST_TEXT]
            condition = self._list.condition(wanted)
            for name, value in wanted.members.items():
                condition &= Sql(f"{member(name)} = ?", (value,))
            result = _Result(wanted, max(_MOST_FOUND, limit + offset))
            result.add(self._list.of_functions(wanted, text, condition, result.most))
            for place, index in _ids(text):
                found = self._store.page(RUNS, place & condition, sort_terms(wanted), result.most, 0, index)
                result.add(json.loads(each) for each in found)
            since = await self._look_through(wanted, condition, text, result)
            ordered = result.ordered()
            is_exact = result.is_exact and since is None
            return Found(ordered[offset : offset + limit], len(ordered), is_exact, since)

    async def _look_through(self, wanted: Wanted, condition: Sql, text: str, result: _Result) -> str | None:
        """Add the runs with the text in their error or details.

        They are searched in the requested order if that is the order of ids, else newest first.

        Returns:
            The start of the last searched run; None if all were searched or enough were found.
        """
        is_descending = wanted.by_duration or wanted.descending
        sought = condition & (_contains(member(FAILURE), text) | _in_details(text))
        place, spent = None, 0.0
        while True:
            began = time.perf_counter()
            is_over, hits = True, []
            with closing(self._store.walk(RUNS, sought, place, descending=is_descending)) as rows:
                for place, body in rows:  # noqa: B007 - the last place is where the next slice begins
                    if body is not None:
                        hits.append(json.loads(body))
                    if len(hits) >= result.most or time.perf_counter() - began > pacing.SLICE:
                        is_over = False
                        break
            result.add(hits)
            spent += time.perf_counter() - began
            if is_over or (result.is_full and not wanted.by_duration):
                return None
            if spent > _MOST_SECONDS:
                record = self._store.get(RUNS, str(place))
                return str(record["started"]) if record else None
            await asyncio.sleep(pacing.BREAK)


class _Result:
    """The first matches in the requested order, up to a limit."""

    def __init__(self, wanted: Wanted, most: int) -> None:
        self.most = most
        self.is_exact = True
        self._wanted = wanted
        self._found: dict[str, Document] = {}

    @property
    def is_full(self) -> bool:
        return len(self._found) >= self.most

    def add(self, records: Iterable[Document]) -> None:
        for record in records:
            self._found[record["id"]] = record
        if self.is_full:
            self.is_exact = False
            self._found = {each["id"]: each for each in self.ordered()[: self.most]}

    def ordered(self) -> list[Document]:
        return sorted(self._found.values(), key=sort_key(self._wanted), reverse=self._wanted.descending)


def _ids(text: str) -> Iterator[tuple[Sql, str | None]]:
    """Yield conditions for ids equal to or beginning with a text, each with its index."""
    bounds = text.lower(), text.lower() + ALL_CHARACTERS
    yield Sql("id >= ? AND id < ?", bounds), None
    for name in ("task_id", "request_id"):
        yield Sql(f"{member(name)} >= ? AND {member(name)} < ?", bounds), f"runs_{name}"


def _in_details(text: str) -> Sql:
    as_json = json.dumps(text, ensure_ascii=False)[1:-1]  # as it appears in JSON text
    twice = json.dumps(as_json, ensure_ascii=False)[1:-1]  # and in a JSON log line within JSON text
    anywhere = _contains("details.body", as_json)
    if twice != as_json:
        anywhere |= _contains("details.body", twice)
    return Sql(
        f"EXISTS (SELECT 1 FROM documents AS details WHERE details.collection = '{DETAILS}'"
        f" AND details.id = documents.id AND ({anywhere.text}))",
        anywhere.values,
    )


def _contains(expression: str, text: str) -> Sql:
    """Return the condition that a string contains another, ignoring case.

    For ASCII, SQLite's own comparison is used, which is faster.
    """
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Sql(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))
    return Sql(f"instr(casefold({expression}), ?)", (text.casefold(),))
