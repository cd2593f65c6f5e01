"""OAuth1 tokens: earned with a password or a second factor. They never expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.auth.applications import oauth1_application_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.auth.login import Login
    from exh_dev.platform.auth.mfa import SecondFactor
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock


def routes(base: str, store: Store, login: Login, second_factor: SecondFactor, *, clock: Clock) -> list[Route]:
    """Return the endpoints under `/oauth1/tokens`."""

    async def create(request: Request) -> JSONResponse:
        application_id = oauth1_application_of(request, store)
        fields = await read_json(request)
        user_id = login.user_id(fields.text("email"), fields.text("password"))
        second_factor.require(user_id, application_id)
        return JSONResponse(create_oauth1_token(store, application_id, user_id, now=clock()))

    async def create_with_mfa(request: Request) -> JSONResponse:
        try:
            application_id = oauth1_application_of(request, store)
        except ErrorAnswer:  # this endpoint has an error of its own for it
            raise ErrorAnswer(103, "The calling application is not a valid OAuth1 application", status=401) from None
        fields = await read_json(request)
        answer = fields.text("token"), fields.text("methodId"), fields.text("code")
        user_id = second_factor.user_id(*answer, application_id=application_id)
        return JSONResponse(create_oauth1_token(store, application_id, user_id, now=clock()))

    return [
        Route(f"{base}/oauth1/tokens", create, methods=["POST"]),
        Route(f"{base}/oauth1/tokens/mfa", create_with_mfa, methods=["POST"]),
    ]


def create_oauth1_token(store: Store, application_id: str, user_id: str, *, now: float) -> Document:
    """Return a new token for a user of an application."""
    created = iso(now)
    token = {
        "id": object_id(),
        "applicationId": application_id,
        "userId": user_id,
        "token": hex40(),
        "tokenSecret": hex40(),
        "lastUsedTimestamp": created,
        "creationTimestamp": created,
        "updateTimestamp": created,
    }
    store.put("oauth1_tokens", token)
    return token
