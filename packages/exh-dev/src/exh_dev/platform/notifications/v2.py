"""Version 2: camelCase members, timestamps in ISO 8601.

`sent` means that a device of the user has a token; messages are stored and never pushed.

Assumed: the target need not exist. Lists require their permission, even for one's own notifications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/notifications/v2"
NOTIFICATIONS, SETTINGS = "notifications_v2", "notification_devices"
_PLATFORMS = ("android", "apns", "webpush")


class NotificationServiceV2(Service):
    """The notifications of a store and the devices of its users."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("notifications_v2_target", NOTIFICATIONS, [member("targetUserId")])

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        user = f"{BASE}/users/{{id}}"
        return [
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._find, methods=["GET"]),
            Route(f"{BASE}/users", self._find_settings, methods=["GET"]),
            Route(user, self._settings, methods=["GET"]),
            Route(user, self._set, methods=["PUT"]),
            Route(user, self._unset, methods=["DELETE"]),
            Route(f"{user}/devices/{{name}}", self._set_device, methods=["PUT"]),
            Route(f"{user}/devices/{{name}}", self._unset_device, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        fields = await read_json(request)
        target = checked_id(fields.text("targetUserId"))
        if target != me and not self._is_own_patient(rights, target):
            rights.require("CREATE_NOTIFICATIONS")
        now = iso(self._clock())
        notification = {
            "id": object_id(),
            "creatorId": me,
            "targetUserId": target,
            "title": fields.text("title"),
            "body": fields.text("body"),
            "data": _texts(fields),
            **{name: fields.optional_object(name) for name in _PLATFORMS},
            "sent": self._has_token(target),
            "creationTimestamp": now,
            "updateTimestamp": now,
        }
        notification = {name: value for name, value in notification.items() if value is not None}
        self._store.put(NOTIFICATIONS, notification)
        return JSONResponse(notification)

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_NOTIFICATIONS")
        return page(request, self._store, NOTIFICATIONS, shape=_kind)

    async def _find_settings(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_NOTIFICATION_SETTINGS")
        return page(request, self._store, SETTINGS, shape=_kind, show=_shown)

    async def _settings(self, request: Request) -> JSONResponse:
        user_id = self._allowed(request, "VIEW_NOTIFICATION_SETTINGS")
        return JSONResponse(_shown(self._known(user_id)))

    async def _set(self, request: Request) -> JSONResponse:
        user_id = self._allowed(request, "UPDATE_NOTIFICATION_SETTINGS")
        fields = await read_json(request)
        settings = self._known(user_id)
        _change(settings, fields, ("fcmToken",))
        return self._put(settings)

    async def _unset(self, request: Request) -> JSONResponse:
        user_id = self._allowed(request, "DELETE_NOTIFICATION_SETTINGS")
        if self._store.get(SETTINGS, user_id) is None:
            raise ErrorAnswer(16, "The user has no notification settings")
        self._store.delete(SETTINGS, user_id)
        return JSONResponse({"affectedRecords": 1})

    async def _set_device(self, request: Request) -> JSONResponse:
        user_id = self._allowed(request, "UPDATE_NOTIFICATION_SETTINGS_DEVICE")
        fields = await read_json(request)
        settings, name, now = self._known(user_id), request.path_params["name"], iso(self._clock())
        device = next((each for each in settings["devices"] if each["name"] == name), None)
        if device is None:
            device = {"name": name, "creationTimestamp": now}
            settings["devices"].append(device)
        _change(device, fields, ("description", "fcmToken"))
        device["updateTimestamp"] = now
        return self._put(settings)

    async def _unset_device(self, request: Request) -> JSONResponse:
        user_id = self._allowed(request, "DELETE_NOTIFICATION_SETTINGS_DEVICE")
        settings = self._known(user_id)
        left = [each for each in settings["devices"] if each["name"] != request.path_params["name"]]
        if len(left) == len(settings["devices"]):
            raise ErrorAnswer(16, "The user has no such device")
        return self._put({**settings, "devices": left})

    def _allowed(self, request: Request, permission: str) -> str:
        """Return the user of the path, for that user and for callers with the permission."""
        rights = rights_of(request, self._store)
        user_id = checked_id(request.path_params["id"])
        if rights.require_user() != user_id:
            rights.require(permission)
        return user_id

    def _known(self, user_id: str) -> Document:
        """Return a user's settings, with defaults if never set."""
        now = iso(self._clock())
        return self._store.get(SETTINGS, user_id) or {
            "id": user_id,
            "devices": [],
            "creationTimestamp": now,
            "updateTimestamp": now,
        }

    def _put(self, settings: Document) -> JSONResponse:
        self._store.put(SETTINGS, settings | {"updateTimestamp": iso(self._clock())})
        return JSONResponse({"affectedRecords": 1})

    def _has_token(self, user_id: str) -> bool:
        settings = self._store.get(SETTINGS, user_id) or {"devices": []}
        return any("fcmToken" in each for each in (settings, *settings["devices"]))

    def _is_own_patient(self, rights: Rights, user_id: str) -> bool:
        groups = rights.groups_with("CREATE_NOTIFICATIONS")
        user = self._store.get("users", user_id) or {"patient_enlistments": ()}
        return any(each["group_id"] in groups for each in user["patient_enlistments"])


def _shown(settings: Document) -> Document:
    """Return the settings as answered, with null for a missing token without device."""
    return {"fcmToken": None, **settings}


def _change(record: Document, fields: Fields, names: tuple[str, ...]) -> None:
    """Apply sent values; null removes."""
    for name in names:
        text = fields.optional_text(name)
        if text is not None:
            record[name] = text
        elif name in fields.members:
            record.pop(name, None)


def _texts(fields: Fields) -> Document | None:
    data = fields.optional_object("data")
    if data is not None and not all(isinstance(value, str) for value in data.values()):
        raise ErrorAnswer(15, "The values of data must be strings")
    return data


def _kind(path: str) -> Kind:
    if path == "sent":
        return "boolean"
    return "string" if path in {"id", "creatorId", "targetUserId", "title", "body", "fcmToken"} else "any"
