"""Runs of functions of any kind: queue, direct call, API request, AWS queue, developer.

A run is three records. `runs` has the summary for lists; `run_details` has event, result, log and platform calls;
`run_bodies` has the bodies of these calls. The latest runs are kept (`run_retention.py`) and listed (`run_list.py`).
All runs with one origin share a `trace` (`traces.py`). Log lines and calls of an active run are in memory; lines are
published as they arrive, and everything is stored at the end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from exh_dev.json_text import encodable_text, json_text
from exh_dev.platform.dev import effects
from exh_dev.platform.dev.call_records import Records, bodies_of, trace_entry, with_bodies
from exh_dev.platform.dev.origin import is_scheduled, when_dispatched
from exh_dev.platform.pacing import paced
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import foreign_runs, run_bodies
from exh_dev.platform.tasks.run_causes import Cause, Causes, published_in
from exh_dev.platform.tasks.run_list import DETAILS, RUNS, RunList, Wanted
from exh_dev.platform.tasks.run_retention import BODIES, DISPATCHED, STARTS, Limits, Retention
from exh_dev.platform.tasks.run_search import Found, RunSearch
from exh_dev.runtime.triggers import trigger_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.platform.dev.change_notifications import Changes
    from exh_dev.platform.dev.effects import Effects
    from exh_dev.platform.dev.function_calls import Calls
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.runtime import Invocation, LogLine

_MOST_OF_CHAIN = 200
_MOST_AT_ONCE = 1024 * 1024  # characters that are stored together with the record of a run that is over
_OF_SUMMARY = ("status", "failure", "started", "duration_ms", "init_ms", "waited_ms", "memory_mb")


@dataclass
class Run:
    """An active run.

    Attributes:
        record: the summary for lists.
        details: the rest.
        request_id: Lambda's request id, which identifies its calls.
        on_line: call it with each log line, from any thread.
        start: the external request that began its trace, if any.
    """

    record: Document
    details: Document
    request_id: str
    on_line: Callable[[LogLine], None]
    start: Effects | None = None
    lines: list[dict[str, str]] = field(default_factory=list)


class Runs:
    """The runs of a store. All methods must run on the event loop's thread."""

    def __init__(
        self, store: Store, calls: Calls, changes: Changes, *, clock: Clock, limits: Limits | None = None
    ) -> None:
        """Keep them in `store`, within `limits`. Those that an earlier platform left unfinished have failed."""
        self._store = store
        self.calls = calls
        self._changes = changes
        self._clock = clock
        self._live: dict[str, Run] = {}
        self._on_end: Callable[[Document], object] = _nobody
        self.list = RunList(store)
        self._search = RunSearch(store, self.list)
        self._causes = Causes(store, self.list)
        self.retention = Retention(store, self.list, limits or Limits())
        when_dispatched(store, self._note_dispatched)
        stopped = "the platform was stopped meanwhile"
        for record in store.matching(RUNS, Sql(f"{member('status')} = 'running'")):
            details = store.get(DETAILS, record["id"]) or {"id": record["id"]}
            with store.transaction():
                self.list.put({**record, "status": "FAILED", "failure": stopped}, record)
                error = {"errorMessage": stopped}
                self.retention.keep({**details, "error": error, "logs": None, "calls": None}, None)
        with store.transaction():
            self.retention.trim(())

    def begin(self, function: str, event: Any, *, kind: str, again: str | None = None) -> Run:
        """Record the start of a run.

        Args:
            function: the function's name.
            event: its event.
            kind: the caller: `task`, `direct`, `api`, `queue`, or `invoke` for a developer.
            again: the replayed run.
        """
        known = event if isinstance(event, dict) else {}
        earlier = known.get("retryForTaskIds")
        attempts = earlier if isinstance(earlier, list) else []
        request_id, task_id = str(uuid4()), known.get("id")
        chain = request_id if kind == "invoke" else str([*attempts, task_id or request_id][0])
        run_id = object_id()
        published = published_in(known)
        cause = Cause() if again else self._causes.of(known, published)
        members = {
            "id": run_id,
            "function": function,
            "kind": kind,
            "trigger": trigger_of(event, is_direct=kind == "direct", is_scheduled=is_scheduled(self._store, task_id)),
            "status": "running",
            "failure": "",
            "request_id": request_id,
            "task_id": task_id if isinstance(task_id, str) else None,
            "chain": chain,
            "trace": self._causes.trace(cause, otherwise=run_id, chain=chain if attempts else None),
            "attempt": len(attempts) + 1,
            "again": again,
            "caused_by": cause.run["id"] if cause.run else None,
            "caused_by_call": cause.call,
            "event_id": published["id"] if published else None,
            "event_type": published["type"] if published else None,
            "started": iso(self._clock()),
        }
        record = {name: value for name, value in members.items() if value is not None}
        loop = asyncio.get_running_loop()
        on_line = partial(_pass_on, loop, partial(self._note_line, run_id))
        run = Run(record, {"id": run_id, "event": event}, request_id, on_line, cause.start)
        with self._store.transaction():
            self.list.put(record)
            self.retention.keep(run.details, None)
            self._keep_start(cause.start)
            self._live[run_id] = run
            self.retention.trim(self._live)
        self._causes.add(run_id, request_id)
        return run

    def watch(self, call: Callable[[Document], object]) -> None:
        """Call `call` with the record of each run that has ended, on the event loop's thread."""
        self._on_end = call

    async def end(self, run: Run, invocation: Invocation) -> None:
        """End a run. Its data is stored in parts, for with thousands of calls that takes time."""
        summary = invocation.summary()
        before = dict(run.record)
        run.record |= {
            "request_id": invocation.request_id,
            **{name: summary[name] for name in _OF_SUMMARY},
            **({"init": parts} if (parts := invocation.init_parts()) else {}),
            "failure": encodable_text(summary["failure"]),
        }
        run.details |= {
            "result": invocation.result,
            "error": invocation.error,
            "logs": [_line(each) for each in invocation.logs],
        }
        steps = self._finish(run, before)
        try:
            await paced(steps)
        except asyncio.CancelledError:  # the platform stops
            _carry_out(steps)
            raise

    def fail(self, run: Run, message: str) -> None:
        """End a run whose function was not started."""
        before = dict(run.record)
        run.record |= {"status": "FAILED", "failure": encodable_text(message)}
        run.details |= {"error": {"errorMessage": message}, "logs": run.lines}
        _carry_out(self._finish(run, before))

    async def ready(self) -> None:
        """Compute the call records of active runs in advance, with breaks, so that viewing them is fast."""
        for run in list(self._live.values()):
            await paced(Records(self._store).each(self.calls.of(run.request_id)))

    def get(self, run_id: str) -> Document | None:
        """Return a run without the bodies of its calls.

        It includes the attempts at its task, its cause, and the runs that its calls triggered.
        """
        record = self._store.get(RUNS, run_id)
        if record is None:
            return None
        details = self._store.get(DETAILS, run_id)
        found = details or dict.fromkeys(foreign_runs.OF_DETAILS)
        if run := self._live.get(run_id):
            found |= {"logs": run.lines, "calls": self.calls_of(run.request_id)}
        cause = self._store.get(RUNS, record["caused_by"]) if "caused_by" in record else None
        return {
            **found,
            "trace": run_id,  # of one that an earlier platform kept
            **record,
            "in_full": details is not None,
            "attempts": self.list.having("chain", record["chain"], _MOST_OF_CHAIN),
            "cause": cause,
            "set_off": self.list.having("caused_by", run_id, _MOST_OF_CHAIN),
        }

    def record(self, run_id: str) -> Document | None:
        """Return what a list shows of a run."""
        return self._store.get(RUNS, run_id)

    def event(self, run_id: str) -> tuple[Any]:
        """Return a run's event in a 1-tuple, because the event may be None.

        Raises:
            KeyError: the event is no longer stored.
        """
        details = self._store.get(DETAILS, run_id)
        if details is None or "event" not in details:
            raise KeyError(run_id)
        return (details["event"],)

    async def call(self, run_id: str, number: int) -> Document | None:
        """Return one call of a run, with its bodies."""
        if run := self._live.get(run_id):
            raw = self.calls.of(run.request_id)
            records = zip(raw, Records(self._store).of(raw), strict=True)
            return next(
                (with_bodies(found, bodies_of(call)) for call, found in records if found["number"] == number), None
            )
        found = next((each for each in self.calls_in(run_id) if each.get("number") == number), None)
        if found is None:
            return None
        bodies = await run_bodies.of_call(self._store, run_id, number)
        return with_bodies(found, bodies or {"request": {}, "answer": {}})

    def calls_in(self, run_id: str) -> list[Document]:
        """Return the calls of a run, without their bodies."""
        run = self._live.get(run_id)
        return self.calls_of(run.request_id) if run else self._stored_calls(run_id)

    def adopt(self, runs: Sequence[Document]) -> None:
        """Store runs that a fresh platform exported; `fresh` marks them."""
        with self._store.transaction():
            for run in runs:
                if self._store.get(RUNS, run["id"]) is None:
                    record, details, bodies = foreign_runs.split(run)
                    self.list.put(record)
                    self.retention.keep(details, bodies)
            while self.retention.trim(self._live):
                pass

    async def page(self, wanted: Wanted, *, limit: int, offset: int = 0) -> Found:
        """Return a page of runs; see `RunList.page` and `RunSearch.page`."""
        if wanted.search:
            return await self._search.page(wanted, limit, offset)
        return Found(*self.list.page(wanted, limit, offset))

    def calls_of(self, request_id: str) -> list[dict[str, Any]]:
        """Return the platform calls of an invocation, whether or not it is one of these runs."""
        if calls := self.calls.of(request_id):
            return Records(self._store).of(calls)
        run = self.list.first_having("request_id", request_id)
        return self._stored_calls(run["id"]) if run else []

    def _stored_calls(self, run_id: str) -> list[Document]:
        # Python reads all of a run's details in the half of the time in which SQLite finds a member of them.
        return (self._store.get(DETAILS, run_id) or {}).get("calls") or []

    def run_of(self, trace: str) -> str | None:
        """Return the run that a trace id of X-Ray is of, if it is one of the latest."""
        return self._causes.run_of(trace)

    def trace_of(self, thing: str) -> str | None:
        """Return the trace that something is of: a run, a task, an event, or the request that it began with."""
        known = (self.list.first_having(name, thing) for name in ("task_id", "event_id"))
        if record := self._store.get(RUNS, thing) or next(filter(None, known), None):
            return str(record.get("trace", record["id"]))
        if self._store.text(STARTS, thing) is not None or self.list.first_having("trace", thing):
            return thing
        cause = self._causes.of_made(thing)
        if cause is None:
            return None
        self._keep_start(cause.start)
        return self._causes.trace(cause, otherwise="") or None

    def start_of(self, trace: str) -> Document | None:
        """Return the external request that began a trace, if any."""
        return self._store.get(STARTS, trace)

    def of_task(self, task_id: str) -> list[Document]:
        """Return the runs of a task, as lists show them."""
        return self.list.having("task_id", task_id, _MOST_OF_CHAIN)

    def newest(self, function: str) -> Document | None:
        """Return the newest run of a function."""
        found, _, _ = self.list.page(Wanted({"function": function}), 1)
        return found[0] if found else None

    def _finish(self, run: Run, before: Document) -> Iterator[None]:
        """Store a completed run in steps, and then delete excess runs. Readers see it as active until it is stored."""
        run_id = run.record["id"]
        raw, calls, bodies, parts, size = self.calls.of(run.request_id), [], [], 0, 0
        for call, record in zip(raw, Records(self._store).each(raw), strict=True):
            calls.append(json_text(record))
            both = bodies_of(call)
            if any(both.values()):
                bodies.append(f'"{call.effects.number}":{json_text(both)}')
                size += len(bodies[-1])
            if size > _MOST_AT_ONCE:
                self._keep_apart(BODIES, *run_bodies.part(run_id, parts, bodies))
                bodies, parts, size = [], parts + 1, 0
            yield
        run.record["platform_calls"] = len(calls)
        details = f'{json_text(run.details)[:-1]},"calls":[{",".join(calls)}]}}'
        yield
        is_large = len(details) > _MOST_AT_ONCE
        if is_large:
            self._keep_apart(DETAILS, run_id, details)
            yield
        self._live.pop(run_id, None)
        with self._store.transaction():
            self.list.put(run.record, before)
            if not is_large:
                self.retention.keep_text(DETAILS, run_id, details)
            if bodies:
                self.retention.keep_text(BODIES, *run_bodies.part(run_id, parts, bodies))
            self._keep_start(run.start)
            is_too_much = self.retention.trim(self._live)
        self.calls.forget(run.request_id)
        self._on_end(run.record)
        while is_too_much:
            yield
            with self._store.transaction():
                is_too_much = self.retention.trim(self._live)

    def _keep_apart(self, collection: str, name: str, text: str) -> None:
        with self._store.transaction():
            self.retention.keep_text(collection, name, text)

    def _keep_start(self, start: Effects | None) -> None:
        if start is not None:
            self._store.put(STARTS, trace_entry(start, Records(self._store)))

    def _note_line(self, run_id: str, line: LogLine) -> None:
        run = self._live.get(run_id)
        if run is not None:
            shown = _line(line)
            of = {name: run.record[name] for name in ("id", "function", "task_id") if name in run.record}
            self._changes.publish({"run": of, "number": len(run.lines), "line": shown})
            run.lines.append(shown)

    def _note_dispatched(self, done: Effects) -> None:
        """Record what a dispatcher has done for an event: a mail would be known nowhere else."""
        if not any(effects.kind_of(collection) == "mail" for collection, _ in done.stored):
            return
        event = dict(done.event or {})
        cause = self._causes.of({}, event)
        if cause.run is None and cause.start is None:
            return
        records = Records(self._store)
        trace = self._causes.trace(cause, otherwise="")
        known = {"id": done.id, "trace": trace, "event_id": event["id"], "event_type": event["type"]}
        caused_by = {"caused_by": cause.run["id"], "caused_by_call": cause.call} if cause.run else {}
        with self._store.transaction():
            self._keep_start(cause.start)
            self._store.put(DISPATCHED, {**known, **caused_by, **trace_entry(done, records), "id": done.id})


def _line(line: LogLine) -> dict[str, str]:
    return {"timestamp": iso(line.timestamp.timestamp()), "text": line.text}


def _pass_on(loop: asyncio.AbstractEventLoop, note: Callable[[LogLine], None], line: LogLine) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(note, line)


def _carry_out(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def _nobody(record: Document) -> None:
    """Do nothing: no observer is registered."""
