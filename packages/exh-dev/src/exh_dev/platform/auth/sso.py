"""SSO tokens: an application creates one for its user, another application exchanges it for a login. They work once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.auth.applications import oauth1_application_of
from exh_dev.platform.auth.oauth1 import create_oauth1_token
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

LIFETIME = 60  # seconds; not documented


def routes(base: str, store: Store, *, clock: Clock) -> list[Route]:
    """Return the endpoints under `/oauth1/ssoTokens`."""

    async def generate(request: Request) -> JSONResponse:
        application_id = oauth1_application_of(request, store)
        now = clock()
        token = {
            "id": object_id(),
            "ssoToken": hex40(),
            "userId": user_of(request),
            "createdByApplicationId": application_id,
            "expiryTimestamp": iso(now + LIFETIME),
            "creationTimestamp": iso(now),
            "updateTimestamp": iso(now),
        }
        store.put("sso_tokens", token)
        return JSONResponse(token)

    async def consume(request: Request) -> JSONResponse:
        application_id = oauth1_application_of(request, store)
        fields = await read_json(request)
        now = clock()
        token = store.one("sso_tokens", "ssoToken", fields.text("ssoToken"))
        if token is None or token["expiryTimestamp"] <= iso(now):
            raise ErrorAnswer(16, "Requested resource is unknown")
        with store.transaction():
            store.delete("sso_tokens", token["id"])
            return JSONResponse(create_oauth1_token(store, application_id, token["userId"], now=now))

    return [
        Route(f"{base}/oauth1/ssoTokens/generate", generate, methods=["POST"]),
        Route(f"{base}/oauth1/ssoTokens/consume", consume, methods=["POST"]),
    ]
