"""Notification settings; deprecated by the platform in favour of `exh.notifications_v2.user_settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, segment
from extrahorizon.services.notifications import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.notifications.types import NotificationSettings, NotificationSettingsUpdate


class Settings(WithId["NotificationSettings"]):
    """`exh.notifications.settings`; deprecated by the platform.

    Finding one's own needs no permission, finding everybody's needs `VIEW_NOTIFICATION_SETTINGS`.
    """

    _path = f"{BASE}/settings"

    def update(self, user_id: str, **body: Unpack[NotificationSettingsUpdate]) -> NotificationSettings:
        """Change a user's notification settings. Other users' need `UPDATE_NOTIFICATION_SETTINGS`.

        Deprecated by the platform: use `exh.notifications_v2.user_settings.add_or_update_device`.

        Args:
            user_id: the user.
            body: `key`, the Firebase token of the user's device; `preferences`, by type whether to push it.

        Returns:
            The new settings.
        """
        return cast(
            "NotificationSettings",
            self._object(
                "PUT", f"{self._path}/{segment(user_id)}", json=self._body("NotificationSettingsUpdate", body)
            ),
        )

    def remove(self, user_id: str) -> int:
        """Delete how a user is notified. Needs `UPDATE_NOTIFICATION_SETTINGS`.

        Deprecated by the platform: use `exh.notifications_v2.user_settings.remove`.
        """
        return self._affected("DELETE", f"{self._path}/{segment(user_id)}")
