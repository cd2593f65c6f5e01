"""Which invocation of a function is behind what the platform does: the tasks and events that its calls made.

The client sends the trace id of its invocation, as everything on AWS does that wants to be followed; the local runtime
makes that id from the request id.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from starlette.types import Scope

    from exh_dev.platform.storage.store import Store

_ROOT = re.compile(rb"Root=([0-9a-f-]+)")
_MOST = 20_000

#: The trace id of the invocation whose request is being answered; None when no invocation made it.
answering: ContextVar[str | None] = ContextVar("answering", default=None)

_known: WeakKeyDictionary[Store, OrderedDict[str, str]] = WeakKeyDictionary()


def root_of(scope: Scope) -> str | None:
    """The trace id of the invocation that made a request."""
    trace = next((value for name, value in scope["headers"] if name == b"x-amzn-trace-id"), b"")
    found = _ROOT.search(trace)
    return found[1].decode() if found else None


def note(store: Store, made: str) -> None:
    """A task or an event with the id `made` comes into `store`."""
    if root := answering.get():
        known = _known.setdefault(store, OrderedDict())
        known[made] = root
        if len(known) > _MOST:
            known.popitem(last=False)


def cause_of(store: Store, made: str) -> str | None:
    """The trace id of the invocation that is behind a task or an event, if one is."""
    known = _known.get(store)
    return known.get(made) if known else None
