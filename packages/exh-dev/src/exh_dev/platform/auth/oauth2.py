"""OAuth2: authorizations, the token endpoint, and the access tokens that the gateway checks.

A logged-in user authorizes an application; the authorization's code works once. The token endpoint (RFC 6749, section
3.2) issues tokens valid for five minutes for a password, a second factor, a code or a refresh token. Its errors combine
the format of section 5.2 with the platform's own. Access tokens come in the Authorization header (RFC 6750).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import read_json, read_json_or_form
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.http.oauth1 import Caller
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.auth.login import Login
    from exh_dev.platform.auth.mfa import SecondFactor
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

ACCESS_LIFETIME = 300  # seconds
_DAY = 86_400
REFRESH_LIFETIME = 14 * _DAY  # seconds; not documented
CONFIDENTIAL_REFRESH_LIFETIME = 365 * _DAY  # seconds; not documented

#: The RFC's error for the platform's code; every other code is an `invalid_grant`.
_ERRORS = {
    **dict.fromkeys((13, 14, 15, 22), "invalid_request"),
    **dict.fromkeys((123, 124, 126), "invalid_client"),
    121: "unsupported_grant_type",
    129: "mfa_required",
}
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, section 5.1
CODE_LIFETIME = 600  # seconds; not documented
_CHALLENGE_METHODS = ("plain", "S256")
#: Stored, but in no answer.
_HIDDEN = ("applicationId",)


def routes(base: str, store: Store, login: Login, second_factor: SecondFactor, *, clock: Clock) -> list[Route]:
    """Return the endpoints under `/oauth2`."""
    grants = _Grants(store, login, second_factor, clock)

    async def create(request: Request) -> JSONResponse:
        authorization = request.headers.get("authorization", "")
        try:
            answer = grants.answer(await read_json_or_form(request), authorization)
        except ErrorAnswer as refused:
            if refused.code is None:
                raise
            return _refusal(refused, authorization)
        return JSONResponse(answer, headers=NOT_STORED)

    async def authorize(request: Request) -> JSONResponse:
        user_id = user_of(request)
        authorization = _authorization(await read_json(request), user_id, store, clock())
        store.put("oauth2_authorizations", authorization)
        return JSONResponse(
            {name: value for name, value in authorization.items() if name not in _HIDDEN and value is not None}
        )

    return [
        Route(f"{base}/oauth2/authorizations", authorize, methods=["POST"]),
        Route(f"{base}/oauth2/tokens", create, methods=["POST"]),
    ]


@dataclass
class Client:
    """An application that asks for tokens, with its id and secret checked."""

    application_id: str
    confidential: bool


@dataclass
class _Grants:
    """The ways to earn tokens."""

    store: Store
    login: Login
    second_factor: SecondFactor
    clock: Clock

    def answer(self, fields: Fields, authorization: str) -> dict[str, Any]:
        """Return the tokens for a request with these `fields` and this Authorization header.

        Raises:
            ErrorAnswer: the request is refused.
        """
        grant = {
            "password": self._password,
            "mfa": self._mfa,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }.get(fields.text("grant_type"))
        if grant is None:
            raise ErrorAnswer(121, "Invalid grant type provided")
        client = client_of(self.store, fields, authorization)
        return grant(fields, client)

    def _password(self, fields: Fields, client: Client) -> dict[str, Any]:
        user_id = self.login.user_id(fields.text("username"), fields.text("password"))
        self.second_factor.require(user_id, client.application_id)
        with self.store.transaction():
            return give_tokens(self.store, client, user_id, now=self.clock())

    def _mfa(self, fields: Fields, client: Client) -> dict[str, Any]:
        answer = fields.text("token"), fields.text("method_id"), fields.text("code")
        user_id = self.second_factor.user_id(*answer, application_id=client.application_id)
        with self.store.transaction():
            return give_tokens(self.store, client, user_id, now=self.clock())

    def _authorization_code(self, fields: Fields, client: Client) -> dict[str, Any]:
        with self.store.transaction():
            user_id = redeem(self.store, fields, application_id=client.application_id, now=self.clock())
            return give_tokens(self.store, client, user_id, now=self.clock())

    def _refresh_token(self, fields: Fields, client: Client) -> dict[str, Any]:
        token = self.store.one("oauth2_refresh_tokens", "refreshToken", fields.text("refresh_token"))
        if token is None or token["applicationId"] != client.application_id:
            raise ErrorAnswer(119, "The refresh token is unknown")
        if token["expiryTimestamp"] <= iso(self.clock()):
            raise ErrorAnswer(120, "The refresh token is expired")
        with self.store.transaction():
            if not client.confidential:
                self.store.delete("oauth2_refresh_tokens", token["id"])
            return give_tokens(self.store, client, token["userId"], now=self.clock())


def give_tokens(store: Store, client: Client, user_id: str, *, now: float) -> dict[str, Any]:
    """Create tokens of a user for a client; return the token endpoint's answer. Call it inside a transaction."""
    refresh_lifetime = CONFIDENTIAL_REFRESH_LIFETIME if client.confidential else REFRESH_LIFETIME
    owner = {"applicationId": client.application_id, "userId": user_id, "creationTimestamp": iso(now)}
    owner["updateTimestamp"] = iso(now)
    refresh: Document = {"id": object_id(), "refreshToken": hex40(), **owner}
    access: Document = {"id": object_id(), "accessToken": hex40(), "refreshTokenId": refresh["id"], **owner}
    store.put("oauth2_access_tokens", {**access, "expiryTimestamp": iso(now + ACCESS_LIFETIME)})
    store.put("oauth2_refresh_tokens", {**refresh, "expiryTimestamp": iso(now + refresh_lifetime)})
    return {
        "access_token": access["accessToken"],
        "token_type": "bearer",
        "expires_in": ACCESS_LIFETIME,
        "refresh_token": refresh["refreshToken"],
        "user_id": user_id,
        "application_id": client.application_id,
    }


