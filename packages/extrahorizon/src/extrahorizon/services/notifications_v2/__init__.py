"""The notification service, `/notifications/v2`: messages to users' devices, by Firebase.

camelCase members, ISO 8601 timestamps.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Service, WithId, where

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.notifications_v2.types import Notification, NotificationCreation
    from extrahorizon.services.notifications_v2.user_settings import UserSettings

BASE = "/notifications/v2"


class NotificationsV2(Service, WithId["Notification"]):
    """`exh.notifications_v2`. Finding everybody's needs `VIEW_NOTIFICATIONS`."""

    _base = BASE
    _path = f"{BASE}/"

    @cached_property
    def user_settings(self) -> UserSettings:
        """Users' devices."""
        from extrahorizon.services.notifications_v2.user_settings import UserSettings

        return UserSettings(self._session)

    def find_by_target_user_id(self, target_user_id: str, rql: Condition | None = None) -> Page[Notification]:
        """Return a page of the notifications to this user that match `rql` too.

        Raises:
            InvalidRqlError: the query is invalid (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return paging.find(self._session, self._path, where("targetUserId", target_user_id, rql))

    def create(self, **body: Unpack[NotificationCreation]) -> Notification:
        """Notify the calling user, which needs no permission, or another one, which needs `CREATE_NOTIFICATIONS`.

        A group permission covers the group's patients.

        Args:
            body: the recipient, `title` and `body`; `data` for the app, strings only; `android`, `apns` and `webpush`
                are passed to Firebase unchanged.

        Returns:
            The notification; `sent` is false if the user has no device.

        Raises:
            FirebaseInvalidPlatformDataError: Firebase refused it; the notification is stored anyway.
            FirebaseConnectionError: Firebase could not be reached; the notification is stored anyway.
        """
        return cast("Notification", self._object("POST", f"{BASE}/", json=self._body("NotificationCreation", body)))
