"""Users' devices, to which notifications are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Collection, segment
from extrahorizon.services.notifications_v2 import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.notifications_v2.types import (
        DeviceUpdate,
        UserNotificationSettings,
        UserSettingsUpdate,
    )


def _user(user_id: str) -> str:
    return f"{BASE}/users/{segment(user_id)}"


def _device(user_id: str, device_name: str) -> str:
    return f"{_user(user_id)}/devices/{segment(device_name)}"


class UserSettings(Collection["UserNotificationSettings"]):
    """`exh.notifications_v2.user_settings`. Finding needs `VIEW_NOTIFICATION_SETTINGS`; one's own needs nothing."""

    _path = f"{BASE}/users/"

    def get_by_id(self, user_id: str) -> UserNotificationSettings:
        """Return a user's devices; there is an answer even for a user who has none.

        Somebody else's need `VIEW_NOTIFICATION_SETTINGS`.
        """
        return cast("UserNotificationSettings", self._object("GET", _user(user_id)))

    def update(self, user_id: str, **body: Unpack[UserSettingsUpdate]) -> int:
        """Set a user's only Firebase token; None removes it. Somebody else's needs `UPDATE_NOTIFICATION_SETTINGS`.

        Deprecated by the platform: use `add_or_update_device`.
        """
        return self._affected("PUT", _user(user_id), json=self._body("UserSettingsUpdate", body, nulls=True))

    def remove(self, user_id: str) -> int:
        """Forget a user's devices. Somebody else's need `DELETE_NOTIFICATION_SETTINGS`.

        Raises:
            ResourceUnknownError: the user has none (16).
        """
        return self._affected("DELETE", _user(user_id))

    def add_or_update_device(self, user_id: str, device_name: str, **body: Unpack[DeviceUpdate]) -> int:
        """Add a device of a user, or change the one with this name; a member that is None is removed.

        Somebody else's need `UPDATE_NOTIFICATION_SETTINGS_DEVICE`.
        """
        return self._affected("PUT", _device(user_id, device_name), json=self._body("DeviceUpdate", body, nulls=True))

    def remove_device(self, user_id: str, device_name: str) -> int:
        """Forget a device of a user. Somebody else's need `DELETE_NOTIFICATION_SETTINGS_DEVICE`.

        Raises:
            ResourceUnknownError: there is no such user or device (16).
        """
        return self._affected("DELETE", _device(user_id, device_name))
