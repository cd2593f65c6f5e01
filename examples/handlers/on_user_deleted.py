"""Removes what is left of a user whose account was deleted: documents, files, mails, the profile.

- A document that is the user's is deleted, with the files whose tokens stand in it and the mails about it.
- Of one that a clinic has to keep (`KEPT`) everything goes that says whose it was.
- From any other that the user is linked to, the user is unlinked.
- Files that the user uploaded, or that are tagged with the user's id, are deleted, unless a document that stays has
  their token: a doctor's uploads are other people's records. The profile is emptied; the platform deletes none.

Each step takes away what it looked for, so that a run which is repeated goes on where the last one ended. That all was
done is noted, without saying whose account it was.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import (
    ExtraHorizonError,
    InvalidEventError,
    InvalidTokenError,
    ResourceAlreadyExistsError,
    ResourceUnknownError,
    UnauthorizedTokenError,
)
from extrahorizon.query import rql

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extrahorizon.query import RQL
    from extrahorizon.services.data.types import Document, Schema
    from extrahorizon.services.files.types import File

#: Schemas whose documents stay, and the properties that say whose they are.
KEPT = {"clinic-blood-pressure-reading": ["patient", "report"]}
#: Schemas whose documents are mailed about; the mails' content has the document's id.
MAILED = {"blood-pressure-reading", "clinic-blood-pressure-reading"}
AUDIT = "user-removal"
_FILE_TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What a profile cannot be without is set to what says nothing; gender 0 is "not known" (ISO 5218).
_NOBODY: Any = {"country": "", "birthday": "1900-01-01", "gender": 0}
_PROFILE_STAYS = {"id", "groups", "medication", "creation_timestamp", "update_timestamp", *_NOBODY}


class FileNotRemovedError(ExtraHorizonError):
    """A document of the user refers to a file by a token that only reads, and no other token of it can be found."""


class ProfileNotEmptiedError(ExtraHorizonError):
    """The platform changed nothing: the function's user may see the profile, but not change it."""


@dataclass
class Removed:
    """What a run has removed: documents `deleted`, `anonymised` and `unlinked`; `files` and `mails` deleted."""

    deleted: int = 0
    anonymised: int = 0
    unlinked: int = 0
    files: int = 0
    mails: int = 0


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    event = task.data.get("event")
    content = event.get("content") if isinstance(event, dict) else None
    if (
        not isinstance(event, dict)
        or event.get("type") != "user_deleted"
        or not isinstance(content, dict)
        or not all(isinstance(each.get("id"), str) for each in (event, content))
    ):
        raise InvalidEventError("the task's data needs event, as a dispatcher of user_deleted adds it")
    return remove_user(exh, content["id"], event["id"])


def remove_user(exh: ExtraHorizon, user_id: str, event_id: str) -> dict[str, Any]:
    """Remove what is left of a user.

    Args:
        exh: the client.
        user_id: who is gone.
        event_id: the event that said so.

    Returns:
        The numbers of `Removed`. Only that the user is `still_there`, if so: whoever made this event, it was not the
        platform.

    Raises:
        FileNotRemovedError: a file cannot be deleted.
        ProfileNotEmptiedError: the profile cannot be changed.
        DeadlineExceededError: the time is up; the next run goes on from here.
    """
    if _is_there(exh, user_id):
        logger.warning("the user of this event has an account; nothing is removed", extra={"event_id": event_id})
        return {"still_there": True}
    removed = Removed()
    schemas = list(exh.data.schemas.find_all())
    for schema in schemas:
        for document in _until_there_are_none(exh, schema["id"], rql.eq("userIds", user_id)):
            _take_from(exh, schema["name"], document, user_id, removed)
        # What the user made and showed to nobody: not even to a clinic.
        private = rql.eq("creatorId", user_id).excludes("userIds.0").excludes("groupIds.0")
        for document in _until_there_are_none(exh, schema["id"], private):
            _delete(exh, schema["name"], document, removed)
    _remove_own_files(exh, user_id, schemas, removed)
    _empty_profile(exh, user_id)
    try:
        exh.data.documents.create(AUDIT, {"event": event_id})
    except ResourceAlreadyExistsError:
        logger.info("noted before", extra={"event_id": event_id})
    logger.info("removed", extra={"event_id": event_id, **asdict(removed)})
    return asdict(removed)


def _is_there(exh: ExtraHorizon, user_id: str) -> bool:
    """Return whether the user exists. It needs `VIEW_USER`: without it, users you may not see look deleted."""
    try:
        exh.users.find_by_id(user_id)
    except ResourceUnknownError:
        return False
    return True


