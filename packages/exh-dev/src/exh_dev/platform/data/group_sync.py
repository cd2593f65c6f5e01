"""Keeping documents' groups in step with patient enlistments, as a schema's `groupSyncMode` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.data.collections import SCHEMAS, documents_of
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store

_CREATOR, _LINKED = "creatorPatientEnlistments", "linkedUsersPatientEnlistments"


def enlistment_changed(store: Store, user_id: str, group_id: str, added: bool) -> None:
    """Link a patient's documents to a group on enlistment, or unlink them when the patient leaves.

    A document stays linked while another user whom its schema follows is a patient of the group.
    """
    for schema in store.matching(SCHEMAS, Sql(f"{member('groupSyncMode')} IN (?, ?)", (_CREATOR, _LINKED))):
        for document in store.matching(documents_of(schema), EVERYTHING):
            patients = _patients(schema, document)
            if user_id in patients and (added or group_id not in _groups(store, patients)):
                groups = [each for each in document["groupIds"] if each != group_id]
                document["groupIds"] = [*groups, group_id] if added else groups
                store.put(documents_of(schema), document)


def add_groups(store: Store, schema: Document, document: Document, user_ids: list[str]) -> None:
    """Add the groups of these users, when they are those that the schema follows."""
    _change(store, schema, document, user_ids, added=True)


def follow_patients(store: Store, schema: Document, document: Document) -> None:
    """Add the groups of every user whose enlistments the schema follows."""
    add_groups(store, schema, document, _patients(schema, document))


def remove_groups(store: Store, schema: Document, document: Document, user_ids: list[str]) -> None:
    """Unlink the groups of these unlinked users, except those of users whom the schema still follows."""
    _change(store, schema, document, user_ids, added=False)


def apply_to_all(store: Store, schema: Document) -> None:
    """Update every document after the schema's mode has changed."""
    if schema["groupSyncMode"] == "disabled":
        return
    for document in store.matching(documents_of(schema), EVERYTHING):
        follow_patients(store, schema, document)
        store.put(documents_of(schema), document)


def _change(store: Store, schema: Document, document: Document, user_ids: list[str], *, added: bool) -> None:
    followed = [user_id for user_id in user_ids if _follows(schema, document, user_id)]
    groups = _groups(store, followed)
    if added:
        document["groupIds"] = list(dict.fromkeys([*document["groupIds"], *groups]))
    else:
        kept = _groups(store, _patients(schema, document))
        document["groupIds"] = [each for each in document["groupIds"] if each not in groups or each in kept]


def _follows(schema: Document, document: Document, user_id: str) -> bool:
    mode = schema["groupSyncMode"]
    return mode == _LINKED or (mode == _CREATOR and user_id == str(document["creatorId"]))


def _patients(schema: Document, document: Document) -> list[str]:
    mode = schema["groupSyncMode"]
    return [document["creatorId"]] if mode == _CREATOR else document["userIds"] if mode == _LINKED else []


def _groups(store: Store, user_ids: list[str]) -> list[str]:
    users = (store.get("users", user_id) for user_id in user_ids)
    return [each["group_id"] for user in users if user is not None for each in user["patient_enlistments"]]
