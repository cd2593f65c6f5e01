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


class FileMembers(TypedDict, total=False):
    """What everybody who has a token sees of a file."""

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
    """A file as whoever made it, or may list it, sees it. Personal data, and secret tokens: never log it."""

    tokens: Required[list[Token]]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class FileServiceSettingsUpdate(TypedDict, total=False):
    """What can be changed of the settings."""

    disableForceDownloadForMimeTypes: list[str]


class FileServiceSettings(TypedDict, total=False):
    """The settings of the file service."""

    disableForceDownloadForMimeTypes: Required[list[str]]
    updateTimestamp: Required[str]


class Upload(TypedDict, total=False):
    """What a file is called, and how it is found."""

    name: str | None
    mimetype: str | None
    tags: list[str]
