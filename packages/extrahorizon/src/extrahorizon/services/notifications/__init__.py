"""Version 1 of the notification service, `/notifications/v1`: snake_case members, timestamps in epoch milliseconds.

Deprecated by the platform: use `exh.notifications_v2`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from extrahorizon import paging
from extrahorizon.query import query
from extrahorizon.resource import Service, WithId, required

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.notifications.settings import Settings
    from extrahorizon.services.notifications.types import Notification, NotificationCreation, NotificationType

BASE = "/notifications/v1"


class Notifications(Service, WithId["Notification"]):
    """`exh.notifications`; deprecated by the platform in favour of `exh.notifications_v2`.

    Finding one's own needs no permission, finding everybody's needs `VIEW_NOTIFICATIONS`.
    """

    _base = BASE
    _path = f"{BASE}/notifications"

    @cached_property
    def settings(self) -> Settings:
        """Notification settings."""
        from extrahorizon.services.notifications.settings import Settings

        return Settings(self._session)

    def create(self, **body: Unpack[NotificationCreation]) -> Notification:
        """Notify the calling user, which needs no permission, or another one, which needs `CREATE_NOTIFICATIONS`.

        Deprecated by the platform: use `exh.notifications_v2.create`.

        A `message` needs a sender. If its `fields` have no `sender_id`, the current user is used, which takes an
        additional call (`GET /users/v1/me`).

        Args:
            body: `type`, and the `fields` that `get_types` lists for it; `user_id`, the current user by default.
        """
        content = self._body("NotificationCreation", body)
        fields = content.get("fields") or {}
        if content.get("type") == "message" and fields.get("sender_id") is None:
            me: dict[str, Any] = self._object("GET", "/users/v1/me")
            content["fields"] = {**fields, "sender_id": me["id"]}
        return cast("Notification", self._object("POST", f"{BASE}/", json=content))

    def remove(self, rql: Condition) -> int:
        """Delete the notifications that match. Needs `DELETE_NOTIFICATIONS`. Deprecated by the platform.

        Args:
            rql: with a condition; without one the platform would delete **every notification**.
        """
        return self._affected("DELETE", self._path + required(rql))

    def mark_as_viewed(self, *, rql: Condition | None = None) -> int:
        """Mark one's own notifications that match as viewed, all of them without `rql`. Needs no permission.

        Deprecated by the platform.
        """
        return self._affected("POST", f"{BASE}/viewed{query(rql)}")

    def get_types(self) -> Page[NotificationType]:
        """Return a page of notification types and their fields. Needs no permission. Deprecated by the platform."""
        return paging.find(self._session, f"{BASE}/types")
