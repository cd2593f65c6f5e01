"""The origin of tasks and events: the request, and the function invocation, that created them.

The client sends the X-Ray trace id of its invocation; the local runtime derives that id from the request id.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from exh_dev.platform.dev import effects
from exh_dev.platform.dev.effects import Effects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.types import Scope

    from exh_dev.platform.storage.store import Store

_ROOT = re.compile(rb"Root=([0-9a-f-]+)")
_MOST = 5_000  # some 2 KB each: only the latest tasks and events are asked about

#: The trace id of the invocation whose request is being answered; None when no invocation made it.
answering: ContextVar[str | None] = ContextVar("answering", default=None)

_known: WeakKeyDictionary[Store, OrderedDict[str, Effects]] = WeakKeyDictionary()
_scheduled: WeakKeyDictionary[Store, OrderedDict[str, None]] = WeakKeyDictionary()


def invocation_trace(scope: Scope) -> str | None:
    """Return the trace id of the invocation that sent a request."""
    trace = next((value for name, value in scope["headers"] if name == b"x-amzn-trace-id"), b"")
    found = _ROOT.search(trace)
    return found[1].decode() if found else None


def note(store: Store, made: str) -> None:
    """Record the current request as the origin of the task or event `made`."""
    if request := effects.current.get():
        known = _known.setdefault(store, OrderedDict())
        known[made] = request
        if len(known) > _MOST:
            known.popitem(last=False)


def note_scheduled(store: Store, task_id: str) -> None:
    """Record that a schedule made a task."""
    known = _scheduled.setdefault(store, OrderedDict())
    known[task_id] = None
    if len(known) > _MOST:
        known.popitem(last=False)


def is_scheduled(store: Store, task_id: object) -> bool:
    """Return whether a schedule made a task; False as well for one from before the platform was started."""
    return isinstance(task_id, str) and task_id in _scheduled.get(store, ())


def request_of(store: Store, made: str) -> Effects | None:
    """Return the request or dispatcher action that created a task or event; None if unknown."""
    known = _known.get(store)
    return known.get(made) if known else None


def when_dispatched(store: Store, call: Callable[[Effects], None]) -> None:
    """Call `call` with all that a dispatcher did for an event of `store`, once it has done it."""
    store.listeners["dispatched"] = call


@contextmanager
def dispatching(store: Store, event: Mapping[str, Any], timestamp: str) -> Iterator[None]:
    """Attribute what happens in this block to a dispatcher and its event. One that a request published is of the
    invocation behind that request.
    """
    published = request_of(store, str(event["id"]))
    done = Effects(published.root if published else None, 0, "", "", timestamp, event=event)
    tokens = answering.set(done.root), effects.current.set(done)
    try:
        yield
    finally:
        answering.reset(tokens[0])
        effects.current.reset(tokens[1])
    if done.stored and (call := store.listeners.get("dispatched")):
        call(done)