def client_of(store: Store, fields: Fields, authorization: str) -> Client:
    """Authenticate the client by the id and secret in the body, a Basic header, or both.

    Raises:
        ErrorAnswer: 126 when they are missing, 123 for an unknown id, 124 for a wrong secret.
    """
    basic_id, basic_secret = _basic(authorization)
    body_id, body_secret = fields.optional_text("client_id"), fields.optional_text("client_secret")
    client_id = body_id or basic_id
    if not client_id:
        raise ErrorAnswer(126, "Client credentials are missing in request")
    version = store.one("application_versions", "clientId", client_id)
    application = store.get("applications", version["applicationId"]) if version else None
    if version is None or application is None or basic_id not in (None, client_id):
        raise ErrorAnswer(123, "Client does not exist")
    if application["confidential"]:
        given = [each for each in (body_secret, basic_secret) if each is not None]
        if not given:
            raise ErrorAnswer(126, "Client credentials are missing in request")
        for each in given:
            if not hmac.compare_digest(each.encode(), version["clientSecret"].encode()):
                raise ErrorAnswer(124, "Client is not authorized")
    return Client(application["id"], application["confidential"])


def _basic(authorization: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # not base64, or not UTF-8
        raise ErrorAnswer(126, "Client credentials are missing in request") from None
    return client_id, secret


def _refusal(refused: ErrorAnswer, authorization: str) -> JSONResponse:
    error = _ERRORS.get(refused.code or 0, "invalid_grant")
    inner = {**refused.body}
    message = inner.pop("message")
    mfa = {"mfa": inner.pop("mfa")} if "mfa" in inner else {}
    body = {"error": error, "description": message, "exh_error": {**inner, "description": message}, **mfa}
    headers = dict(NOT_STORED)
    if error != "invalid_client":
        return JSONResponse(body, 400, headers)
    if authorization.lower().startswith("basic"):  # RFC 6749, section 5.2
        headers["WWW-Authenticate"] = 'Basic realm="oauth2"'
    return JSONResponse(body, 401, headers)


def redeem(store: Store, fields: Fields, *, application_id: str, now: float) -> str:
    """Return the user whose authorization `fields` redeem with `code`, `redirect_uri` and `code_verifier`.

    The code is used up. The caller is in a transaction.

    Raises:
        ErrorAnswer: 115 when the code is unknown or was used, 116 when it is too old, 113 for another redirect URI than
            the authorization's, 128 or 122 for the verifier.
    """
    authorization = store.one("oauth2_authorizations", "authorizationCode", fields.text("code"))
    if authorization is None or authorization["applicationId"] != application_id:
        raise ErrorAnswer(115, "The associated authorization is unknown")
    if authorization["expiryTimestamp"] <= iso(now):
        raise ErrorAnswer(116, "The associated authorization is expired")
    # The published description requires it, and the official SDK sends the code alone: a missing one is taken.
    if fields.optional_text("redirect_uri") not in (None, authorization["redirectUri"]):
        raise _wrong_callback()
    _check_verifier(authorization, fields.optional_text("code_verifier"))
    store.delete("oauth2_authorizations", authorization["id"])
    user_id: str = authorization["userId"]
    return user_id


def _authorization(fields: Fields, user_id: str, store: Store, now: float) -> Document:
    response_type, client_id = fields.text("responseType"), fields.text("clientId")
    version = store.one("application_versions", "clientId", client_id)
    application = store.get("applications", version["applicationId"]) if version else None
    if application is None:
        raise ErrorAnswer(103, "This associated application is unknown")
    redirect_uri = fields.optional_text("redirectUri")
    if redirect_uri not in (None, *application["redirectUris"]):
        raise _wrong_callback()
    if response_type != "code":
        raise ErrorAnswer(114, "The requested response type is not supported")
    challenge = fields.optional_text("codeChallenge")
    challenge_method = fields.optional_text("codeChallengeMethod") or "plain"  # RFC 7636, section 4.3
    if challenge_method not in _CHALLENGE_METHODS:
        raise ErrorAnswer(15, "The field codeChallengeMethod must be plain or S256")
    state = fields.optional_text("state")
    return {
        "id": object_id(),
        "clientId": client_id,
        "applicationId": application["id"],
        "userId": user_id,
        "redirectUri": redirect_uri or application["redirectUris"][0],
        **({} if state is None else {"state": state}),
        "authorizationCode": hex40(),
        "codeChallenge": challenge,
        "codeChallengeMethod": None if challenge is None else challenge_method,
        "expiryTimestamp": iso(now + CODE_LIFETIME),
        "creationTimestamp": iso(now),
        "updateTimestamp": iso(now),
    }


def _check_verifier(authorization: Document, verifier: str | None) -> None:
    challenge = authorization["codeChallenge"]
    if challenge is None and verifier is None:
        return
    if verifier is None:  # published as a refusal, although the official SDK can send a challenge and no verifier
        raise ErrorAnswer(
            128, "Missing PKCE verifier: the authorization was asked for with a codeChallenge; send code_verifier"
        )
    made = _s256(verifier) if authorization["codeChallengeMethod"] == "S256" else verifier
    # A verifier without a challenge is refused as well: someone may have removed the challenge (RFC 9700, section 4.8).
    if challenge is None or not hmac.compare_digest(made.encode(), challenge.encode()):
        raise ErrorAnswer(122, "Invalid PKCE values provided")


def _s256(verifier: str) -> str:
    """Return the code challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _wrong_callback() -> ErrorAnswer:
    return ErrorAnswer(113, "The requested callback is not associated with this application")


class BearerVerifier:
    """Says whose an access token is, or raises the `ErrorAnswer` that the platform answers with."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def verify(self, access_token: str) -> Caller:
        """Return the application and the user of this token.

        Raises:
            ErrorAnswer: 117 when it is unknown, 118 when it has expired.
        """
        token = self._store.one("oauth2_access_tokens", "accessToken", access_token)
        if token is None:
            raise ErrorAnswer(117, "The access token is unknown")
        if token["expiryTimestamp"] <= iso(self._clock()):
            raise ErrorAnswer(118, "The access token is expired")
        return Caller(token["applicationId"], token["userId"])
