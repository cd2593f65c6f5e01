"""What the file service sends and takes."""

from typing import Literal, Required, TypedDict

AccessLevel = Literal["full", "read"]


class TokenCreation(TypedDict):
    """A token to make."""

    accessLevel: AccessLevel


class Token(TypedDict):
    """What opens a file to whoever has it: a secret, never log it."""

    token: str
    accessLevel: AccessLevel


class FileDetails(TypedDict, total=False):
    """A file without its content. Personal data, and secret tokens: never log it, never return it whole."""

    name: Required[str]
    mimetype: str
    size: int
    creatorId: str
    tags: list[str]
    tokens: list[Token]
    creationTimestamp: str
    updateTimestamp: str


class FileServiceSettingsUpdate(TypedDict, total=False):
    """What can be changed of the settings."""

    disableForceDownloadForMimeTypes: list[str]


class FileServiceSettings(TypedDict, total=False):
    """The settings of the file service."""

    disableForceDownloadForMimeTypes: list[str]
    updateTimestamp: str


class Upload(TypedDict, total=False):
    """What a file is called, and how it is found."""

    name: str | None
    mimetype: str | None
    tags: list[str]
