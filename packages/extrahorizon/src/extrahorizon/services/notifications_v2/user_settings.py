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
    """`exh.notifications_v2.user_settings`. Finding needs `VIEW_NOTIFICATION_SETTINGS`; not for one's own."""

    _path = f"{BASE}/users/"

    def get_by_id(self, user_id: str) -> UserNotificationSettings:
        """Return a user's devices, an empty list if there are none.

        Other users' need `VIEW_NOTIFICATION_SETTINGS`.
        """
        return cast("UserNotificationSettings", self._object("GET", _user(user_id)))

    def update(self, user_id: str, **body: Unpack[UserSettingsUpdate]) -> int:
        """Set a user's only Firebase token; None removes it. Other users' need `UPDATE_NOTIFICATION_SETTINGS`.

        Deprecated by the platform: use `add_or_update_device`.
        """
        return self._affected("PUT", _user(user_id), json=self._body("UserSettingsUpdate", body, nulls=True))

    def remove(self, user_id: str) -> int:
        """Delete a user's devices. Other users' need `DELETE_NOTIFICATION_SETTINGS`.

        Raises:
            ResourceUnknownError: the user has none (16).
        """
        return self._affected("DELETE", _user(user_id))

    def add_or_update_device(self, user_id: str, device_name: str, **body: Unpack[DeviceUpdate]) -> int:
        """Add a device of a user, or change the one with this name; a member that is None is removed.

        Other users' need `UPDATE_NOTIFICATION_SETTINGS_DEVICE`.
        """
        return self._affected("PUT", _device(user_id, device_name), json=self._body("DeviceUpdate", body, nulls=True))

    def remove_device(self, user_id: str, device_name: str) -> int:
        """Delete a user's device. Other users' need `DELETE_NOTIFICATION_SETTINGS_DEVICE`.

        Raises:
            ResourceUnknownError: the user or device does not exist (16).
        """
        return self._affected("DELETE", _device(user_id, device_name))
