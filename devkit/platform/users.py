"""The user service, `/users/v1`: snake_case members, timestamps in epoch milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from devkit.platform.faults import Fault
from devkit.platform.gateway import user_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from devkit.platform.store import Document, Store

BASE = "/users/v1"


def routes(store: Store) -> list[Route]:
    """The endpoints of the service."""

    async def me(request: Request) -> JSONResponse:
        user = store.get("users", user_of(request))
        if user is None:
            raise Fault(16, "The user does not exist")
        return JSONResponse(_full_view(user, store))

    return [Route(f"{BASE}/me", me, methods=["GET"])]


def _full_view(user: Document, store: Store) -> dict[str, Any]:
    roles = (store.get("roles", role_id) for role_id in user["role_ids"])
    visible = {name: value for name, value in user.items() if name != "role_ids"}
    return {**visible, "roles": [role for role in roles if role is not None]}
