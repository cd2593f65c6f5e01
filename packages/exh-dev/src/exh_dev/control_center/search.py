"""`/_dev/api/search`: one search over functions, runs, documents, users, files, mails and what else has an id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exh_dev.control_center.entries import among_newest
from exh_dev.platform.data.collections import SCHEMAS, documents_of
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.tasks import built_in
from exh_dev.platform.tasks.records import FUNCTIONS, OWN_FUNCTIONS, TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store

_MOST = 20  # as many as are seen without scrolling
_MOST_OF_A_KIND = 5  # so that a kind with many matches leaves room for the others
_LOOKED_THROUGH = 20_000  # the newest documents of a collection
_LONGEST = 200  # characters

_Found = dict[str, str]


@dataclass(frozen=True)
class _Kind:
    """A collection whose documents are found by words of theirs.

    Attributes:
        name: the kind, as results name it.
        collection: where they are.
        members: what is searched in.
        show: the title and the subtitle of a document.
        href: where the page shows a document.
    """

    name: str
    collection: str
    members: tuple[str, ...]
    show: Callable[[Document], tuple[str, str]]
    href: Callable[[Document], str]


def _person(user: Document) -> tuple[str, str]:
    return f"{user['first_name']} {user['last_name']}".strip(), user["email"]


def _at(view: str, *path: str) -> str:
    return "/".join(("#", view, *(quote(each, safe="") for each in path)))


_KINDS = (
    _Kind("schema", SCHEMAS, ("name",), lambda each: (each["name"], each.get("description", "")),
          lambda each: _at("documents", each["name"])),
    _Kind("user", "users", ("email", "first_name", "last_name"), _person, lambda each: _at("users", each["id"])),
    _Kind("file", "files", ("name",), lambda each: (each["name"], each["mimetype"]),
          lambda each: _at("files", each["id"])),
    _Kind("mail", "mails", ("subject",), lambda each: (each.get("subject") or "without a subject", _addressees(each)),
          lambda each: _at("mail", each["id"])),
    _Kind("template", "templates", ("name",), lambda each: (each["name"], each.get("description") or ""),
          lambda each: _at("templates", each["id"])),
)  # fmt: skip


def routes(base: str, context: Context) -> list[Route]:
    async def search(request: Request) -> JsonAnswer:
        wanted = request.query_params.get("q", "").strip()
        if len(wanted) > _LONGEST:
            raise ErrorAnswer(15, f"q has {len(wanted)} characters, and at most {_LONGEST} are searched for")
        found = list(_found(context, wanted)) if wanted else []
        return JsonAnswer({"data": found[:_MOST]})

    return [Route(f"{base}/search", search, methods=["GET"])]


def _found(context: Context, wanted: str) -> Iterator[_Found]:
    """Yield what has this id, then functions, then what has these words in it."""
    yield from _by_id(context, wanted)
    names = [name for name in _function_names(context) if wanted.lower() in name.lower()]
    for name in names[:_MOST_OF_A_KIND]:
        yield _result("function", name, name, "", _at("functions", name))
    for kind in _KINDS:
        for each in _with_words(context.store, kind, wanted):
            yield _of(kind, each)


def _by_id(context: Context, wanted: str) -> Iterator[_Found]:
    store, runs = context.store, context.runner.runs
    if run := runs.record(wanted) or runs.list.first_having("request_id", wanted):
        yield _result("run", run["id"], f"Run of {run['function']}", run["status"], _at("runs", run["id"]))
    if task := store.get(TASKS, wanted):
        yield _result("task", wanted, f"Task of {task['functionName']}", task["status"], _at("queue", wanted))
    for schema in store.matching(SCHEMAS, EVERYTHING):
        if document := store.get(documents_of(schema), wanted):
            href = _at("documents", schema["name"], wanted)
            yield _result("document", wanted, f"Document of {schema['name']}", document["status"], href)
    for kind in _KINDS:
        # A file's token begins with its id.
        if each := store.get(kind.collection, wanted.partition("-")[0] if kind.name == "file" else wanted):
            yield _of(kind, each)


def _function_names(context: Context) -> list[str]:
    described = [each["name"] for each in context.project.functions()] if context.project else []
    stored = [each["name"] for name in (OWN_FUNCTIONS, FUNCTIONS) for each in context.store.matching(name, EVERYTHING)]
    return list(dict.fromkeys([*described, *stored, *built_in.RECORDS]))


def _with_words(store: Store, kind: _Kind, wanted: str) -> list[Document]:
    pattern = f"%{wanted.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
    meets = " OR ".join(f"{member(each)} LIKE ? ESCAPE '!'" for each in kind.members)
    words = Sql(meets, (pattern,) * len(kind.members))
    condition = among_newest(kind.collection, _LOOKED_THROUGH, words)
    return [json.loads(text) for text in store.page(kind.collection, condition, ("id DESC",), _MOST_OF_A_KIND, 0)]


def _of(kind: _Kind, document: Document) -> _Found:
    title, subtitle = kind.show(document)
    return _result(kind.name, document["id"], title, subtitle, kind.href(document))


def _result(kind: str, found: str, title: str, subtitle: str, href: str) -> _Found:
    return {"kind": kind, "id": found, "title": title, "subtitle": subtitle, "href": href}


def _addressees(mail: Document) -> str:
    recipients: Any = mail.get("recipients") or {}
    return ", ".join(recipients.get("to") or ())
