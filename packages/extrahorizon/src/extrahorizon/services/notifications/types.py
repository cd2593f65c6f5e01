"""Request and answer types of version 1 of the notification service."""

from typing import Literal, Required, TypedDict

FieldType = Literal["STRING", "NUMBER", "BOOLEAN", "OBJECT_ID", "URL"]


class NotificationCreation(TypedDict, total=False):
    """A notification to make."""

    type: Required[
        Literal[
            "message",
            "link",
            "measurement_comment",
            "measurement_reviewed",
            "prescription_expiry",
            "activated",
            "password_changed",
        ]
    ]
    user_id: str | None
    fields: dict[str, str] | None
    important: bool | None


class Notification(TypedDict, total=False):
    """A notification. Personal data: never log it, never return all of it."""

    id: Required[str]
    type: Required[str]
    viewed: bool
    user_id: Required[str]
    fields: dict[str, str]
    important: bool
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class OptionalField(TypedDict, total=False):
    """A field that a notification may have."""

    field_type: FieldType
    default_value: str


class NotificationType(TypedDict, total=False):
    """A type of notification: its fields and texts."""

    name: str
    required_fields: dict[str, FieldType]
    optional_fields: dict[str, OptionalField]
    title: str
    body: str
    combined_body: str
    push_by_default: bool


class NotificationSettingsUpdate(TypedDict, total=False):
    """A user's device, and which types are pushed to it."""

    key: Required[str]
    preferences: Required[dict[str, bool]]


class NotificationSettings(TypedDict, total=False):
    """A user's notification settings. Personal data: never log it, never return all of it."""

    id: Required[str]
    key: str
    preferences: dict[str, bool]
    creation_timestamp: int
    update_timestamp: int
