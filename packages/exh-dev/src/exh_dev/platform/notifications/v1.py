"""Version 1: snake_case members, timestamps in epoch milliseconds.

Assumed: an unknown type is 15, a field that the type requires and that is missing 14; unknown fields are kept. A type
is defined by its name and required fields. `viewed` without RQL marks all notifications of the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import matching, page, query_of, single_page
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/notifications/v1"
NOTIFICATIONS, SETTINGS = "notifications", "notification_settings"
#: The fields that a type requires, and what they hold.
_TYPES = {
    "message": {"title": "STRING", "body": "STRING"},
    "link": {"title": "STRING", "body": "STRING", "url": "URL"},
    "measurement_comment": {"commenter_id": "OBJECT_ID", "measurement_id": "OBJECT_ID"},
    "measurement_reviewed": {"measurement_id": "OBJECT_ID"},
    "prescription_expiry": {"group_id": "OBJECT_ID", "group_name": "STRING"},
    "activated": {},
    "password_changed": {},
}
_PREFERENCES = (
    *("password_changed", "activated", "prescription_expiry", "measurement_comment", "measurement_reviewed"),
    *("message", "link"),
)


class NotificationServiceV1(Service):
    """The notifications of a store and their settings, which have the id of their user."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("notifications_user_id", NOTIFICATIONS, [member("user_id")])

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        return [
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._find_own, methods=["GET"]),
            Route(f"{BASE}/notifications", self._find, methods=["GET"]),
            Route(f"{BASE}/notifications", self._remove, methods=["DELETE"]),
            Route(f"{BASE}/viewed", self._view, methods=["POST"]),
            Route(f"{BASE}/types", self._types, methods=["GET"]),
            Route(f"{BASE}/settings", self._find_settings, methods=["GET"]),
            Route(f"{BASE}/settings/{{id}}", self._set, methods=["PUT"]),
            Route(f"{BASE}/settings/{{id}}", self._unset, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        fields = await read_json(request)
        user_id = fields.optional_text("user_id")
        if user_id is not None and checked_id(user_id) != me:
            rights.require("CREATE_NOTIFICATIONS")
        now = epoch_ms(self._clock())
        notification_type = fields.text("type")
        notification = {
            "id": object_id(),
            "user_id": user_id or me,
            "type": notification_type,
            "fields": _content(notification_type, fields.optional_object("fields") or {}),
            "important": bool(fields.optional_flag("important")),
            "viewed": False,
            "creation_timestamp": now,
            "update_timestamp": now,
        }
        self._store.put(NOTIFICATIONS, notification)
        return JSONResponse(notification)

    async def _find_own(self, request: Request) -> Response:
        own = _own(rights_of(request, self._store).require_user())
        return page(request, self._store, NOTIFICATIONS, visible=own, shape=_kind)

    async def _find(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        own = _own(rights.require_user())
        visible = EVERYTHING if rights.has("VIEW_NOTIFICATIONS") else own
        return page(request, self._store, NOTIFICATIONS, visible=visible, shape=_kind)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_NOTIFICATIONS")
        chosen = matching(request, self._store, NOTIFICATIONS)
        with self._store.transaction():
            for notification in chosen:
                self._store.delete(NOTIFICATIONS, notification["id"])
        return JSONResponse({"records_affected": len(chosen)})

    async def _view(self, request: Request) -> JSONResponse:
        own = _own(rights_of(request, self._store).require_user())
        if query_of(request):
            chosen = matching(request, self._store, NOTIFICATIONS, visible=own)
        else:
            chosen = self._store.matching(NOTIFICATIONS, own)
        now = epoch_ms(self._clock())
        with self._store.transaction():
            for notification in chosen:
                self._store.put(NOTIFICATIONS, notification | {"viewed": True, "update_timestamp": now})
        return JSONResponse({"records_affected": len(chosen)})

    async def _types(self, _: Request) -> JSONResponse:
        return JSONResponse(single_page([{"name": name, "required_fields": fields} for name, fields in _TYPES.items()]))

    async def _find_settings(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        visible = EVERYTHING if rights.has("VIEW_NOTIFICATION_SETTINGS") else Sql("id = ?", (me,))
        return page(request, self._store, SETTINGS, visible=visible, shape=_kind)

    async def _set(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        user_id = checked_id(request.path_params["id"])
        if rights.require_user() != user_id:
            rights.require("UPDATE_NOTIFICATION_SETTINGS")
        fields = await read_json(request)
        key, preferences = fields.text("key"), fields.optional_object("preferences")
        if preferences is None:
            raise ErrorAnswer(14, "The field preferences is required")
        flags = {name: Fields(preferences).optional_flag(name) for name in _PREFERENCES}
        now = epoch_ms(self._clock())
        known = self._store.get(SETTINGS, user_id) or {"creation_timestamp": now}
        settings = {
            "id": user_id,
            "key": key,
            "preferences": {name: flag for name, flag in flags.items() if flag is not None},
            "creation_timestamp": known["creation_timestamp"],
            "update_timestamp": now,
        }
        self._store.put(SETTINGS, settings)
        return JSONResponse(settings)

    async def _unset(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_NOTIFICATION_SETTINGS")
        user_id = checked_id(request.path_params["id"])
        if self._store.get(SETTINGS, user_id) is None:
            raise ErrorAnswer(16, "The user has no notification settings")
        self._store.delete(SETTINGS, user_id)
        return JSONResponse({"records_affected": 1})


def _own(user_id: str) -> Sql:
    return Sql(f"{member('user_id')} = ?", (user_id,))


def _content(notification_type: str, sent: Document) -> Document:
    """Return the fields of a notification, judged by its type.

    Raises:
        ErrorAnswer: 12, 14 or 15.
    """
    required = _TYPES.get(notification_type)
    if required is None:
        raise ErrorAnswer(15, f"The field type must be one of {', '.join(_TYPES)}")
    for name, kind in required.items():
        text = Fields(sent).text(name)
        if kind == "OBJECT_ID":
            checked_id(text)
    return sent


def _kind(path: str) -> Kind:
    if path in {"viewed", "important"}:
        return "boolean"
    return "string" if path in {"id", "user_id", "type", "key"} else "any"
