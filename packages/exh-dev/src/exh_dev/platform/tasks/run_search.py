"""Runs with a text in them: in their ids, the function's name, the error, and whatever they got, gave or logged.

There is no index of texts, which would take more room than what it is made of. All that is kept is looked through, the
newest first, in slices: between them others are answered. It ends after some seconds; the answer says how far it came.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform import pacing
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.tasks.run_list import ALL_CHARACTERS, DETAILS, FAILURE, RUNS, key_of, order_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.run_list import RunList, Wanted

_MOST_FOUND = 500  # runs; fewer are asked for at once
_LONGEST_TEXT = 1_000  # characters of a text that is searched for
_MOST_SECONDS = 2.5  # of searching, breaks not counted


class Found(NamedTuple):
    """A page of runs.

    Attributes:
        runs: their records.
        total: how many there are.
        is_exact: whether that is their number, or the least it can be.
        searched_since: when the oldest run began whose error, event, result and logs were searched, where not all were.
    """

    runs: list[Document]
    total: int
    is_exact: bool
    searched_since: str | None = None


class RunSearch:
    """Searches of a store's runs. All methods belong to the event loop's thread."""

    def __init__(self, store: Store, runs: RunList) -> None:
        """Search the runs of a list."""
        self._store = store
        self._list = runs
        self._turn = asyncio.Lock()  # of two searches, slices would come twice as often

    async def page(self, wanted: Wanted, limit: int, offset: int) -> Found:
        """Return a page of runs that contain `wanted.search`.

        Raises:
            ErrorAnswer: 16 when there is no run that the page is to begin at.
        """
        async with self._turn:
            text = wanted.search[:_LONGEST_TEXT]
            condition = self._list.condition(wanted)
            for name, value in wanted.members.items():
                condition &= Sql(f"{member(name)} = ?", (value,))
            result = _Result(wanted, max(_MOST_FOUND, limit + offset))
            result.add(self._list.of_functions(wanted, text, condition, result.most))
            for place, index in _ids(text):
                found = self._store.page(RUNS, place & condition, order_of(wanted), result.most, 0, index)
                result.add(json.loads(each) for each in found)
            since = await self._look_through(wanted, condition, text, result)
            ordered = result.ordered()
            is_exact = result.is_exact and since is None
            return Found(ordered[offset : offset + limit], len(ordered), is_exact, since)

    async def _look_through(self, wanted: Wanted, condition: Sql, text: str, result: _Result) -> str | None:
        """Add the runs with the text in their error or in what they carried, in the order that is wanted or, where
        that is not the order of their ids, the newest first.

        Returns:
            When the run began that it came to; None where it came to the end, or to as many as are wanted.
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
    """What is found, at most so many: the first in the order that is wanted."""

    def __init__(self, wanted: Wanted, most: int) -> None:
        self.most = most
        self.is_exact = True
        self._wanted = wanted
        self._found: dict[str, Document] = {}

    @property
    def is_full(self) -> bool:
        """Whether there are as many as are wanted, or more."""
        return len(self._found) >= self.most

    def add(self, records: Iterable[Document]) -> None:
        """Take these too."""
        for record in records:
            self._found[record["id"]] = record
        if self.is_full:
            self.is_exact = False
            self._found = {each["id"]: each for each in self.ordered()[: self.most]}

    def ordered(self) -> list[Document]:
        """All of them in their order."""
        return sorted(self._found.values(), key=key_of(self._wanted), reverse=self._wanted.descending)


def _ids(text: str) -> Iterator[tuple[Sql, str | None]]:
    """Where a text may be an id, or begin one, each with the index that it is found by."""
    bounds = text.lower(), text.lower() + ALL_CHARACTERS
    yield Sql("id >= ? AND id < ?", bounds), None
    for name in ("task_id", "request_id"):
        yield Sql(f"{member(name)} >= ? AND {member(name)} < ?", bounds), f"runs_{name}"


def _in_details(text: str) -> Sql:
    as_json = json.dumps(text, ensure_ascii=False)[1:-1]  # as it stands in a JSON text
    twice = json.dumps(as_json, ensure_ascii=False)[1:-1]  # and as a line of log that is JSON stands there
    anywhere = _contains("details.body", as_json)
    if twice != as_json:
        anywhere |= _contains("details.body", twice)
    return Sql(
        f"EXISTS (SELECT 1 FROM documents AS details WHERE details.collection = '{DETAILS}'"  # noqa: S608
        f" AND details.id = documents.id AND ({anywhere.text}))",
        anywhere.values,
    )


def _contains(expression: str, text: str) -> Sql:
    """Return whether a text stands in another one, whatever its case.
    SQLite knows that of ASCII, and is faster at it.
    """
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Sql(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",))
    return Sql(f"instr(casefold({expression}), ?)", (text.casefold(),))
