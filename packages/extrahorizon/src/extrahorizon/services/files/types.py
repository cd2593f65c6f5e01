"""Request and answer types of the file service."""

from typing import Literal, Required, TypedDict

AccessLevel = Literal["full", "read"]


class TokenCreation(TypedDict):
    """A token to make."""

    accessLevel: AccessLevel


class Token(TypedDict):
    """A token that gives access to a file: a secret, never log it."""

    token: str
    accessLevel: AccessLevel


class FileMembers(TypedDict, total=False):
    """Members of a file that every token shows."""

    name: Required[str]
    mimetype: Required[str]
    size: Required[int]
    creatorId: str
    tags: list[str]


class FileDetails(FileMembers, total=False):
    """A file without its content; a full token shows the rest. Personal data, and secret tokens: never log it."""

    tokens: list[Token]
    creationTimestamp: str
    updateTimestamp: str


class File(FileMembers, total=False):
    """A file as its creator sees it, or users who may list files. Personal data, and secret tokens: never log it."""

    tokens: Required[list[Token]]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class FileServiceSettingsUpdate(TypedDict, total=False):
    """Changes to the settings."""

    disableForceDownloadForMimeTypes: list[str]


class FileServiceSettings(TypedDict, total=False):
    """The settings of the file service."""

    disableForceDownloadForMimeTypes: Required[list[str]]
    updateTimestamp: Required[str]


class Upload(TypedDict, total=False):
    """Name and tags of an uploaded file."""

    name: str | None
    mimetype: str | None
    tags: list[str]
