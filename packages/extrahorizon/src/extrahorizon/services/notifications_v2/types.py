"""Request and answer types of the notification service."""

from typing import Any, Required, TypedDict


class NotificationCreation(TypedDict, total=False):
    """A notification to send."""

    targetUserId: Required[str]
    title: Required[str]
    body: Required[str]
    data: dict[str, str] | None
    android: dict[str, Any] | None
    apns: dict[str, Any] | None
    webpush: dict[str, Any] | None


class Notification(TypedDict, total=False):
    """A notification. Personal data: never log it, never return all of it."""

    id: Required[str]
    creatorId: Required[str]
    targetUserId: Required[str]
    title: Required[str]
    body: Required[str]
    data: dict[str, str]
    android: dict[str, Any]
    apns: dict[str, Any]
    webpush: dict[str, Any]
    sent: Required[bool]
    errors: list[dict[str, Any]]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class UserSettingsUpdate(TypedDict):
    """A user's only Firebase token; null removes it."""

    fcmToken: str | None


class DeviceUpdate(TypedDict, total=False):
    """A device; null removes a member."""

    description: str | None
    fcmToken: str | None


class Device(TypedDict, total=False):
    """A device of a user. Personal data: never log it, never return all of it."""

    name: Required[str]
    description: str
    fcmToken: str
    creationTimestamp: str
    updateTimestamp: str


class UserNotificationSettings(TypedDict, total=False):
    """A user's devices. Personal data: never log it, never return all of it."""

    id: Required[str]
    fcmToken: str
    devices: list[Device]
    creationTimestamp: str
    updateTimestamp: str
