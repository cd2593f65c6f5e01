"""Lists of documents as the platform answers them: a page, chosen and cut by the RQL of the request's URL."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from exh_dev.json_text import json_text
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.lists import found_aside
from exh_dev.platform.storage.search import Search, search, untyped
from exh_dev.platform.storage.sql import EVERYTHING, LONG, Sql
from exh_dev.platform.storage.time_limit import AT_ONCE, WITHOUT_FILE, TooSlowError
from exh_dev.platform.storage.ways import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from exh_dev.platform.storage.members import Link
    from exh_dev.platform.storage.search import Hidden, Shape
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.ways import Found

DEFAULT_LIMIT, MAXIMUM_LIMIT = 20, 100


def page(
    request: Request,
    store: Store,
    collection: str,
    *,
    visible: Sql = EVERYTHING,
    shape: Shape = untyped,
    show: Callable[[Document], Document] | None = None,
    is_hidden: Hidden | None = None,
    default_limit: int = DEFAULT_LIMIT,
    maximum_limit: int = MAXIMUM_LIMIT,
    indexes: Mapping[str, str] | None = None,
    reached: Sequence[Link] | None = None,
) -> Response:
    """Return the page of a collection that a request selects.

    Args:
        request: the request, whose query is RQL.
        store: the store.
        collection: the collection.
        visible: condition of documents that the caller may see.
        shape: types of the documents' members.
        show: converts a document for the answer; unchanged by default.
        is_hidden: whether `show` omits a member, which queries then cannot use.
        default_limit: page size without `limit`.
        maximum_limit: maximum page size; larger limits are reduced.
        indexes: names of the indexes by member.
        reached: the links of which `visible` requires one; None if it requires none or another condition.

    Raises:
        ErrorAnswer: 19 for invalid RQL.
    """
    wanted = search(query_of(request), shape, is_hidden=is_hidden)
    return page_of(
        wanted,
        store,
        collection,
        visible=visible,
        show=show,
        default_limit=default_limit,
        maximum_limit=maximum_limit,
        indexes=indexes,
        reached=reached,
    )


def page_of(
    wanted: Search,
    store: Store,
    collection: str,
    *,
    visible: Sql = EVERYTHING,
    show: Callable[[Document], Document] | None = None,
    default_limit: int = DEFAULT_LIMIT,
    maximum_limit: int = MAXIMUM_LIMIT,
    indexes: Mapping[str, str] | None = None,
    reached: Sequence[Link] | None = None,
) -> Response:
    """Return the page of a collection that a query asks for; the other arguments are those of `page`."""
    condition = visible & wanted.condition
    limit = max(1, min(default_limit if wanted.limit is None else wanted.limit, maximum_limit))
    # Of documents with the same values those come first that an index, read in the same direction, has first.
    last = ("id DESC",) if wanted.order and wanted.order[-1].endswith(" DESC") else ()
    asked = Asked(
        collection,
        condition,
        (*wanted.order, *last),
        limit,
        wanted.offset,
        wanted.counted,
        wanted.narrowed,
        wanted.sorted_by,
        indexes or {},
        reached,
        is_all=wanted.condition == EVERYTHING,
    )

    def answer(found: Found) -> Response:
        texts: Iterable[str] = found.texts
        if show or wanted.select:
            documents = (json.loads(text) for text in texts)
            shown = (show(document) if show else document for document in documents)
            texts = (json_text(selected(document, wanted)) for document in shown)
        bounds = {"offset": wanted.offset, "limit": limit}
        if found.total is not None:
            bounds = {"total": found.total, **bounds}
        body = f'{{"query": "{{}}", "page": {json.dumps(bounds)}, "data": [{",".join(texts)}]}}'
        return Response(body, media_type="application/json")

    if store.path is None:
        return answer(store.found(asked, WITHOUT_FILE))
    if len(condition.text) < LONG:  # a longer one would not be over in time, nor be ended in time
        with suppress(TooSlowError):
            return answer(store.found(asked, AT_ONCE))
    return _Aside(store.path, asked, answer)


class _Aside(Response):
    """An answer with a slow list, computed on another thread."""

    def __init__(self, path: Path, asked: Asked, answer: Callable[[Found], Response]) -> None:
        super().__init__()
        self._path = path
        self._asked = asked
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer when it is ready."""
        found = await found_aside(self._path, self._asked)
        await self._answer(found)(scope, receive, send)


