"""A local OpenID Connect provider below `/_dev/oidc`, with a page to log in as any user.

`GET /_dev/oidc/provider` returns the record that registers it with the platform. It implements the authorization-code
flow of OpenID Connect Core 1.0 (section 3.1). Its users are those who have logged in; ids are derived from e-mail
addresses, so that they are the same after a restart. ID tokens are signed with HS256 and the client's secret, so that
its key set is empty. It has one client, whose secret is generated once, and accepts any redirect URI. Codes and access
tokens are lost when the platform stops.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from exh_dev.platform.auth import local_provider_page
from exh_dev.platform.auth.id_tokens import HS256, signed_with
from exh_dev.platform.http.bodies import read_json_or_form
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import hex40
from exh_dev.platform.storage.sql import EVERYTHING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

PATH = "/_dev/oidc"
_CLIENT, _CLIENT_ID = "local_oidc_client", "local"
_PEOPLE = "local_oidc_people"
_CALLBACK = "http://localhost:3000/callback"
_CODE_LIFETIME, _TOKEN_LIFETIME = 600, 3600  # seconds; RFC 6749, section 4.1.2, asks for 600 at most
_MOST = 1000  # codes and tokens that are kept
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_SCOPES = ("openid", "email", "profile")


class _RefusalError(Exception):
    """An error of the token or userinfo endpoint (RFC 6749, section 5.2; RFC 6750, section 3)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.answer = JSONResponse({"error": error, "error_description": description}, status, _NOT_STORED)
        if status == 401:
            self.answer.headers["WWW-Authenticate"] = "Bearer" if error == "invalid_token" else "Basic"


@dataclass(frozen=True)
class _Given:
    """The grant behind an authorization code or access token."""

    subject: str
    expiry: float
    redirect_uri: str = ""
    nonce: str | None = None


