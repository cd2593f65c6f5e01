"""Request and answer types of the event service."""

from typing import Any, Required, TypedDict


class EventCreation(TypedDict, total=False):
    """An event to make."""

    type: Required[str]
    content: dict[str, Any] | None


class Event(TypedDict, total=False):
    """Something that happened. Its content may be personal data: never log it, never return all of it."""

    id: Required[str]
    type: Required[str]
    content: dict[str, Any]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class Version(TypedDict):
    """Version of a service."""

    major: int
    minor: int
    patch: int


class SubscribedService(TypedDict):
    """A service of the platform."""

    name: str
    version: Version


class SubscriptionCreation(TypedDict, total=False):
    """Events to notify a service of; if it is `retriable`, up to three times again where it does not answer."""

    service: Required[SubscribedService]
    event_types: Required[list[str]]
    retriable: bool | None


class Subscription(TypedDict, total=False):
    """Events a service is notified of."""

    id: Required[str]
    service: Required[SubscribedService]
    event_types: Required[list[str]]
    retriable: bool
    creation_timestamp: Required[int]
    update_timestamp: Required[int]
