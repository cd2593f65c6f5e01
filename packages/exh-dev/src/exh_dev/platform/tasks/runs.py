"""The runs of functions, whoever asked for them: the queue, a caller, an API request, a queue of AWS, a developer.

A run is two records. `runs` has what a list shows, and is small; `run_details` has what went in and came out, what was
logged, and which calls of the platform were made. The latest are kept.

While a run goes on, its log lines are in memory; they are told as they come, and stored at its end.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from exh_dev.json_text import whole_characters
from exh_dev.platform.dev.origin import answering, cause_of
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.runtime import trace_root
from exh_dev.runtime.triggers import trigger_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exh_dev.platform.dev.change_notifications import Changes
    from exh_dev.platform.dev.function_calls import Calls
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.runtime import Invocation, LogLine

RUNS, DETAILS = "runs", "run_details"
MOST = 10_000
_EXCESS = 200  # runs over the most before the oldest are deleted, all at once
_MOST_OF_CHAIN = 200
_MOST_CAUSES = 2_000  # runs whose calls are known to have made something
#: Of each member that runs are found by; the first that a search names is used.
_INDEXES = {name: f"runs_{name}" for name in ("chain", "task_id", "caused_by", "function", "status")}
_OF_EVERY_RUN = ("id", "function", "kind", "trigger", "status", "failure", "request_id", "chain", "started")
_OF_DETAILS = ("event", "result", "error", "logs", "calls")
_OF_SUMMARY = ("status", "failure", "started", "duration_ms", "init_ms", "waited_ms", "memory_mb")
_NEWEST_FIRST = ("id DESC",)
_SEARCHED = ("failure", "task_id", "request_id", "function")


@dataclass
class Run:
    """A run that goes on.

    Attributes:
        record: what a list shows.
        details: the rest.
        request_id: Lambda's, by which its calls are known.
        on_line: to be called with each line that it logs, from any thread.
    """

    record: Document
    details: Document
    request_id: str
    on_line: Callable[[LogLine], None]
    lines: list[dict[str, str]] = field(default_factory=list)


def is_run(value: object) -> bool:
    """Whether a value is a run as `Runs.export` gives it, as far as whoever shows it needs."""
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) for name in _OF_EVERY_RUN)
        and isinstance(value.get("attempt"), int)
        and value["status"] in ("OK", "FAILED")
    )


class Runs:
    """The runs of a store. All methods belong to the event loop's thread."""

    def __init__(self, store: Store, calls: Calls, changes: Changes, *, clock: Clock) -> None:
        """Keep them in `store`. Those that an earlier platform left unfinished have failed."""
        self._store = store
        self.calls = calls
        self._changes = changes
        self._clock = clock
        self._live: dict[str, Run] = {}
        self._on_end: Callable[[Document], object] = _nobody
        self._by_root: OrderedDict[str, str] = OrderedDict()
        for name, index in _INDEXES.items():
            store.index(index, RUNS, [member(name), "id"])
        self._count = store.count(RUNS, EVERYTHING)
        stopped = "the platform was stopped meanwhile"
        for record in store.matching(RUNS, Sql(f"{member('status')} = 'running'")):
            details = store.get(DETAILS, record["id"]) or {"id": record["id"]}
            store.put(RUNS, {**record, "status": "FAILED", "failure": stopped})
            store.put(DETAILS, {**details, "error": {"errorMessage": stopped}, "logs": None, "calls": None})

    def begin(self, function: str, event: Any, *, kind: str, again: str | None = None) -> Run:
        """A function is about to run.

        Args:
            function: its name.
            event: what it gets.
            kind: who asked: `task`, `direct`, `api`, `queue`, or `invoke` for a developer.
            again: the run that this one repeats.
        """
        known = event if isinstance(event, dict) else {}
        earlier = known.get("retryForTaskIds")
        attempts = earlier if isinstance(earlier, list) else []
        request_id, task_id = str(uuid4()), known.get("id")
        run_id = object_id()
        members = {
            "id": run_id,
            "function": function,
            "kind": kind,
            "trigger": "direct" if kind == "direct" else trigger_of(event),
            "status": "running",
            "failure": "",
            "request_id": request_id,
            "task_id": task_id if isinstance(task_id, str) else None,
            "chain": request_id if kind == "invoke" else str([*attempts, task_id or request_id][0]),
            "attempt": len(attempts) + 1,
            "again": again,
            "caused_by": self._cause(known),
            "started": iso(self._clock()),
        }
        record = {name: value for name, value in members.items() if value is not None}
        loop = asyncio.get_running_loop()
        run = Run(
            record,
            {"id": run_id, "event": event},
            request_id,
            partial(_pass_on, loop, partial(self._note_line, run_id)),
        )
        with self._store.transaction():
            self._store.put(RUNS, record)
            self._store.put(DETAILS, run.details)
        self._live[run_id] = run
        self._by_root[trace_root(request_id)] = run_id
        if len(self._by_root) > _MOST_CAUSES:
            self._by_root.popitem(last=False)
        self._count += 1
        self._forget_oldest()
        return run

    def watch(self, call: Callable[[Document], object]) -> None:
        """Call `call` with the record of each run that has ended, on the event loop's thread."""
        self._on_end = call

    def end(self, run: Run, invocation: Invocation) -> None:
        """The run is over."""
        summary = invocation.summary()
        calls = self.calls.of(invocation.request_id)
        run.record |= {
            "request_id": invocation.request_id,
            **{name: summary[name] for name in _OF_SUMMARY},
            "failure": whole_characters(summary["failure"]),
            "platform_calls": len(calls),
        }
        run.details |= {
            "result": invocation.result,
            "error": invocation.error,
            "logs": [_line(each) for each in invocation.logs],
            "calls": calls,
        }
        self._keep(run)

    def fail(self, run: Run, message: str) -> None:
        """The function did not run at all."""
        run.record |= {"status": "FAILED", "failure": whole_characters(message)}
        run.details |= {"error": {"errorMessage": message}, "logs": run.lines, "calls": []}
        self._keep(run)

    def get(self, run_id: str) -> Document | None:
        """All that is known of a run; the attempts at the same task, itself among them; what set it off; what it has
        set off: the runs of tasks and events that its calls made.
        """
        record = self._store.get(RUNS, run_id)
        if record is None:
            return None
        details = self._store.get(DETAILS, run_id) or {}
        if run := self._live.get(run_id):
            details |= {"logs": run.lines, "calls": self.calls.of(run.request_id)}
        cause = self._store.get(RUNS, record["caused_by"]) if "caused_by" in record else None
        return {
            **details,
            **record,
            "attempts": self._having("chain", record["chain"]),
            "cause": cause,
            "set_off": self._having("caused_by", run_id),
        }

    def export(self) -> list[Document]:
        """Return all runs that are kept and have ended, each with its details, the oldest first."""
        ended = (record for record in self._store.matching(RUNS, EVERYTHING) if record["status"] != "running")
        return [{**(self._store.get(DETAILS, record["id"]) or {}), **record} for record in ended]

    def adopt(self, runs: Sequence[Document]) -> None:
        """Keep runs of a fresh platform too, as `export` gave them there; `fresh` says so of each."""
        with self._store.transaction():
            for run in runs:
                if self._store.get(RUNS, run["id"]) is None:
                    record = {name: run[name] for name in run if name not in _OF_DETAILS}
                    self._store.put(RUNS, {**record, "fresh": True})
                    self._store.put(DETAILS, {"id": run["id"], **{name: run.get(name) for name in _OF_DETAILS}})
                    self._count += 1

    def page(
        self,
        *,
        limit: int,
        offset: int = 0,
        after: str | None = None,
        search: str = "",
        **wanted: str,
    ) -> tuple[list[Document], int]:
        """Runs, the newest first, and how many there are.

        Args:
            limit: how many.
            offset: how many to leave out before them.
            after: leave out the runs up to this one.
            search: text in what they are, got, gave or logged.
            wanted: members that have to be a value, such as `function`, `status`, `kind`, `trigger`.
        """
        condition = EVERYTHING
        for name, value in wanted.items():
            condition &= Sql(f"{member(name)} = ?", (value,))
        index = next((_INDEXES[name] for name in _INDEXES if name in wanted), None)
        if after is not None:
            condition &= Sql("id > ?", (after,))
        if search:
            condition &= _mentions(search)
        found = self._store.page(RUNS, condition, _NEWEST_FIRST, limit, offset, index)
        return [json.loads(text) for text in found], self._store.count(RUNS, condition, index)

    def calls_of(self, request_id: str) -> list[dict[str, Any]]:
        """The calls of the platform that an invocation made, be it one of these runs or not."""
        return self.calls.of(request_id)

    def run_of(self, trace: str) -> str | None:
        """The run that a trace id is of, if it is one of the latest."""
        return self._by_root.get(trace)

    def newest(self, function: str) -> Document | None:
        """The newest run of a function."""
        found = self._having("function", function, limit=1)
        return found[0] if found else None

    def _keep(self, run: Run) -> None:
        self._live.pop(run.record["id"], None)
        with self._store.transaction():
            self._store.put(RUNS, run.record)
            self._store.put(DETAILS, run.details)
        self._on_end(run.record)

    def _note_line(self, run_id: str, line: LogLine) -> None:
        run = self._live.get(run_id)
        if run is not None:
            shown = _line(line)
            of = {name: run.record[name] for name in ("id", "function", "task_id") if name in run.record}
            self._changes.tell({"run": of, "number": len(run.lines), "line": shown})
            run.lines.append(shown)

    def _having(self, name: str, value: str, *, limit: int = _MOST_OF_CHAIN) -> list[Document]:
        """The latest runs with a member of this value, the first first."""
        of = Sql(f"{member(name)} = ?", (value,))
        found = self._store.page(RUNS, of, _NEWEST_FIRST, limit, 0, _INDEXES[name])
        return [json.loads(text) for text in reversed(found)]

    def _cause(self, event: Document) -> str | None:
        """The run that set another one off, by a call or by its own failure."""
        data = event.get("data")
        published = data.get("event") if isinstance(data, dict) else None
        published = published if isinstance(published, dict) else {}
        for made in (event.get("id"), published.get("id")):
            if isinstance(made, str) and (root := cause_of(self._store, made)):
                return self._by_root.get(root)
        if root := answering.get():
            return self._by_root.get(root)
        failed = published.get("content") if published.get("type") == "task_failed" else None
        found = self._having("task_id", str(failed.get("id"))) if isinstance(failed, dict) else []
        return found[-1]["id"] if found else None

    def _forget_oldest(self) -> None:
        excess = self._count - MOST
        if excess < _EXCESS:
            return
        with self._store.transaction():
            for text in self._store.page(RUNS, EVERYTHING, (), excess, 0):
                run_id = json.loads(text)["id"]
                self._store.delete(RUNS, run_id)
                self._store.delete(DETAILS, run_id)
        self._count -= excess


def _line(line: LogLine) -> dict[str, str]:
    return {"timestamp": iso(line.timestamp.timestamp()), "text": line.text}


def _pass_on(loop: asyncio.AbstractEventLoop, note: Callable[[LogLine], None], line: LogLine) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(note, line)


def _mentions(text: str) -> Sql:
    """Runs with a text in them, whatever its case."""
    sought = text.casefold()
    as_json = json.dumps(text, ensure_ascii=False)[1:-1].casefold()  # as it stands in a JSON text
    twice = json.dumps(as_json, ensure_ascii=False)[1:-1]  # and as a line of log that is JSON stands there
    own = " OR ".join(f"instr(casefold({member(name)}), ?)" for name in _SEARCHED)
    details = " OR ".join(["instr(casefold(body), ?)"] * 2)
    found = f"id IN (SELECT id FROM documents WHERE collection = '{DETAILS}' AND ({details}))"  # noqa: S608
    return Sql(f"({own} OR {found})", (*[sought] * len(_SEARCHED), as_json, twice))


def _nobody(record: Document) -> None:
    """Nobody watches."""
