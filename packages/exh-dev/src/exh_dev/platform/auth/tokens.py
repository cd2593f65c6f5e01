"""Tokens and authorizations of every kind: list and revoke them, one or all.

Users revoke their own tokens, or any with a permission. Other users' tokens count as unknown: 16, or 0 affected records
for OAuth1 tokens, for which no 404 is published. Deletion and a password reset revoke all tokens of a user or
application.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import page_of, query_of
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store

_COLLECTIONS = (
    "mfa_tokens",
    "oauth1_tokens",
    "oauth2_access_tokens",
    "oauth2_authorizations",
    "oauth2_refresh_tokens",
    "presence_tokens",
    "sso_tokens",
)
_KEPT = 86_400  # seconds for which something expired still says so, rather than being unknown


@dataclass(frozen=True)
class _Tokens:
    """A kind of token: its path, collection, and the members hidden in answers."""

    path: str
    collection: str
    hidden: tuple[str, ...] = ()
    silent: bool = False
    view: tuple[str, ...] = ("VIEW_AUTHORIZATIONS",)
    delete: tuple[str, ...] = ("DELETE_AUTHORIZATIONS",)


_KINDS = (
    _Tokens("oauth1/tokens", "oauth1_tokens", silent=True),
    _Tokens("oauth2/authorizations", "oauth2_authorizations", ("applicationId",)),
    _Tokens("oauth2/tokens", "oauth2_access_tokens"),
    _Tokens(
        "oauth2/refreshTokens",
        "oauth2_refresh_tokens",
        ("refreshToken",),
        view=("VIEW_OAUTH2_REFRESH_TOKENS", "VIEW_AUTHORIZATIONS"),
        delete=("DELETE_OAUTH2_REFRESH_TOKEN", "DELETE_AUTHORIZATIONS"),
    ),
)


def routes(base: str, store: Store) -> list[Route]:
    """Return the endpoints that list and end tokens."""
    return [route for tokens in _KINDS for route in _routes(base, store, tokens)]


def _routes(base: str, store: Store, tokens: _Tokens) -> list[Route]:
    hidden = "".join(f", '$.{name}'" for name in tokens.hidden)
    body = f"json_remove(body{hidden})" if hidden else "body"

    def show(document: Document) -> Document:
        return {name: value for name, value in document.items() if name not in tokens.hidden and value is not None}

    async def find(request: Request) -> Response:
        rights = rights_of(request, store)
        me = rights.require_user()
        visible = EVERYTHING if any(map(rights.has, tokens.view)) else Sql(f"{member('userId')} = ?", (me,))
        wanted = search(query_of(request), _shape, body=body)
        return page_of(wanted, store, tokens.collection, visible=visible, show=show)

    async def remove(request: Request) -> JSONResponse:
        rights = rights_of(request, store)
        me = rights.require_user()
        token = store.get(tokens.collection, checked_id(request.path_params["id"]))
        if token is None or (token["userId"] != me and not any(map(rights.has, tokens.delete))):
            if tokens.silent:
                return JSONResponse({"affectedRecords": 0})
            raise ErrorAnswer(16, "Requested resource is unknown")
        store.delete(tokens.collection, token["id"])
        return JSONResponse({"affectedRecords": 1})

    path = f"{base}/{tokens.path}"
    return [Route(path, find, methods=["GET"]), Route(f"{path}/{{id}}", remove, methods=["DELETE"])]


def _shape(path: str) -> Kind:
    return "date-time" if path.endswith("Timestamp") else "string"


def end_tokens(store: Store, member_name: str, value: str) -> None:
    """Remove what was earned by a user (`userId`) or through an application (`applicationId`)."""
    condition = Sql(f"json_extract(body, '$.{member_name}') = ?", (value,))  # as the store's indexes have it
    for collection in _COLLECTIONS:
        for token in store.matching(collection, condition):
            store.delete(collection, token["id"])


def forget_expired(store: Store, now: float) -> None:
    """Remove what expired more than a day ago."""
    condition = Sql(f"{member('expiryTimestamp')} <= ?", (iso(now - _KEPT),))
    for collection in _COLLECTIONS:
        for token in store.matching(collection, condition):
            store.delete(collection, token["id"])
