"""Files of a deleted user: those whose tokens are in the user's documents, and those that the user uploaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError, InvalidTokenError, UnauthorizedTokenError
from extrahorizon.query import rql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extrahorizon.services.data.types import Schema
    from extrahorizon.services.files.types import File

    from shared.session import ExtraHorizon

_FILE_TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FileNotRemovedError(ExtraHorizonError):
    """A document of the user has a read-only token of a file, and no other token of the file can be found."""


def remove_files_in(exh: ExtraHorizon, value: Any) -> int:
    """Delete the files whose tokens are anywhere in a value, and return how many there were."""
    if isinstance(value, dict | list):
        return sum(remove_files_in(exh, each) for each in (value.values() if isinstance(value, dict) else value))
    if isinstance(value, str) and _FILE_TOKEN.fullmatch(value):
        return remove_file(exh, value)
    return 0


def remove_own_files(exh: ExtraHorizon, user_id: str, schemas: Sequence[Schema]) -> int:
    """Delete the files that a user uploaded or that are tagged with the user's id.

    A file to which a document still refers stays: what a doctor uploaded belongs to other people's records.

    Args:
        exh: the client.
        user_id: the deleted user.
        schemas: all schemas, in whose documents tokens are looked for.

    Returns:
        How many were deleted.
    """
    removed = 0
    for own in (rql.eq("creatorId", user_id), rql.eq("tags", user_id)):
        for file in list(exh.files.find_all(own)):
            if not _is_referred_to(exh, file, schemas):
                removed += remove_file(exh, _full_token(file))
    return removed


def remove_file(exh: ExtraHorizon, token: str) -> int:
    """Delete a file by one of its tokens, and return 1, or 0 if it was deleted before.

    Raises:
        FileNotRemovedError: the token only reads, and the list of files has no other one.
    """
    try:
        return exh.files.remove(token)
    except InvalidTokenError:
        return 0  # an earlier run removed it
    except UnauthorizedTokenError:
        file = exh.files.find_first(rql.eq("tokens.token", token))  # which has the other tokens
    if file is None:
        raise FileNotRemovedError(
            f"the file {token.partition('-')[0]} has a token that may only read it, and is not in the list of files"
        )
    return exh.files.remove(_full_token(file))


def _full_token(file: File) -> str:
    """Return the token with full access, of which each file has one."""
    return next(each["token"] for each in file["tokens"] if each["accessLevel"] == "full")


def _is_referred_to(exh: ExtraHorizon, file: File, schemas: Sequence[Schema]) -> bool:
    """Return whether a document has a token of the file, in a property that is a plain string."""
    tokens = [each["token"] for each in file["tokens"]]
    for schema in schemas:
        names = [name for name, each in schema["properties"].items() if _may_be_token(each)]
        holds = [rql.in_(f"data.{name}", tokens) for name in names]
        if holds and exh.data.documents.find_first(schema["id"], rql.or_(*holds).select(["id"])) is not None:
            return True
    return False


def _may_be_token(configuration: Mapping[str, Any]) -> bool:
    return configuration["type"] == "string" and not configuration.keys() & {"pattern", "format", "enum", "const"}
