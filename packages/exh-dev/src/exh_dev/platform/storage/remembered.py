"""What was made of documents that many requests need and few change: roles, schemas, the keys of applications."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

MOST = 1_000  # things, before all of them are forgotten


class Remembered:
    """Things that are good until one of the collections changes that they were made of."""

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._changes = Counter[str]()
        self._things: dict[Hashable, tuple[tuple[int, ...], Any]] = {}

    def get(self, key: Hashable, make: Callable[[], T], collections: tuple[str, ...]) -> T:
        """Return the thing with this key, made by `make` where there is none, or none that is still good."""
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
        """Nothing is good any more."""
        self._things.clear()
