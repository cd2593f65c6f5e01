"""Record the effects of a request.

Stored records, transitions, and permission checks. They explain later what a call did and never change an answer.
Effects are small and contain no bodies, because the records that a request created refer to them (`origin.py`).
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from exh_dev.platform.storage.ids import object_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST = 1_000  # things of each kind that are noted of one request
_ID_LENGTH = 24  # of ids that sort in the order they were made
#: What a collection of the store holds, where that is something to people.
KINDS = {
    "configurations": "configuration",
    "dispatchers": "dispatcher",
    "events": "event",
    "files": "file",
    "functions": "function",
    "general_configurations": "configuration",
    "group_configurations": "configuration",
    "group_roles": "role",
    "groups": "group",
    "localizations": "localization",
    "mails": "mail",
    "notifications": "notification",
    "notifications_v2": "notification",
    "payment_orders": "order",
    "payment_products": "product",
    "profiles": "profile",
    "roles": "role",
    "schedules": "schedule",
    "schemas": "schema",
    "tasks": "task",
    "templates": "template",
    "user_configurations": "configuration",
    "users": "user",
}
_OF_DOCUMENTS = "documents:"


class Move(NamedTuple):
    """A transition of a document that a request made.

    Attributes:
        document_id: the document's.
        schema: the schema's name.
        name: the transition's name; `creation` for the first.
        before: the status before; None on creation.
        after: the status after.
        timestamp: when it happened, in the format of `iso`.
    """

    document_id: str
    schema: str
    name: str
    before: str | None
    after: str
    timestamp: str


@dataclass
class Effects:
    """The effects of a request.

    Attributes:
        root: trace id of the calling invocation; None for an external request.
        number: index of the invocation's call, from 1; 0 for an external request.
        method: HTTP method.
        path: without the query.
        timestamp: when it arrived, in the format of `iso`.
        status: status of its answer; None until then.
        duration_ms: until the answer was complete.
        event: the event, if these are the effects of a dispatcher rather than a request.
        id: an id that sorts before those of all records that it creates.
        stored: (collection, id) -> index in `moves` of the transition during which it was stored; None outside.
        moves: its transitions.
        permissions: (name, scope) -> how the caller has it: `globally`, or the groups; None if not.
        check: the failed condition, if it was refused.
    """

    root: str | None
    number: int
    method: str
    path: str
    timestamp: str
    status: int | None = None
    duration_ms: float | None = None
    event: Mapping[str, Any] | None = None
    id: str = field(default_factory=object_id)
    stored: dict[tuple[str, str], int | None] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    permissions: dict[tuple[str, tuple[str, ...]], str | Sequence[str] | None] = field(default_factory=dict)
    check: dict[str, Any] | None = None
    inside: int | None = None

    def made(self, thing: str) -> bool:
        """Return whether the record with this id was created since the request arrived."""
        return len(thing) == _ID_LENGTH and thing > self.id


#: Effects of the current request; None if they are not recorded.
current: ContextVar[Effects | None] = ContextVar("effects", default=None)


def kind_of(collection: str) -> str | None:
    """Return the display name of a collection's records; None for internal ones."""
    return "document" if collection.startswith(_OF_DOCUMENTS) else KINDS.get(collection)


def stored(collection: str, document_id: str | None) -> None:
    """Record that the request stored, changed or deleted a document."""
    effects = current.get()
    if effects is None or document_id is None or len(effects.stored) >= MOST or kind_of(collection) is None:
        return
    effects.stored.setdefault((collection, document_id), effects.inside)


def moved(move: Move) -> None:
    """Record a transition; records stored from now on belong to it, until the next one."""
    effects = current.get()
    if effects is not None and len(effects.moves) < MOST:
        effects.inside = len(effects.moves)
        effects.moves.append(move)


@contextmanager
def inside(document_id: str, transition: str) -> Iterator[None]:
    """Attribute documents stored inside the block to an earlier transition."""
    effects = current.get()
    if effects is None:
        yield
        return
    before = effects.inside
    places = [
        place for place, move in enumerate(effects.moves) if (move.document_id, move.name) == (document_id, transition)
    ]
    effects.inside = places[-1] if places else before
    try:
        yield
    finally:
        effects.inside = before


def checked(name: str, narrowed: tuple[str, ...], *, granted: bool, groups: Iterable[str] = ()) -> None:
    """Record a check of a permission: the caller has it globally (`granted`), in groups, or not."""
    effects = current.get()
    if effects is None:
        return
    held = effects.permissions.get((name, narrowed))
    if held is None:
        effects.permissions[name, narrowed] = "globally" if granted else sorted(groups) or None


def refused(check: dict[str, Any]) -> None:
    """Record that the request is refused, and why."""
    effects = current.get()
    if effects is not None:
        effects.check = {name: value for name, value in check.items() if name != "held"}