class LocalProvider:
    """The provider, using a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Keep users of the provider, and the client's secret, in `store`."""
        self._store = store
        self._clock = clock
        self._codes: dict[str, _Given] = {}
        self._tokens: dict[str, _Given] = {}

    def routes(self) -> list[Route]:
        """Return the endpoints, and the page."""
        return [
            Route(f"{PATH}/provider", self._record, methods=["GET"]),
            Route(f"{PATH}/.well-known/openid-configuration", self._discover, methods=["GET"]),
            Route(f"{PATH}/jwks", self._keys, methods=["GET"]),
            Route(f"{PATH}/authorize", self._show_page, methods=["GET"]),
            Route(f"{PATH}/authorize", self._authorize, methods=["POST"]),
            Route(f"{PATH}/token", self._token, methods=["POST"]),
            Route(f"{PATH}/userinfo", self._userinfo, methods=["GET", "POST"]),
        ]

    async def _record(self, request: Request) -> JSONResponse:
        """Return a body for `POST /auth/v2/oidc/providers`; the query may set its `name` and `redirectUri`."""
        issuer = _issuer(request)
        return JSONResponse(
            {
                "name": request.query_params.get("name", "local"),
                "description": "The provider of the local platform",
                "clientId": _CLIENT_ID,
                "clientSecret": self._secret(),
                "issuerId": issuer,
                "authorizationEndpoint": f"{issuer}/authorize",
                "tokenEndpoint": f"{issuer}/token",
                "userinfoEndpoint": f"{issuer}/userinfo",
                "redirectUri": request.query_params.get("redirectUri", _CALLBACK),
            },
            headers=_NOT_STORED,
        )

    async def _discover(self, request: Request) -> JSONResponse:
        issuer = _issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "scopes_supported": _SCOPES,
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [HS256],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "claims_supported": ["sub", "email", "email_verified", "given_name", "family_name"],
            }
        )

    async def _keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": []})

    async def _show_page(self, request: Request) -> Response:
        return _unusable(request) or _wrong(request) or self._page(request)

    async def _authorize(self, request: Request) -> Response:
        fields = await read_json_or_form(request)
        refusal = _unusable(request) or _wrong(request)
        if refusal is not None:
            return refusal
        if fields.optional_text("refuse") is not None:
            return _back(request, error="access_denied", error_description="The user refused the login")
        email = (fields.optional_text("email") or "").strip()
        if not _EMAIL.fullmatch(email):
            return self._page(request, "An e-mail address is needed, such as ada@example.com.", 400)
        person = self._person(email, fields)
        code = hex40()
        asked = request.query_params
        expiry = self._clock() + _CODE_LIFETIME
        self._keep(self._codes, code, _Given(person["id"], expiry, asked["redirect_uri"], asked.get("nonce")))
        return _back(request, code=code)

    async def _token(self, request: Request) -> Response:
        try:
            fields = await read_json_or_form(request)
            return JSONResponse(self._redeemed(fields, request), headers=_NOT_STORED)
        except ErrorAnswer as error:
            return _RefusalError("invalid_request", str(error)).answer
        except _RefusalError as refused:
            return refused.answer

    def _redeemed(self, fields: Fields, request: Request) -> dict[str, Any]:
        """Return the tokens for a code, which is used up."""
        self._check_client(fields, request.headers.get("authorization", ""))
        if fields.text("grant_type") != "authorization_code":
            raise _RefusalError("unsupported_grant_type", "Only authorization_code is supported")
        given = self._codes.pop(fields.text("code"), None)
        now = self._clock()
        if given is None or given.expiry <= now:
            raise _RefusalError("invalid_grant", "The code is unknown, was used, or has expired")
        if fields.text("redirect_uri") != given.redirect_uri:
            raise _RefusalError("invalid_grant", "The redirect_uri is not the one that the code was asked for with")
        token, expiry = hex40(), now + _TOKEN_LIFETIME
        self._keep(self._tokens, token, _Given(given.subject, expiry))
        claims = {"iss": _issuer(request), "sub": given.subject, "aud": _CLIENT_ID, "iat": int(now), "exp": int(expiry)}
        if given.nonce is not None:
            claims["nonce"] = given.nonce
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_LIFETIME}
        return {**answer, "scope": " ".join(_SCOPES), "id_token": signed_with(self._secret(), claims)}

    async def _userinfo(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        person = self._store.get(_PEOPLE, given.subject) if given and given.expiry > self._clock() else None
        if person is None:
            return _RefusalError("invalid_token", "The access token is unknown, or has expired", 401).answer
        names = {name: person[name] for name in ("given_name", "family_name") if name in person}
        claims = {"sub": person["id"], "email": person["email"], "email_verified": True}
        return JSONResponse(claims | names, headers=_NOT_STORED)

    def _page(self, request: Request, problem: str = "", status: int = 200) -> HTMLResponse:
        people = self._store.matching(_PEOPLE, EVERYTHING)
        asked = request.query_params
        text = local_provider_page.page(people, asked["redirect_uri"], asked.get("login_hint", ""), problem)
        return HTMLResponse(text, status, local_provider_page.HEADERS)

    def _person(self, email: str, fields: Fields) -> Document:
        """Return the user who logs in, created or updated with the given names."""
        subject = sha256(email.lower().encode()).hexdigest()[:24]
        names = {name: text.strip() for name in ("given_name", "family_name") if (text := fields.optional_text(name))}
        person = {**(self._store.get(_PEOPLE, subject) or {}), "id": subject, "email": email, **names}
        self._store.put(_PEOPLE, person)
        return person

    def _keep(self, kept: dict[str, _Given], name: str, given: _Given) -> None:
        """Store a grant, and drop the oldest beyond the maximum."""
        kept[name] = given
        if len(kept) > _MOST:
            del kept[next(iter(kept))]

    def _secret(self) -> str:
        """Return the client's secret, generated on first use."""
        known = self._store.get(_CLIENT, _CLIENT_ID)
        if known is None:
            known = {"id": _CLIENT_ID, "secret": hex40()}
            self._store.put(_CLIENT, known)
        return str(known["secret"])

    def _check_client(self, fields: Fields, authorization: str) -> None:
        """Authenticate the client by `client_secret_basic` or `client_secret_post`."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            except ValueError:
                given = ("", "", "")
            client_id, secret = unquote_plus(given[0]), unquote_plus(given[2])
        else:
            client_id, secret = fields.optional_text("client_id") or "", fields.optional_text("client_secret") or ""
        if client_id != _CLIENT_ID or not hmac.compare_digest(secret.encode(), self._secret().encode()):
            raise _RefusalError("invalid_client", "The client is unknown, or its secret is wrong", 401)


def _issuer(request: Request) -> str:
    """Return the issuer URL with the host that the caller used."""
    return f"{request.url.scheme}://{request.url.netloc}{PATH}"


def _unusable(request: Request) -> Response | None:
    """Return the error page for a request that must not be redirected (RFC 6749, section 4.1.2.1); None for others."""
    asked = request.query_params
    problem = ""
    if asked.get("client_id") != _CLIENT_ID:
        problem = f"The client_id is not {_CLIENT_ID}: GET {PATH}/provider shows the client of this provider."
    elif not _is_redirect_uri(asked.get("redirect_uri", "")):
        problem = "The redirect_uri is missing, or is not an absolute URL without a fragment."
    return HTMLResponse(local_provider_page.refusal(problem), 400, local_provider_page.HEADERS) if problem else None


def _wrong(request: Request) -> Response | None:
    """Return the redirect with an error to the application for another invalid request; None for a valid one."""
    asked = request.query_params
    if asked.get("response_type") != "code":
        return _back(request, error="unsupported_response_type", error_description="Only code is supported")
    if "openid" not in asked.get("scope", "").split():
        return _back(request, error="invalid_scope", error_description="The scope openid is missing")
    return None


def _is_redirect_uri(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    web = parts.scheme in ("http", "https")
    return bool(parts.scheme) and "#" not in uri and (bool(parts.netloc) or not web)  # an app's own scheme has no host


def _back(request: Request, **answer: str) -> RedirectResponse:
    """Redirect to the application, returning its state unchanged."""
    asked = request.query_params
    state = {"state": asked["state"]} if "state" in asked else {}
    uri = asked["redirect_uri"]
    return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode({**answer, **state})}", 303, _NOT_STORED)
