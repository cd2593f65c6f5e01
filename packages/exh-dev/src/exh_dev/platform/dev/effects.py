"""What one request does on the platform, noted while it is answered: what it stores, which documents it moves, which
permissions are looked at. For whoever asks later what a call did; nothing of it changes an answer.

A request's notes are small, and have nothing of its bodies: what it set off refers to them for as long as that is
known (`origin.py`).
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
        name: the transition's; `creation` for the one that a document begins with.
        before: the status before; None at the creation.
        after: the status since.
        timestamp: when, as `iso` writes it.
    """

    document_id: str
    schema: str
    name: str
    before: str | None
    after: str
    timestamp: str


@dataclass
class Effects:
    """What a request does.

    Attributes:
        root: the trace id of the invocation whose call it is; None for a request of somebody else.
        number: which of the invocation's calls it is, from 1; 0 for a request of somebody else.
        method: HTTP method.
        path: without the query.
        timestamp: when it came, as `iso` writes it.
        status: of its answer; None until there is one.
        duration_ms: until the whole answer was there.
        event: the event that this is done for, where it is no request but what a dispatcher does.
        id: less than the ids of all that it makes.
        stored: (collection, id) -> the move inside of which it was stored, as its place in `moves`; None outside.
        moves: the transitions it makes.
        permissions: (name, what narrows it) -> how it is held: `globally`, or the groups; None where it is not.
        check: what was not the case, where it was refused for that.
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
        """Return whether something with this id is new since the request came."""
        return len(thing) == _ID_LENGTH and thing > self.id


#: Those of the request that is being answered; None where nobody will ask.
current: ContextVar[Effects | None] = ContextVar("effects", default=None)


def kind_of(collection: str) -> str | None:
    """Return what a collection holds, to people; None for what is nobody's business."""
    return "document" if collection.startswith(_OF_DOCUMENTS) else KINDS.get(collection)


def stored(collection: str, document_id: str | None) -> None:
    """Something was stored, changed or deleted."""
    effects = current.get()
    if effects is None or document_id is None or len(effects.stored) >= MOST or kind_of(collection) is None:
        return
    effects.stored.setdefault((collection, document_id), effects.inside)


def moved(move: Move) -> None:
    """Record a transition of a document: what is stored from now on belongs to it, until the next one."""
    effects = current.get()
    if effects is not None and len(effects.moves) < MOST:
        effects.inside = len(effects.moves)
        effects.moves.append(move)


@contextmanager
def inside(document_id: str, transition: str) -> Iterator[None]:
    """Attribute what is stored in this block to an earlier transition."""
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
