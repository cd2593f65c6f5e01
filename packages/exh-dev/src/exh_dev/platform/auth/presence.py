"""Presence tokens: a recent password check, required before sensitive changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.auth.login import Login
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION = "presence_tokens"
LIFETIME = 300  # seconds; not documented


def routes(base: str, store: Store, login: Login, *, clock: Clock) -> list[Route]:
    """Return the endpoint `/confirmPresence`."""

    async def confirm(request: Request) -> JSONResponse:
        rights = rights_of(request, store)
        user_id = rights.require_user()
        assert rights.user is not None  # as just required
        password = (await read_json(request)).text("password")
        login.user_id(rights.user["email"], password)
        now = clock()
        token = {"token": hex40(), "expiryTimestamp": iso(now + LIFETIME), "creationTimestamp": iso(now)}
        token["updateTimestamp"] = iso(now)
        store.put(COLLECTION, {"id": object_id(), "userId": user_id, **token})
        return JSONResponse(token)

    return [Route(f"{base}/confirmPresence", confirm, methods=["POST"])]


def require_presence(store: Store, user_id: str, token: str, *, now: float) -> None:
    """Check a user's presence token, which can be used until it expires.

    Raises:
        ErrorAnswer: 132 when the token is unknown, another user's, or expired.
    """
    condition = Sql(f"{member('token')} = ? AND {member('userId')} = ?", (token, user_id))
    if not any(each["expiryTimestamp"] > iso(now) for each in store.matching(COLLECTION, condition)):
        raise ErrorAnswer(132, "The supplied presence token is not (or no longer) valid")
