"""Request and answer types of the dispatcher service."""

from datetime import datetime
from typing import Any, Literal, Required, TypedDict


class Recipients(TypedDict, total=False):
    """Addresses a mail goes to. Personal data: never log it, never return all of it."""

    to: Required[list[str]]
    cc: list[str]
    bcc: list[str]


class ActionMembers(TypedDict, total=False):
    """An action: a task has the function and its data, a mail the other members."""

    name: str
    description: str
    functionName: str
    data: dict[str, Any]
    tags: list[str]
    startTimestamp: int | str | datetime
    recipients: Recipients
    templateId: str


class ActionUpdate(ActionMembers, total=False):
    """Changes to an action; its `type` cannot change."""

    type: Literal["task", "mail"]


class ActionCreation(ActionMembers, total=False):
    """An action to add; which members it has depends on the `type`."""

    type: Required[Literal["task", "mail"]]


class Action(TypedDict, total=False):
    """An action; which members it has depends on the `type`. Personal data: never log it, never return all of it."""

    id: Required[str]
    type: Required[Literal["task", "mail"]]
    name: str
    description: str
    functionName: str
    data: dict[str, Any]
    tags: list[str]
    startTimestamp: int
    recipients: Recipients
    templateId: str


class DispatcherUpdate(TypedDict, total=False):
    """Changes to a dispatcher itself."""

    eventType: str
    name: str
    description: str
    tags: list[str]


class DispatcherCreation(TypedDict, total=False):
    """A dispatcher to make."""

    eventType: Required[str]
    actions: Required[list[ActionCreation]]
    name: str | None
    description: str | None
    tags: list[str] | None


class Dispatcher(TypedDict, total=False):
    """A dispatcher: actions for a type of event."""

    id: Required[str]
    eventType: Required[str]
    name: str
    description: str
    tags: list[str]
    actions: Required[list[Action]]
    creationTimestamp: Required[int]
    updateTimestamp: Required[int]
