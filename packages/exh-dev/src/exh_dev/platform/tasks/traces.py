"""Traces over all functions: a tree of causes and effects on one timeline.

request     external, the root
run         of a function, under its task or call; retries under the first attempt's task
call        of the platform, under its run
transition  of a document, under its call
task        under the transition, call or event that created it
event       handled by a dispatcher, under the call that published it or the failed run
mail        under the call or the event that sent it
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from exh_dev.platform.pacing import BREAK, paced
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_seconds, iso
from exh_dev.platform.tasks.records import TASKS
from exh_dev.platform.tasks.run_retention import DISPATCHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.runs import Runs

MOST_NODES = 20_000
_MOST_RUNS = 5_000
_DISPATCHED_OF_TRACE = "trace_dispatched_of"
_WAITING = ("new",)
_FAILED = ("failed", "canceled")
_MOST_ATTEMPTS = 10


class Traces:
    """The traces of a store's runs. All methods must run on the event loop's thread."""

    def __init__(self, store: Store, runs: Runs) -> None:
        self._store = store
        self._runs = runs
        store.index(_DISPATCHED_OF_TRACE, DISPATCHED, [member("trace"), "id"])

    async def of(self, thing: str) -> Document | None:
        """Return the trace of a run, task, event or request; None if unknown.

        Returns:
            `id`; `started` and `ended` of the trace; `runs` and `failed`, the counts; `nodes`, parents first, and `cut`
            if truncated.
        """
        trace = self._runs.trace_of(thing)
        if trace is None:
            return None
        tree = _Tree(self._store)
        if start := self._runs.start_of(trace):
            tree.add_start(start)
        runs = self._runs.list.having("trace", trace, _MOST_RUNS)
        await self._runs.ready()
        await paced(self._grown(tree, runs, trace))
        nodes = tree.in_order()
        await asyncio.sleep(BREAK)
        return {
            "id": trace,
            "started": min((node["started"] for node in nodes), default=None),
            "ended": max((node["ended"] for node in nodes if node["ended"]), default=None),
            "runs": len(runs),
            "failed": sum(run["status"] == "FAILED" for run in runs),
            "nodes": nodes[:MOST_NODES],
            "cut": len(nodes) > MOST_NODES or len(runs) >= _MOST_RUNS,
        }

    def _grown(self, tree: _Tree, runs: list[Document], trace: str) -> Iterator[None]:
        """Put into a tree what a trace has, in steps."""
        for run in runs:
            if len(tree.nodes) < MOST_NODES:
                yield from tree.add_calls(run, self._runs.calls_in(run["id"]))
        for done in self._dispatched(trace):
            tree.add_dispatched(done)
        for run in runs:
            tree.add_run(run)
            yield

    def _dispatched(self, trace: str) -> list[Document]:
        of = Sql(f"{member('trace')} = ?", (trace,))
        found = self._store.page(DISPATCHED, of, ("id",), _MOST_RUNS, 0, _DISPATCHED_OF_TRACE)
        return [json.loads(text) for text in found]


class _Tree:
    """The nodes of one trace, by their ids."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.nodes: dict[str, dict[str, Any]] = {}

    def add_start(self, start: Document) -> None:
        """Add the request that it began with."""
        status = start["status"]
        self._add(
            f"request:{start['id']}",
            None,
            "request",
            label=_label(start),
            name=start["path"],
            started=start["timestamp"],
            ended=_later(start["timestamp"], start["duration_ms"]),
            status=_of_http(status),
            detail=None if status is None else str(status),
            ref={"request": start["id"]},
        )
        self._add_made(f"request:{start['id']}", start)

    def add_calls(self, run: Document, calls: list[Document]) -> Iterator[None]:
        """Add a run's calls and the records that they created, in steps."""
        yield
        for place, call in enumerate(calls, 1):
            number = call.get("number", place)  # of one that an earlier platform kept
            name = f"call:{run['id']}:{number}"
            self._add(
                name,
                f"run:{run['id']}",
                "call",
                label=_label(call),
                name=call["path"],
                started=call["timestamp"],
                ended=_later(call["timestamp"], call["duration_ms"]),
                status=_of_http(call["status"]),
                detail=str(call["status"]),
                ref={"run": run["id"], "call": number},
            )
            self._add_made(name, call)
            yield

    def add_dispatched(self, done: Document) -> None:
        """Add what a dispatcher did for an event."""
        event = self._event(done, done["event_id"], done["event_type"], done["timestamp"])
        self._add_made(event, done)

    def add_run(self, run: Document) -> None:
        """Add a run, under its cause."""
        started = run["started"].replace("+00:00", "Z")
        spent = run.get("waited_ms", 0) + run.get("duration_ms", 0)
        attempt = f", attempt {run['attempt']}" if run["attempt"] > 1 else ""
        self._add(
            f"run:{run['id']}",
            self._parent(run),
            "run",
            label=f"{run['function']}{attempt}",
            name=run["function"],
            started=started,
            ended=None if run["status"] == "running" else _later(started, spent),
            status=run["status"],
            detail=run["failure"] or None,
            ref={"run": run["id"]},
        )

    def in_order(self) -> list[dict[str, Any]]:
        """Return all nodes by start, parents first, without events that had no effect."""
        children: dict[str | None, list[str]] = {}
        for name, node in self.nodes.items():
            parent = node["parent"]
            if parent is not None and parent not in self.nodes:
                node["parent"] = parent = None
            children.setdefault(parent, []).append(name)
        found: list[dict[str, Any]] = []
        waiting = sorted(children.get(None, ()), key=self._when, reverse=True)
        while waiting:
            name = waiting.pop()
            node = self.nodes[name]
            if node["kind"] != "event" or name in children:
                found.append(node)
                waiting += sorted(children.get(name, ()), key=self._when, reverse=True)
        return found

    def _when(self, name: str) -> tuple[str, str]:
        return self.nodes[name]["started"], name

    def _parent(self, run: Document) -> str | None:
        task = run["chain"] if run["attempt"] > 1 else run.get("task_id")
        if run["kind"] in {"task", "direct"} and task:
            name = f"task:{task}"
            if name not in self.nodes:
                self._add_task(task, self._behind(run), run["function"], run["started"].replace("+00:00", "Z"))
            return name
        return self._behind(run)

    def _behind(self, run: Document) -> str | None:
        """Return the event that a dispatcher acted on, or whatever set a run off."""
        if "event_id" in run:
            return self._event(run, run["event_id"], run.get("event_type", ""), run["started"].replace("+00:00", "Z"))
        return self._cause(run)

    def _cause(self, caused: Document) -> str | None:
        if "caused_by" in caused:
            call = f"call:{caused['caused_by']}:{caused.get('caused_by_call')}"
            return call if call in self.nodes else f"run:{caused['caused_by']}"
        start = f"request:{caused.get('trace')}"
        return start if start in self.nodes else None

    def _event(self, caused: Document, event_id: str, event_type: str, timestamp: str) -> str:
        name = f"event:{event_id}"
        if name not in self.nodes:
            self._add_event(event_id, self._cause(caused), event_type, timestamp)
        return name

    def _add_made(self, parent: str, request: Document) -> None:
        """Add a request's transitions, and the tasks, mails and events that they and the request created."""
        moves = []
        for place, move in enumerate(request.get("transitions", ())):
            name = f"transition:{parent}:{place}"
            moves.append(name)
            way = " → ".join(status for status in (move["before"], move["after"]) if status)
            self._add(
                name,
                parent,
                "transition",
                label=f"{move['schema']}: {move['name']}",
                name=move["name"],
                started=move["timestamp"],
                ended=move["timestamp"],
                status="OK",
                detail=way,
                ref={"document": move["document_id"], "schema": move["schema"]},
            )
        for change in request.get("changes", ()):
            if change["change"] != "created":
                continue
            place = change.get("transition")
            under = parent if place is None or place >= len(moves) else moves[place]
            named, when = change.get("name", ""), request["timestamp"]
            match change["kind"]:
                case "task":
                    self._add_task(change["id"], under, named, when)
                case "event":
                    self._add_event(change["id"], parent, named, when)
                case "mail":
                    ref = {"mail": change["id"]}
                    what = {"label": named or "mail", "name": named, "started": when, "ended": when, "ref": ref}
                    self._add(f"mail:{change['id']}", parent, "mail", status="OK", detail="sent", **what)

    def _add_task(self, task_id: str, parent: str | None, function: str, when: str) -> None:
        task = self._store.get(TASKS, task_id) or {}
        last = task
        for _ in range(_MOST_ATTEMPTS):
            if "retriedByTaskId" not in last:
                break
            last = self._store.get(TASKS, last["retriedByTaskId"]) or {}
        status = last.get("status")
        over = status not in {"new", "inProgress"}
        known = "waiting" if status in _WAITING else "running" if not over else "FAILED" if status in _FAILED else "OK"
        self._add(
            f"task:{task_id}",
            parent,
            "task",
            label=f"task {function}",
            name=function,
            started=task.get("creationTimestamp", when),
            ended=last.get("statusChangedTimestamp") if over else None,
            status=known,
            detail=status,
            ref={"task": task_id},
        )

    def _add_event(self, event_id: str, parent: str | None, event_type: str, when: str) -> None:
        what = {"label": event_type, "name": event_type, "started": when, "ended": when, "ref": {"event": event_id}}
        self._add(f"event:{event_id}", parent, "event", status="OK", detail=None, **what)

    def _add(self, node_id: str, parent: str | None, kind: str, **members: Any) -> None:
        self.nodes.setdefault(node_id, {"id": node_id, "parent": parent, "kind": kind, **members})


def _label(call: Document) -> str:
    """Return method and path, with a schema's name instead of its id."""
    schema = call.get("schema")
    path = call["path"].replace(schema["id"], schema["name"], 1) if schema else call["path"]
    return f"{call['method']} {path}"


def _of_http(status: int | None) -> str:
    if status is None:
        return "running"
    return "OK" if 0 < status < HTTPStatus.BAD_REQUEST else "FAILED"


def _later(timestamp: str, milliseconds: float | None) -> str | None:
    """Return a timestamp plus a duration; None if the duration is unknown."""
    return None if milliseconds is None else iso(epoch_seconds(timestamp) + milliseconds / 1000)
