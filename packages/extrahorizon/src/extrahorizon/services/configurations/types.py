"""Request and answer types of the configurations service."""

from typing import Any, Required, TypedDict


class Fields(TypedDict):
    """Fields to remove."""

    fields: list[str]


class GeneralConfiguration(TypedDict, total=False):
    """The general configuration."""

    id: str
    data: dict[str, Any]
    userConfiguration: dict[str, Any]
    groupConfiguration: dict[str, Any]
    staffConfiguration: dict[str, Any]
    patientConfiguration: dict[str, Any]
    updateTimestamp: str
    creationTimestamp: str


class GroupConfiguration(TypedDict, total=False):
    """The configuration of a group."""

    id: str
    data: dict[str, Any]
    staffConfiguration: dict[str, Any]
    patientConfiguration: dict[str, Any]
    updateTimestamp: str
    creationTimestamp: str


class EnlistmentConfiguration(TypedDict, total=False):
    """The configuration of a user in one group."""

    groupId: Required[str]
    data: dict[str, Any]


class UserConfiguration(TypedDict, total=False):
    """The configuration of a user. Personal data: never log it, never return all of it."""

    id: str
    data: dict[str, Any]
    staffConfigurations: list[EnlistmentConfiguration]
    patientConfigurations: list[EnlistmentConfiguration]
    updateTimestamp: str
    creationTimestamp: str