def _until_there_are_none(exh: ExtraHorizon, schema: str, query: RQL) -> Iterator[Document]:
    """Yield the documents that match, the first page again and again: what is done to each takes it off that page."""
    while items := exh.data.documents.find(schema, query.limit(50)).items:
        yield from items


def _take_from(exh: ExtraHorizon, schema: str, document: Document, user_id: str, removed: Removed) -> None:
    """Take the user away from a document that the user is linked to."""
    documents = exh.data.documents
    if schema in KEPT:
        _remove_mails(exh, schema, document, removed)
        for name in KEPT[schema]:
            _remove_files_in(exh, document["data"].get(name), removed)
        documents.remove_fields(schema, document["id"], fields=KEPT[schema])
        documents.unlink_users(schema, document["id"], userIds=[user_id])
        removed.anonymised += 1
    elif user_id == document["data"].get("patient", document["userIds"][0]):  # whose it is, however many see it
        _delete(exh, schema, document, removed)
    else:
        documents.unlink_users(schema, document["id"], userIds=[user_id])
        removed.unlinked += 1


def _delete(exh: ExtraHorizon, schema: str, document: Document, removed: Removed) -> None:
    """Delete a document; its mails and files first, for only the document says which they are."""
    _remove_mails(exh, schema, document, removed)
    _remove_files_in(exh, document["data"], removed)
    exh.data.documents.remove(schema, document["id"])
    removed.deleted += 1


def _remove_mails(exh: ExtraHorizon, schema: str, document: Document, removed: Removed) -> None:
    if schema in MAILED:
        while mail := exh.mails.find_first(rql.eq("content.documentId", document["id"])):
            removed.mails += exh.mails.remove(mail["id"])


def _remove_files_in(exh: ExtraHorizon, value: Any, removed: Removed) -> None:
    """Delete the files whose tokens stand anywhere in a value."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _remove_files_in(exh, each, removed)
    elif isinstance(value, str) and _FILE_TOKEN.fullmatch(value):
        removed.files += _remove_file(exh, value)


def _remove_file(exh: ExtraHorizon, token: str) -> int:
    try:
        return exh.files.remove(token)
    except InvalidTokenError:
        return 0  # an earlier run removed it
    except UnauthorizedTokenError:
        file = exh.files.find_first(rql.eq("tokens.token", token))  # which shows the other tokens
    if file is None:
        raise FileNotRemovedError(
            f"the file {token.partition('-')[0]} has a token that may only read it, and is not in the list of files"
        )
    return exh.files.remove(_full_token(file))


def _full_token(file: File) -> str:
    """Return the token with full access, of which each file has one."""
    return next(each["token"] for each in file["tokens"] if each["accessLevel"] == "full")


def _remove_own_files(exh: ExtraHorizon, user_id: str, schemas: Sequence[Schema], removed: Removed) -> None:
    for own in (rql.eq("creatorId", user_id), rql.eq("tags", user_id)):
        for file in list(exh.files.find_all(own)):
            if not _is_referred_to(exh, file, schemas):
                removed.files += _remove_file(exh, _full_token(file))


def _is_referred_to(exh: ExtraHorizon, file: File, schemas: Sequence[Schema]) -> bool:
    """Return whether a document that is left has a token of the file, in a property that is a plain text."""
    tokens = [each["token"] for each in file["tokens"]]
    for schema in schemas:
        names = [name for name, each in schema["properties"].items() if _may_be_token(each)]
        holds = [rql.in_(f"data.{name}", tokens) for name in names]
        if holds and exh.data.documents.find_first(schema["id"], rql.or_(*holds).select(["id"])) is not None:
            return True
    return False


def _may_be_token(configuration: Mapping[str, Any]) -> bool:
    return configuration["type"] == "string" and not configuration.keys() & {"pattern", "format", "enum", "const"}


def _empty_profile(exh: ExtraHorizon, user_id: str) -> None:
    own = rql.eq("id", user_id)
    profile: Any = exh.profiles.find_first(own)
    if profile is None or all(profile.get(name) == value for name, value in _NOBODY.items()):
        return
    for group in profile.get("groups", []):
        fields = [name for name in group if name != "group_id"]
        if fields:
            exh.profiles.groups.remove_fields(user_id, group["group_id"], fields=fields)
    fields = [name for name in profile if name not in _PROFILE_STAYS]
    if fields:
        exh.profiles.remove_fields(own, fields=fields)
    if exh.profiles.update(own, **_NOBODY) == 0:
        raise ProfileNotEmptiedError("the profile was not changed; the function's user needs UPDATE_PROFILES")
