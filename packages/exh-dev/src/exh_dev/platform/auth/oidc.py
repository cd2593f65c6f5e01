"""OpenID Connect: login through a provider, and links between users and providers.

A provider on this machine is really called (`oidc_calls`); for any other a login fails with 139. The first login
creates a user from the provider's claims; every attempt is recorded. Linking removes a user's password; unlinking mails
a link to set one. Both revoke all tokens.

Assumed, without a source: a nonce is required, single-use and valid for an hour; a new user is not activated; no second
factor is required; a user who is already linked gives 27.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse

from exh_dev.platform.auth.oauth2 import NOT_STORED, client_of, give_tokens
from exh_dev.platform.auth.oidc_calls import exchange, person_of
from exh_dev.platform.auth.oidc_providers import COLLECTION, provider_named
from exh_dev.platform.auth.presence import require_presence
from exh_dev.platform.auth.tokens import end_tokens
from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, parse_json, read_body, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, hex40, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms, iso
from exh_dev.platform.users.accounts import new_user
from exh_dev.platform.users.verification import request_reset_after_unlinking

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.auth.oidc_calls import Login, Person
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

ATTEMPTS = "oidc_login_attempts"
_NONCES = "oidc_nonces"
_NONCE_LIFETIME = 3600  # seconds; not documented
_SCOPE = "openid email profile"
_LINKED = Sql(
    "EXISTS (SELECT 1 FROM json_each(body, '$.oidc_links')"
    " WHERE json_extract(value, '$.provider_id') = ? AND json_extract(value, '$.subject_id') = ?)"
)


@dataclass
class Oidc:
    """Logins by way of the providers of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of logins and links."""
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
        provider = self._known(request)
        _require_enabled(provider)
        asked = {
            "client_id": provider["clientId"],
            "redirect_uri": provider["redirectUri"],
            "response_type": "code",
            "scope": _SCOPE,
            "nonce": self._new_nonce(provider),
            **({} if state is None else {"state": state}),
        }
        endpoint = provider["authorizationEndpoint"]
        joint = "&" if "?" in endpoint else "?"
        return JSONResponse({"authenticationUrl": f"{endpoint}{joint}{urlencode(asked)}"})

    async def _log_in(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        attempt = {"id": object_id()}
        try:
            answer = await self._tokens(request, fields, attempt)
        except ErrorAnswer as refused:
            error = {name: refused.body[name] for name in ("code", "name", "message")}
            self._note(attempt, status="failed", error=error)
            raise
        return JSONResponse(answer, headers=NOT_STORED)

    async def _tokens(self, request: Request, fields: Fields, attempt: Document) -> dict[str, Any]:
        """Return the tokens of a login, recording its progress in `attempt`."""
        provider = self._known(request)
        attempt |= {"providerId": provider["id"], "providerName": provider["name"]}
        _require_enabled(provider)
        client = client_of(self.store, fields, request.headers.get("authorization", ""))
        login = await self._logged_in(provider, fields)
        attempt["providerSubjectId"] = login.subject
        person = await person_of(provider, login)
        self._require_still_enabled(provider)
        now = self.clock()
        with self.store.transaction():
            user = self._linked(provider, login) or self._register(provider, login, person, now)
            self._note(attempt, status="success", userId=user["id"])
            return give_tokens(self.store, client, user["id"], now=now)

    async def _link(self, request: Request) -> JSONResponse:
        me = rights_of(request, self.store).require_user()
        fields = await read_json(request)
        require_presence(self.store, me, fields.text("presenceToken"), now=self.clock())
        provider = self._known(request)
        _require_enabled(provider)
        login = await self._logged_in(provider, fields)
        self._require_still_enabled(provider)
        user = self._linkable(me)
        if self._linked(provider, login):
            raise ErrorAnswer(27, "Another user is linked to this account at the provider")
        links = [{"provider_id": provider["id"], "subject_id": login.subject}]
        user |= {"oidc_links": links, "password_hash": "", "update_timestamp": epoch_ms(self.clock())}
        with self.store.transaction():
            self.store.put("users", user)
            end_tokens(self.store, "userId", me)
        return JSONResponse({"affectedRecords": 1})

    async def _unlink(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UNLINK_USER_FROM_OIDC")
        user = self.store.get("users", checked_id(request.path_params["id"]))
        if user is None:
            raise ErrorAnswer(16, "The user does not exist")
        if not user.pop("oidc_links", None):
            return JSONResponse({"affectedRecords": 0})
        now = self.clock()
        with self.store.transaction():
            send = request_reset_after_unlinking(self.store, user, now=now)
            self.store.put("users", user | {"update_timestamp": epoch_ms(now)})
            end_tokens(self.store, "userId", user["id"])
        await send()
        return JSONResponse({"affectedRecords": 1})

    async def _attempts(self, request: Request) -> Response:
        rights_of(request, self.store).require("VIEW_OIDC_LOGIN_ATTEMPTS")
        return page(request, self.store, ATTEMPTS)

    def _known(self, request: Request) -> Document:
        provider = provider_named(self.store, request.path_params["name"])
        if provider is None:
            raise ErrorAnswer(16, "There is no provider of this name")
        return provider

    def _require_still_enabled(self, provider: Document) -> None:
        """Raise unless the provider still exists and is enabled, because other requests ran in between."""
        now = self.store.get(COLLECTION, provider["id"])
        if now is None:
            raise ErrorAnswer(16, "There is no provider of this name")
        _require_enabled(now)

    async def _logged_in(self, provider: Document, fields: Fields) -> Login:
        """Return the login of an authorization code."""
        login = await exchange(provider, fields.text("authorizationCode"), clock=self.clock)
        if fields.optional_text("nonce") not in (None, login.nonce):
            raise ErrorAnswer(137, "The nonce of the ID token is not the one in the field nonce")
        self._use_nonce(provider, login.nonce)
        return login

    def _linked(self, provider: Document, login: Login) -> Document | None:
        linked = Sql(_LINKED.text, (provider["id"], login.subject))
        return next(iter(self.store.matching("users", linked)), None)

    def _linkable(self, user_id: str) -> Document:
        user = self.store.get("users", user_id)
        if user is None:
            raise ErrorAnswer(104, "The user of these credentials does not exist any more")
        if user.get("oidc_links"):
            raise ErrorAnswer(27, "The user is linked to a provider already, and has to be unlinked first")
        return user

    def _register(self, provider: Document, login: Login, person: Person, now: float) -> Document:
        """Create a user from the provider's claims. The caller is in a transaction."""
        if self.store.one("users", "email", person.email):
            raise ErrorAnswer(
                203,
                "This email address is already in use: its user has to log in with the password, and link the provider",
            )
        names = {"first_name": person.first_name, "last_name": person.last_name}
        user = new_user(**names, email=person.email, now=now)
        user["oidc_links"] = [{"provider_id": provider["id"], "subject_id": login.subject}]
        self.store.put("users", user)
        events.publish(self.store, "user_created", {"id": user["id"]}, now=now)
        return user

    def _new_nonce(self, provider: Document) -> str:
        now = self.clock()
        for old in self.store.matching(_NONCES, Sql(f"{member('expiryTimestamp')} <= ?", (iso(now),))):
            self.store.delete(_NONCES, old["id"])
        nonce = hex40()
        self.store.put(
            _NONCES, {"id": nonce, "providerId": provider["id"], "expiryTimestamp": iso(now + _NONCE_LIFETIME)}
        )
        return nonce

    def _use_nonce(self, provider: Document, nonce: str | None) -> None:
        """Consume the nonce of an authentication URL of this provider.

        Raises:
            ErrorAnswer: 137 when it is unknown, expired or already used.
        """
        known = None if nonce is None else self.store.get(_NONCES, nonce)
        if known is None or known["providerId"] != provider["id"] or known["expiryTimestamp"] <= iso(self.clock()):
            raise ErrorAnswer(
                137,
                "The nonce of the ID token is unknown, expired or already used: start a new login with "
                "generateAuthenticationUrl",
            )
        self.store.delete(_NONCES, known["id"])

    def _note(self, attempt: Document, **outcome: Any) -> None:
        now = iso(self.clock())
        self.store.put(ATTEMPTS, {**attempt, **outcome, "creationTimestamp": now, "updateTimestamp": now})


def _require_enabled(provider: Document) -> None:
    if not provider["enabled"]:
        raise ErrorAnswer(27, "The provider is disabled")


async def _state(request: Request) -> str | None:
    """Return the state in a body; the official client sends no body when it has none."""
    body = await read_body(request)
    value = parse_json(body) if body else {}
    if not isinstance(value, dict):
        raise ErrorAnswer(22, "The request body is malformed: it must be a JSON object")
    return Fields(value).optional_text("state")
