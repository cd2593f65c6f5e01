"""The cause of a run and its trace: another run, by a call or by its failure, or an external request."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform.dev import effects
from exh_dev.platform.dev.origin import answering, request_of
from exh_dev.platform.tasks.run_list import RUNS
from exh_dev.runtime import trace_root

if TYPE_CHECKING:
    from exh_dev.platform.dev.effects import Effects
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.run_list import RunList

_MOST = 2_000  # runs whose calls are known to have made something


class Cause(NamedTuple):
    """The cause of a run.

    Attributes:
        run: another run's record.
        call: the index of that run's call; None for its failure.
        start: an external request.
    """

    run: Document | None = None
    call: int | None = None
    start: Effects | None = None


class Causes:
    """Causes of the latest runs of a store."""

    def __init__(self, store: Store, runs: RunList) -> None:
        self._store = store
        self._runs = runs
        self._by_root: OrderedDict[str, str] = OrderedDict()

    def add(self, run_id: str, request_id: str) -> None:
        """Add a run that begins, and may trigger others."""
        self._by_root[trace_root(request_id)] = run_id
        if len(self._by_root) > _MOST:
            self._by_root.popitem(last=False)

    def run_of(self, root: str) -> str | None:
        """Return the run that a trace id of X-Ray is of, if it is one of the latest."""
        return self._by_root.get(root)

    def of(self, event: Document, published: Document | None) -> Cause:
        """Return what set a run off that gets `event`, with the event `published` in it if a dispatcher
        passes one on.
        """
        for made in (event.get("id"), (published or {}).get("id")):
            request = request_of(self._store, made) if isinstance(made, str) else None
            if request is not None and request.event is None:
                return self._behind(request)
        if (request := effects.current.get()) and request.event is None:
            return self._behind(request)
        if root := answering.get():
            return Cause(self._run(root))
        return Cause(self._failed(published)) if published else Cause()

    def of_made(self, thing: str) -> Cause | None:
        """Return the cause of a task or an event; None if unknown."""
        request = request_of(self._store, thing)
        if request is not None and request.event is not None:
            request = request_of(self._store, str(request.event["id"]))
        return None if request is None else self._behind(request)

    def trace(self, cause: Cause, *, otherwise: str, chain: str | None = None) -> str:
        """Return the trace of a cause; without a cause, that of the first attempt of a chain, else `otherwise`."""
        if cause.run is not None:
            return str(cause.run.get("trace", cause.run["id"]))
        if cause.start is not None:
            return cause.start.id
        first = self._runs.first_having("chain", chain) if chain else None
        return str(first.get("trace", first["id"])) if first else otherwise

    def _behind(self, request: Effects) -> Cause:
        if request.root is None:
            return Cause(start=request)
        run = self._run(request.root)
        return Cause(run, request.number if run else None)

    def _run(self, root: str) -> Document | None:
        run_id = self._by_root.get(root)
        return self._store.get(RUNS, run_id) if run_id else None

    def _failed(self, published: Document) -> Document | None:
        """Return the run whose failure an event is about."""
        content = published.get("content") if published["type"] == "task_failed" else None
        found = self._runs.having("task_id", str(content.get("id")), 1) if isinstance(content, dict) else []
        return found[-1] if found else None


def published_in(event: Document) -> Document | None:
    """Return the event that a dispatcher passes on to a function."""
    data = event.get("data")
    published = data.get("event") if isinstance(data, dict) else None
    if not isinstance(published, dict) or not all(isinstance(published.get(name), str) for name in ("id", "type")):
        return None
    return published
