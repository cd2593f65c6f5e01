"""Cache of objects derived from rarely changed documents: roles, schemas, keys of applications."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

MOST = 1_000  # things, before all of them are forgotten


class Remembered:
    """Cached objects that are valid until one of their collections changes."""

    def __init__(self) -> None:
        self._changes = Counter[str]()
        self._things: dict[Hashable, tuple[tuple[int, ...], Any]] = {}

    def get(self, key: Hashable, make: Callable[[], T], collections: tuple[str, ...]) -> T:
        """Return the cached object of a key, or create it with `make` if missing or outdated."""
        # As it is before: what is made while something changes is not good afterwards.
        state = tuple(self._changes[collection] for collection in collections)
        found = self._things.get(key)
        if found is not None and found[0] == state:
            thing: T = found[1]
            return thing
        thing = make()
        if len(self._things) >= MOST:
            self._things.clear()
        self._things[key] = (state, thing)
        return thing

    def changed(self, collection: str) -> None:
        """Forget what was remembered of a collection that has changed."""
        self._changes[collection] += 1

    def forget_all(self) -> None:
        self._things.clear()