def matching(
    request: Request, store: Store, collection: str, *, visible: Sql = EVERYTHING, is_hidden: Hidden | None = None
) -> list[Document]:
    """Return every document that the request's RQL selects, for bulk operations.

    Raises:
        ErrorAnswer: 20 without a condition, 19 for invalid RQL.
    """
    return picked(search(query_of(request), is_hidden=is_hidden), store, collection, visible=visible)


def picked(wanted: Search, store: Store, collection: str, *, visible: Sql) -> list[Document]:
    """Return every document that a query selects, up to its limit, for bulk operations.

    Raises:
        ErrorAnswer: 20 without a condition: `limit(1)` alone or an empty query must not select arbitrary documents.
    """
    if wanted.condition == EVERYTHING:
        raise ErrorAnswer(20, "This call needs RQL that selects the records to change")
    limit = -1 if wanted.limit is None else wanted.limit
    texts = store.page(collection, visible & wanted.condition, wanted.order, limit, wanted.offset)
    return [json.loads(text) for text in texts]


def meets(request: Request, store: Store, document: Document, *, shape: Shape = untyped) -> bool:
    """Return whether a document meets the request's RQL, which guards a change; without RQL it does."""
    query = query_of(request)
    return not query or store.holds(document, search(query, shape).condition)


def search_shown(query: str, collection: str, body: str) -> Search:
    """Return a search over documents in the form of the answer, where that differs from the stored form.

    Args:
        query: RQL.
        collection: the collection of the documents.
        body: the SQL expression of a document in the answer, with `documents.body` for the stored one.
    """
    wanted = search(query)
    # Made once per document and held, for a condition reads it many times. The names are the callers' own.
    rows = f"SELECT id, {body} FROM documents WHERE collection = '{collection}'"
    shown = f"WITH shown (id, body) AS MATERIALIZED ({rows}) SELECT id FROM shown"
    if wanted.condition != EVERYTHING:
        wanted.condition = Sql(f"id IN ({shown} WHERE {wanted.condition.text})", wanted.condition.values)
    wanted.order = search(query, body=body).order
    return wanted


def query_of(request: Request) -> str:
    """Return the RQL of a request."""
    return str(request.scope["query_string"].decode("latin-1"))


def single_page(documents: Sequence[Any]) -> dict[str, Any]:
    """Return a page that holds everything; its limit is honest, or clients that ask for all would go on for ever."""
    bounds = {"total": len(documents), "offset": 0, "limit": max(len(documents), DEFAULT_LIMIT)}
    return {"query": "{}", "page": bounds, "data": documents}


def selected(document: Document, wanted: Search) -> Document:
    """Return the members that the query selects, and the id; all of them where it selects none."""
    if not wanted.select:
        return document
    chosen = {"id": document["id"]} if "id" in document else {}
    for path in wanted.select:
        _copy(document, chosen, path.split("."))
    return chosen


def _copy(source: Any, target: dict[str, Any], names: list[str]) -> None:
    name, *rest = names
    if not isinstance(source, dict) or name not in source:
        return
    value = source[name]
    if not rest:
        target[name] = value
    elif isinstance(value, dict):
        _copy(value, target.setdefault(name, {}), rest)
    elif isinstance(value, list):
        parts = target.setdefault(name, [{} for _ in value])
        for element, part in zip(value, parts, strict=True):
            _copy(element, part, rest)
