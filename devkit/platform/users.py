"""The user service, `/users/v1`: snake_case members, timestamps in epoch milliseconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from devkit.platform.faults import Fault
from devkit.platform.gateway import user_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from devkit.platform.store import Document, Store

BASE = "/users/v1"
#: Members of a stored user that are in no answer.
_HIDDEN = frozenset({"role_ids", "password_hash"})


def routes(store: Store) -> list[Route]:
    """The endpoints of the service."""

    async def me(request: Request) -> Response:
        user = store.get("users", user_of(request))
        if user is None:
            raise Fault(16, "The user does not exist")
        return Response(_full_view(user, store), media_type="application/json")

    return [Route(f"{BASE}/me", me, methods=["GET"])]


def _full_view(user: Document, store: Store) -> str:
    """The user as JSON. Roles are stored as they are shown, so their text goes in as it is: they can be long."""
    visible = {name: value for name, value in user.items() if name not in _HIDDEN}
    texts = (store.text("roles", role_id) for role_id in user["role_ids"])
    roles = ",".join(text for text in texts if text is not None)
    return f'{json.dumps(visible, ensure_ascii=False)[:-1]}, "roles": [{roles}]}}'
