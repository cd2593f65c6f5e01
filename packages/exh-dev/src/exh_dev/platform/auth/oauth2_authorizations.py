"""OAuth2 authorizations: a logged-in user lets an application act for them; it gets a code that works once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

CODE_LIFETIME = 600  # seconds; not documented
_CHALLENGE_METHODS = ("plain", "S256")
#: Stored, but in no answer.
_HIDDEN = ("applicationId", "redirectUriWasAsked")


def routes(base: str, store: Store, *, clock: Clock) -> list[Route]:
    """The endpoints under `/oauth2/authorizations`."""

    async def create(request: Request) -> JSONResponse:
        user_id = user_of(request)
        authorization = _authorization(await read_json(request), user_id, store, clock())
        store.put("oauth2_authorizations", authorization)
        return JSONResponse(
            {name: value for name, value in authorization.items() if name not in _HIDDEN and value is not None}
        )

    return [Route(f"{base}/oauth2/authorizations", create, methods=["POST"])]


def redeem(store: Store, fields: Fields, *, application_id: str, now: float) -> str:
    """The user whose authorization `fields` redeem with `code`, `redirect_uri` and `code_verifier`.

    The code is used up. The caller is in a transaction.

    Raises:
        ErrorAnswer: 115 when the code is unknown or was used, 116 when it is too old, 14 or 113 for the redirect URI,
            128 or 122 for the verifier.
    """
    authorization = store.one("oauth2_authorizations", "authorizationCode", fields.text("code"))
    if authorization is None or authorization["applicationId"] != application_id:
        raise ErrorAnswer(115, "The associated authorization is unknown")
    if authorization["expiryTimestamp"] <= iso(now):
        raise ErrorAnswer(116, "The associated authorization is expired")
    redirect_uri = fields.optional_text("redirect_uri")
    if redirect_uri is None and authorization["redirectUriWasAsked"]:
        raise ErrorAnswer(14, "The field redirect_uri is required, for the authorization was asked for with one")
    if redirect_uri not in (None, authorization["redirectUri"]):
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
        "redirectUriWasAsked": redirect_uri is not None,
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
    if verifier is None:
        raise ErrorAnswer(128, "Missing PKCE verifier")
    made = _s256(verifier) if authorization["codeChallengeMethod"] == "S256" else verifier
    # A verifier without a challenge is refused as well: someone may have removed the challenge (RFC 9700, section 4.8).
    if challenge is None or not hmac.compare_digest(made.encode(), challenge.encode()):
        raise ErrorAnswer(122, "Invalid PKCE values provided")


def _s256(verifier: str) -> str:
    """RFC 7636, section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _wrong_callback() -> ErrorAnswer:
    return ErrorAnswer(113, "The requested callback is not associated with this application")
