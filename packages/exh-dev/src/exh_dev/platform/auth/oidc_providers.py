"""Records of OpenID Connect providers, and the permissions to change them.

A new provider is disabled. The lengths and the pattern of a name are those of the official SDK's types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page_of, query_of
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION = "oidc_providers"
#: Each member of a provider, and how many characters it may have.
_MEMBERS = {
    "name": 40,
    "description": 256,
    **dict.fromkeys(("clientId", "clientSecret", "issuerId"), 2048),
    **dict.fromkeys(("authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint", "redirectUri"), 2048),
}
_SHORTEST_NAME = 3
_NAME = re.compile("[a-zA-Z0-9_-]+")
_HINT = 4  # characters of the secret that are shown
_LINKED = Sql("EXISTS (SELECT 1 FROM json_each(body, '$.oidc_links') WHERE json_extract(value, '$.provider_id') = ?)")


@dataclass
class Providers:
    """The providers of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        every = f"{base}/oidc/providers"
        return [
            Route(every, self._find, methods=["GET"]),
            Route(every, self._create, methods=["POST"]),
            Route(f"{every}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{every}/{{id}}", self._remove, methods=["DELETE"]),
            Route(f"{every}/{{id}}/enable", self._enable, methods=["POST"]),
            Route(f"{every}/{{id}}/disable", self._disable, methods=["POST"]),
        ]

    async def _find(self, request: Request) -> Response:
        rights_of(request, self.store).require("VIEW_OIDC_PROVIDERS")
        wanted = search(query_of(request), body="json_remove(body, '$.clientSecret')")
        return page_of(wanted, self.store, COLLECTION, show=_shown)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("CREATE_OIDC_PROVIDER")
        fields = await read_json(request)
        for name in _MEMBERS:
            fields.text(name)
        changes = self._changes(fields)
        now = iso(self.clock())
        provider = {"id": object_id(), **changes, "enabled": False, "creationTimestamp": now, "updateTimestamp": now}
        self.store.put(COLLECTION, provider)
        return JSONResponse(_shown(provider))

    async def _update(self, request: Request) -> JSONResponse:
        self._changeable(request, "UPDATE_OIDC_PROVIDER")
        fields = await read_json(request)
        provider = self._changeable(request, "UPDATE_OIDC_PROVIDER")  # as it is now
        return self._put(provider | self._changes(fields, provider["id"]))

    async def _remove(self, request: Request) -> JSONResponse:
        provider = self._changeable(request, "DELETE_OIDC_PROVIDER")
        linked = self.store.count("users", Sql(_LINKED.text, (provider["id"],)))
        if provider["enabled"] or linked:
            raise ErrorAnswer(27, "The provider is enabled, or users are linked to it")
        self.store.delete(COLLECTION, provider["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _enable(self, request: Request) -> JSONResponse:
        return self._put(self._changeable(request, "UPDATE_OIDC_PROVIDER") | {"enabled": True})

    async def _disable(self, request: Request) -> JSONResponse:
        return self._put(self._changeable(request, "UPDATE_OIDC_PROVIDER") | {"enabled": False})

    def _changeable(self, request: Request, permission: str) -> Document:
        rights_of(request, self.store).require(permission)
        provider = self.store.get(COLLECTION, checked_id(request.path_params["id"]))
        if provider is None:
            raise ErrorAnswer(16, "The provider does not exist")
        return provider

    def _changes(self, fields: Fields, provider_id: str | None = None) -> Document:
        texts = {name: fields.optional_text(name) for name in _MEMBERS}
        changes = {name: text for name, text in texts.items() if text is not None}
        for changed, text in changes.items():
            if len(text) > _MEMBERS[changed]:
                raise ErrorAnswer(15, f"The field {changed} may have {_MEMBERS[changed]} characters")
        name = changes.get("name")
        if name is not None:
            if len(name) < _SHORTEST_NAME or not _NAME.fullmatch(name):
                rule = f"{_SHORTEST_NAME} to {_MEMBERS['name']} letters, digits, hyphens and underscores"
                raise ErrorAnswer(15, f"The field name must have {rule}")
            other = provider_named(self.store, name)
            if other and other["id"] != provider_id:
                raise ErrorAnswer(17, "There is a provider of this name")
        if "clientSecret" in changes:
            changes["clientSecretHint"] = changes["clientSecret"][-_HINT:]
        return changes

    def _put(self, provider: Document) -> JSONResponse:
        self.store.put(COLLECTION, provider | {"updateTimestamp": iso(self.clock())})
        return JSONResponse({"affectedRecords": 1})


def provider_named(store: Store, name: str) -> Document | None:
    """Return the provider of this name."""
    return next(iter(store.matching(COLLECTION, Sql(f"{member('name')} = ?", (name,)))), None)


def _shown(provider: Document) -> Document:
    return {name: value for name, value in provider.items() if name != "clientSecret"}
