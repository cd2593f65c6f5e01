"""A record of what the platform acknowledged to all clients, and of responses that were wrong."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

State = tuple[int, str] | None
"""A document's number and status; None if it is deleted."""


@dataclass
class Document:
    """A document and its possible states, recorded by the one client that changes it.

    Attributes:
        id: id of the document.
        states: states that the document may be in: the last acknowledged one, and each later one whose request ended
            without a response.
    """

    id: str
    states: list[State]

    def may_become(self, state: State) -> None:
        """Record that a request for this state starts."""
        self.states.append(state)

    def is_now(self, state: State) -> None:
        """Record that the platform has acknowledged or returned this state."""
        self.states = [state]

    @property
    def known(self) -> State:
        """The last acknowledged state."""
        return self.states[0]


@dataclass
class Books:
    """The record of all clients. Thread-safe, as long as each document is changed by one thread only."""

    documents: dict[str, Document] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # token to the digest of the content
    mails: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    surprises: Counter[str] = field(default_factory=Counter)
    server_errors: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count an expected response."""
        with self._lock:
            self.counts[what] += 1

    def surprise(self, what: str) -> None:
        """Count an unexpected response."""
        with self._lock:
            self.surprises[what] += 1

    def server_error(self, what: str) -> None:
        """Count a 5xx response that no fault rule caused."""
        with self._lock:
            self.server_errors += 1
            self.surprises[f"5xx: {what}"] += 1

    def made(self, document_id: str, state: State) -> Document:
        """Record the acknowledged creation of a document."""
        document = Document(document_id, [state])
        with self._lock:
            self.documents[document_id] = document
        return document

    def lost(self, found: Mapping[str, State]) -> list[str]:
        """Return a line for each document that is in no possible state; `found` has the platform's documents by id."""
        return [
            f"document {each.id} is {found.get(each.id)}, but was acknowledged as {each.known}"
            for each in self.documents.values()
            if found.get(each.id) not in each.states
        ]
