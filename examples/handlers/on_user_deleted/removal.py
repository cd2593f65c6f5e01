"""The removal of a deleted user's data.

- A document that is the user's is deleted, with the files whose tokens are in it and the mails about it.
- A document that a clinic has to keep (`KEPT`) loses the fields that identify the user.
- From any other document that is linked to the user, the user is unlinked.
- Then come the user's files and the profile.

Each step deletes what it searched for, so that a run that is repeated continues where the last one ended. A document
`user-removal` records that the removal is complete, with the event's id and nothing of the user.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ResourceAlreadyExistsError, ResourceUnknownError
from extrahorizon.query import rql

from handlers.on_user_deleted.files import remove_files_in, remove_own_files
from handlers.on_user_deleted.profile import empty_profile
from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extrahorizon.query import RQL
    from extrahorizon.services.data.types import Document

#: Schemas whose documents stay, and the properties that identify the user.
KEPT = {"clinic-blood-pressure-reading": ["patient", "report"]}
#: Schemas whose documents are mailed about; the mails' content has the document's id.
MAILED = {"blood-pressure-reading", "clinic-blood-pressure-reading"}
AUDIT = "user-removal"


@dataclass
class Removed:
    """The counts of a run: documents `deleted`, `anonymised` and `unlinked`; `files` and `mails` deleted."""

    deleted: int = 0
    anonymised: int = 0
    unlinked: int = 0
    files: int = 0
    mails: int = 0


def remove_user(exh: ExtraHorizon, user_id: str, event_id: str) -> dict[str, Any]:
    """Remove the data of a deleted user.

    Args:
        exh: the client.
        user_id: the deleted user.
        event_id: the event of the deletion.

    Returns:
        The counts of `Removed`; only `still_there` if the user has an account, so that the event is not the platform's.

    Raises:
        FileNotRemovedError: a file cannot be deleted.
        ProfileNotEmptiedError: the profile cannot be changed.
        DeadlineExceededError: the time is up; the next run continues here.
    """
    if _is_there(exh, user_id):
        logger.warning("the user of this event has an account; nothing is removed", extra={"event_id": event_id})
        return {"still_there": True}
    removed = Removed()
    schemas = list(exh.data.schemas.find_all())
    for schema in schemas:
        for document in _until_there_are_none(exh, schema["id"], rql.eq("userIds", user_id)):
            _take_from(exh, schema["name"], document, user_id, removed)
        # Documents that the user made and shared with nobody, not even with a clinic, are linked to no user.
        private = rql.eq("creatorId", user_id).excludes("userIds.0").excludes("groupIds.0")
        for document in _until_there_are_none(exh, schema["id"], private):
            _delete(exh, schema["name"], document, removed)
    removed.files += remove_own_files(exh, user_id, schemas)
    empty_profile(exh, user_id)
    try:
        exh.data.documents.create(AUDIT, {"event": event_id})
    except ResourceAlreadyExistsError:
        logger.info("noted before", extra={"event_id": event_id})
    logger.info("removed", extra={"event_id": event_id, **asdict(removed)})
    return asdict(removed)


def _is_there(exh: ExtraHorizon, user_id: str) -> bool:
    """Return whether the user exists. Requires `VIEW_USER`: without it, users that one may not see look deleted."""
    try:
        exh.users.find_by_id(user_id)
    except ResourceUnknownError:
        return False
    return True


def _until_there_are_none(exh: ExtraHorizon, schema: str, query: RQL) -> Iterator[Document]:
    """Yield the documents that match, always from the first page: the caller takes each document out of the query."""
    while items := exh.data.documents.find(schema, query.limit(50)).items:
        yield from items


def _take_from(exh: ExtraHorizon, schema: str, document: Document, user_id: str, removed: Removed) -> None:
    """Delete, anonymise or unlink a document that is linked to the user."""
    documents = exh.data.documents
    if schema in KEPT:
        _remove_mails(exh, schema, document, removed)
        for name in KEPT[schema]:
            removed.files += remove_files_in(exh, document["data"].get(name))
        documents.remove_fields(schema, document["id"], fields=KEPT[schema])
        documents.unlink_users(schema, document["id"], userIds=[user_id])
        removed.anonymised += 1
    elif user_id == document["data"].get("patient", document["userIds"][0]):  # the owner, however many users see it
        _delete(exh, schema, document, removed)
    else:
        documents.unlink_users(schema, document["id"], userIds=[user_id])
        removed.unlinked += 1


def _delete(exh: ExtraHorizon, schema: str, document: Document, removed: Removed) -> None:
    """Delete a document after its mails and files, which can only be found by the document."""
    _remove_mails(exh, schema, document, removed)
    removed.files += remove_files_in(exh, document["data"])
    exh.data.documents.remove(schema, document["id"])
    removed.deleted += 1


def _remove_mails(exh: ExtraHorizon, schema: str, document: Document, removed: Removed) -> None:
    if schema in MAILED:
        while mail := exh.mails.find_first(rql.eq("content.documentId", document["id"])):
            removed.mails += exh.mails.remove(mail["id"])
