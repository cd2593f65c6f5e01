"""Check a seed without a platform, with the same parsers as `/_dev/seed`."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from exh_dev.json_pointer import step
from exh_dev.platform.dev.seeding import PARTS, read_document, read_file, read_mail, read_profile, read_user
from exh_dev.platform.http.bodies import Fields
from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from exh_dev.platform.storage.store import Document

_NOW = 0.0  # none of the checks is about the time
_READERS: dict[str, Callable[[Fields], object]] = {
    "users": lambda fields: read_user(fields, _NOW),
    "files": read_file,
    "profiles": lambda fields: read_profile(fields, _NOW),
    "mails": lambda fields: read_mail(fields, _NOW),
}


class _Members(dict[str, Any]):
    """The members of an object, which remember which of them were asked for: no others mean anything."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.known: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.known.add(name)
        return super().get(name, default)


def problems_of(seed: Any, schemas: Mapping[str, Document | None]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a seed: where, as a JSON pointer, and why.

    Args:
        seed: what it holds.
        schemas: those of the project by name; None for one whose documents cannot be checked.
    """
    if not isinstance(seed, dict):
        yield "", "a seed is an object"
        return
    for name in seed:
        if name not in PARTS:
            yield f"/{step(name)}", f"a seed has {', '.join(PARTS)}, and no {name}{_meant(name, PARTS)}"
    for part, reader in _READERS.items():
        yield from _items(seed.get(part), f"/{part}", reader)
    documents = seed.get("documents")
    if documents is not None and not isinstance(documents, dict):
        yield "/documents", "the documents are an object: a list of them by the name of their schema"
        return
    for name, made in (documents or {}).items():
        place = f"/documents/{step(name)}"
        if name not in schemas:
            yield place, f"the project has no schema {name}{_meant(name, schemas)}"
        elif (schema := schemas[name]) is not None:
            yield from _items(made, place, partial(_read_document, schema))


def _read_document(schema: Document, fields: Fields) -> object:
    return read_document(fields, schema, _NOW)


def _items(items: Any, place: str, reader: Callable[[Fields], object]) -> Iterator[tuple[str, str]]:
    if items is not None and not isinstance(items, list):
        yield place, "expected a list"
        return
    ids: set[str] = set()
    for index, item in enumerate(items or ()):
        if not isinstance(item, dict):
            yield f"{place}/{index}", "expected an object"
            continue
        members = _Members(item)
        try:
            reader(Fields(members))
        except ErrorAnswer as answer:
            yield f"{place}/{index}", str(answer)
            continue
        for name in [each for each in members if each not in members.known]:
            yield f"{place}/{index}/{step(name)}", f"unknown key {name}{_meant(name, members.known)}"
        if isinstance(own := item.get("id"), str):
            if own in ids:
                yield f"{place}/{index}/id", "another one here has this id, and would take its place"
            ids.add(own)


def _meant(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""
