"""Access to documents: by a schema's modes, or by permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import refused
from exh_dev.platform.storage.members import Link
from exh_dev.platform.storage.sql import EVERYTHING, NOTHING, Sql, member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document

#: Deprecated mode names with their relations; None means all users, an empty list no user.
_MEANT: dict[str, dict[str, list[str] | None]] = {
    "readMode": {
        "allUsers": None,
        "default": ["linkedUsers", "linkedGroupStaff"],
        "enlistedInLinkedGroups": ["linkedGroupPatients", "linkedGroupStaff"],
    },
    "updateMode": {
        "default": ["creator"],
        "creatorOnly": ["creator"],
        "linkedGroupsStaffOnly": ["linkedGroupStaff"],
    },
    "deleteMode": {"linkedUsersOnly": ["linkedUsers", "linkedGroupStaff"]},
}


def visible(schema: Document, rights: Rights) -> Sql:
    """Return the condition of documents that the caller may see."""
    return among(reached(schema, rights))


def reached(schema: Document, rights: Rights) -> list[Link] | None:
    """Return the links of which a document has to have one, for the caller to see it; None where all are seen."""
    relations = _relations(schema, "readMode")
    if relations is None or rights.has("VIEW_DOCUMENTS", schema["name"]):
        return None
    groups = set(rights.groups_with("VIEW_DOCUMENTS", schema["name"]))
    links = []
    for relation in relations:
        match relation:
            case "creator":
                links.append(Link("creatorId", (rights.user_id or "",)))
            case "linkedUsers":
                links.append(Link("userIds", (rights.user_id or "",)))
            case "linkedGroupStaff":
                groups |= rights.staff_groups
            case "linkedGroupPatients":
                groups |= rights.patient_groups
    return [*links, Link("groupIds", tuple(sorted(groups)))] if groups else links


def among(links: Sequence[Link] | None) -> Sql:
    """Return the condition that a document has one of the links."""
    if links is None:
        return EVERYTHING
    condition = NOTHING
    for link in links:
        condition = condition | _has(link)
    return condition


def require(
    schema: Document, document: Document, rights: Rights, mode: str, to: str, *permissions: tuple[str, ...]
) -> None:
    """Check that the caller may perform an action on a document.

    Args:
        schema: the document's.
        document: the document.
        rights: the caller's rights.
        mode: of the schema, such as `updateMode`.
        to: the action, such as `change`.
        permissions: any of these allows it regardless of the mode, each with further scopes, such as
            `("UPDATE_DOCUMENTS", "ecg")`.

    Raises:
        ErrorAnswer: 10 when not.
    """
    if permitted(document, rights, *permissions):
        return
    relations = _relations(schema, mode)
    if relations is None or any(_related(relation, document, rights) for relation in relations):
        return
    raise refused(
        f"This user may not {to} this document",
        permission=[name for name, *_ in permissions],
        mode=mode,
        relations=relations,
        held=rights.held(),
    )


def permitted(document: Document, rights: Rights, *permissions: tuple[str, ...]) -> bool:
    """Return whether one of the permissions is granted everywhere, or in a group of the document."""
    return any(
        rights.has(name, *narrowed) or not rights.groups_with(name, *narrowed).isdisjoint(document["groupIds"])
        for name, *narrowed in permissions
    )


def _related(relation: str, document: Document, rights: Rights) -> bool:
    groups = set(document["groupIds"])
    match relation:
        case "creator":
            return bool(document["creatorId"] == rights.user_id)
        case "linkedUsers":
            return rights.user_id in document["userIds"]
        case "linkedGroupStaff":
            return not groups.isdisjoint(rights.staff_groups)
        case _:
            return not groups.isdisjoint(rights.patient_groups)


def _relations(schema: Document, mode: str) -> list[str] | None:
    value: Any = schema[mode]
    return value if isinstance(value, list) else _MEANT[mode].get(value, [])


def _has(link: Link) -> Sql:
    marks = ", ".join("?" * len(link.ids))
    if link.member == "creatorId":
        return Sql(f"{member(link.member)} IN ({marks})", link.ids)
    return Sql(f"EXISTS (SELECT 1 FROM json_each(body, '$.{link.member}') WHERE value IN ({marks}))", link.ids)
