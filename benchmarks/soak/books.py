"""What the platform has acknowledged, and whether it is there: kept by clients, held against the platform."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

State = tuple[int, str] | None
"""A document's number and status; None when it is deleted."""


@dataclass
class Document:
    """A document as its one owner knows it.

    Attributes:
        id: of the document.
        states: those that it may be in: the last one that was acknowledged, and each one after it whose call ended
            without an answer.
    """

    id: str
    states: list[State]

    def may_become(self, state: State) -> None:
        """Record that a call for this state begins."""
        self.states.append(state)

    def is_now(self, state: State) -> None:
        """Record that the platform has acknowledged this state, or shown it."""
        self.states = [state]

    @property
    def known(self) -> State:
        """The state that was acknowledged last."""
        return self.states[0]


@dataclass
class Books:
    """What all clients together were told. Safe to use from many threads, each with documents of its own."""

    documents: dict[str, Document] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # token to the digest of the content
    mails: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    surprises: Counter[str] = field(default_factory=Counter)
    server_errors: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Something was answered."""
        with self._lock:
            self.counts[what] += 1

    def surprise(self, what: str) -> None:
        """Something was answered that should not have been."""
        with self._lock:
            self.surprises[what] += 1

    def server_error(self, what: str) -> None:
        """Record an answer from 500 on that no fault rule gave."""
        with self._lock:
            self.server_errors += 1
            self.surprises[f"5xx: {what}"] += 1

    def made(self, document_id: str, state: State) -> Document:
        """Record that a document was acknowledged."""
        document = Document(document_id, [state])
        with self._lock:
            self.documents[document_id] = document
        return document

    def lost(self, found: Mapping[str, State]) -> list[str]:
        """Return what of the documents is not as it was acknowledged, given all that the platform has."""
        return [
            f"document {each.id} is {found.get(each.id)}, and was acknowledged as {each.known}"
            for each in self.documents.values()
            if found.get(each.id) not in each.states
        ]
