"""Who may see, change and delete which documents: by a schema's modes, or by a permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import refused
from exh_dev.platform.storage.sql import EVERYTHING, NOTHING, Sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document

#: The texts of an earlier time, as the relations they stand for; None is everybody, an empty list nobody.
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
    """Which documents of a schema the caller may see, for a query."""
    relations = _relations(schema, "readMode")
    if relations is None or rights.has("VIEW_DOCUMENTS", schema["name"]):
        return EVERYTHING
    cases = [_among("groupIds", rights.groups_with("VIEW_DOCUMENTS", schema["name"]))]
    me = rights.user_id or ""
    for relation in relations:
        match relation:
            case "creator":
                cases.append(Sql("json_extract(body, '$.creatorId') = ?", (me,)))
            case "linkedUsers":
                cases.append(_among("userIds", [me]))
            case "linkedGroupStaff":
                cases.append(_among("groupIds", rights.staff_groups))
            case "linkedGroupPatients":
                cases.append(_among("groupIds", rights.patient_groups))
    condition = NOTHING
    for case in cases:
        condition = condition | case
    return condition


def require(
    schema: Document, document: Document, rights: Rights, mode: str, to: str, *permissions: tuple[str, ...]
) -> None:
    """Go on only if the caller may do something to a document.

    Args:
        schema: the document's.
        document: which one.
        rights: the caller's.
        mode: of the schema, such as `updateMode`.
        to: what the caller wants to do, such as `change`.
        permissions: any of which allows it without the mode, each with what may narrow it, such as
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
    """Whether one of the permissions is granted everywhere, or in a group of the document."""
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


def _among(name: str, ids: Iterable[str]) -> Sql:
    values = tuple(sorted(ids))
    if not values:
        return NOTHING
    marks = ", ".join("?" * len(values))
    return Sql(f"EXISTS (SELECT 1 FROM json_each(body, '$.{name}') WHERE value IN ({marks}))", values)  # noqa: S608
