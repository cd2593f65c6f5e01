"""OpenID Connect: providers as records, and logging in by way of one, as far as that goes without it.

A new provider is disabled. No provider is ever called, so that no authorization code can be one it gave: a login ends
with 139, and is written down as an attempt that failed. Who is unlinked is logged out, and mailed how to set a
password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import JSONResponse
from starlette.routing import Route

from exh_dev.platform.auth.oauth2 import client_of
from exh_dev.platform.auth.presence import require_presence
from exh_dev.platform.auth.tokens import end_tokens
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, parse_json, read_body, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import checked_id, hex40, object_id
from exh_dev.platform.storage.listing import page, page_of, query_of
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms, iso
from exh_dev.platform.users.verification import request_reset_after_unlinking

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

ATTEMPTS = "oidc_login_attempts"
_SCOPE = "openid email profile"  # not documented
COLLECTION = "oidc_providers"
_MEMBERS = (
    *("name", "description", "clientId", "clientSecret", "issuerId"),
    *("authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint", "redirectUri"),
)
_SHORTEST_NAME, _LONGEST_NAME = 3, 40
_HINT = 4  # characters of the secret that are shown
_LINKED = Sql("EXISTS (SELECT 1 FROM json_each(body, '$.oidc_links') WHERE json_extract(value, '$.provider_id') = ?)")


@dataclass
class Oidc:
    """Logins by way of the providers of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """The endpoints of logins and links."""
        provider = f"{base}/oidc/providers/{{name}}"
        return [
            Route(f"{provider}/generateAuthenticationUrl", self._generate, methods=["POST"]),
            Route(f"{provider}/oAuth2Login", self._log_in, methods=["POST"]),
            Route(f"{provider}/link", self._link, methods=["POST"]),
            Route(f"{base}/oidc/users/{{id}}/unlink", self._unlink, methods=["POST"]),
            Route(f"{base}/oidc/loginAttempts", self._attempts, methods=["GET"]),
        ]

    async def _generate(self, request: Request) -> JSONResponse:
        state = await _state(request)
        provider = self._enabled(request)
        asked = {
            "client_id": provider["clientId"],
            "redirect_uri": provider["redirectUri"],
            "response_type": "code",
            "scope": _SCOPE,
            "nonce": hex40(),
            **({} if state is None else {"state": state}),
        }
        endpoint = provider["authorizationEndpoint"]
        joint = "&" if "?" in endpoint else "?"
        return JSONResponse({"authenticationUrl": f"{endpoint}{joint}{urlencode(asked)}"})

    async def _log_in(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        provider = self._enabled(request)
        client_of(self.store, fields, request.headers.get("authorization", ""))
        fields.text("authorizationCode")
        answer = _unknown_code()
        attempt = {
            "id": object_id(),
            "status": "failed",
            "providerId": provider["id"],
            "providerName": provider["name"],
            "error": answer.body,
            "creationTimestamp": iso(self.clock()),
        }
        self.store.put(ATTEMPTS, attempt)
        raise answer

    async def _link(self, request: Request) -> JSONResponse:
        me = rights_of(request, self.store).require_user()
        fields = await read_json(request)
        require_presence(self.store, me, fields.text("presenceToken"), now=self.clock())
        self._enabled(request)
        fields.text("authorizationCode")
        raise _unknown_code()

    async def _unlink(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UNLINK_USER_FROM_OIDC")
        user = self.store.get("users", checked_id(request.path_params["id"]))
        if user is None:
            raise ErrorAnswer(16, "The user does not exist")
        if not user.pop("oidc_links", None):
            return JSONResponse({"affectedRecords": 0})
        now = self.clock()
        with self.store.transaction():
            request_reset_after_unlinking(self.store, user, now=now)
            self.store.put("users", user | {"update_timestamp": epoch_ms(now)})
            end_tokens(self.store, "userId", user["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _attempts(self, request: Request) -> Response:
        rights_of(request, self.store).require("VIEW_OIDC_LOGIN_ATTEMPTS")
        return page(request, self.store, ATTEMPTS)

    def _enabled(self, request: Request) -> Document:
        provider = provider_named(self.store, request.path_params["name"])
        if provider is None:
            raise ErrorAnswer(16, "There is no provider of this name")
        if not provider["enabled"]:
            raise ErrorAnswer(27, "The provider is disabled")
        return provider


async def _state(request: Request) -> str | None:
    """The state in a body; the official client sends no body when it has none."""
    body = await read_body(request)
    value = parse_json(body) if body else {}
    if not isinstance(value, dict):
        raise ErrorAnswer(22, "The request body is malformed: it must be a JSON object")
    return Fields(value).optional_text("state")


def _unknown_code() -> ErrorAnswer:
    return ErrorAnswer(139, "The authorization code is not one that the provider gave")


@dataclass
class Providers:
    """The providers of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """The endpoints of providers."""
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
        name = changes.get("name")
        if name is not None:
            if not _SHORTEST_NAME <= len(name) <= _LONGEST_NAME:
                raise ErrorAnswer(15, f"The field name must have {_SHORTEST_NAME} to {_LONGEST_NAME} characters")
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
    """The provider of this name."""
    return next(iter(store.matching(COLLECTION, Sql(f"{member('name')} = ?", (name,)))), None)


def _shown(provider: Document) -> Document:
    return {name: value for name, value in provider.items() if name != "clientSecret"}
