"""Views of users: with their roles, and limited to what the caller may see.

A stored user has role ids; an answer has the roles. RQL applies to the answered view, so that queries cannot reveal
hidden members.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from exh_dev.platform.storage.listing import page_of, picked, query_of, search_shown
from exh_dev.platform.storage.search import Search, search
from exh_dev.platform.storage.sql import EVERYTHING, Sql
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store

COLLECTION = "users"
#: Members of a stored user that are in no answer.
HIDDEN = frozenset({"password_hash", "role_ids"})

#: The members that an answer leaves out.
View: TypeAlias = frozenset[str]
Show: TypeAlias = "Callable[[Document], Document]"
#: From a list's stored items to its answered items.
Change: TypeAlias = "Callable[[list[Any]], list[Any]]"

FULL: View = frozenset()
#: Of a user who shares a group with the caller.
MEMBER: View = frozenset(
    {*("roles", "failed_count", "last_failed_timestamp", "oidc_links", "creation_timestamp", "update_timestamp")}
)
PATIENT: View = MEMBER | {"staff_enlistments"}
STAFF: View = MEMBER | {"patient_enlistments", "activation", "language"}

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("id", "first_name", "last_name", "email", "phone_number", "language", "time_zone"), "string"),
    "failed_count": "number",  # timestamps are compared with dates as well
    "activation": "boolean",
    "profile_image": "string",
}
#: What a query has to name for the stored form not to do; `role` is in the names of all that have roles.
_NOT_AS_STORED = ("role", "staff_enlistments", *HIDDEN)

# CROSS JOIN keeps SQLite from going through all roles for each user.
_ROLES = """(SELECT json_group_array(json(role.body)) FROM json_each(documents.body, '$.role_ids') AS held
 CROSS JOIN documents AS role ON role.collection = 'roles' AND role.id = held.value)"""
_STAFF_ENLISTMENTS = """(SELECT json_group_array(json_set(json_remove(enlistment.value, '$.role_ids'), '$.roles',
 json((SELECT json_group_array(json(role.body)) FROM json_each(enlistment.value, '$.role_ids') AS held
 CROSS JOIN documents AS role ON role.collection = 'group_roles' AND role.id = held.value))))
 FROM json_each(documents.body, '$.staff_enlistments') AS enlistment)"""


def full_view(user: Document, store: Store, now: float) -> str:
    """Return the complete user as JSON.

    Roles are stored as they are answered, so their JSON text, which can be long, is inserted unchanged.
    """
    texts = (store.text("roles", role_id) for role_id in user["role_ids"])
    roles = ",".join(text for text in texts if text is not None)
    rest = shown(user, store, now, frozenset({"roles"}))
    return f'{json.dumps(rest, ensure_ascii=False)[:-1]}, "roles": [{roles}]}}'


def own_view(user_id: str, store: Store, now: Callable[[], float]) -> bytes | None:
    """Return the complete user as JSON, for the user.

    None if unknown. Optimized, because it is the most frequent request.
    """

    def make() -> bytes | None:
        user = store.get(COLLECTION, user_id)
        if user is None:
            return None
        is_timed = any("expiry_timestamp" in each for each in user["patient_enlistments"])
        return b"" if is_timed else full_view(user, store, now()).encode()

    found = store.remembered(("own view", user_id), make, COLLECTION, "roles", "group_roles")
    if found == b"" and (user := store.get(COLLECTION, user_id)):  # it changes by itself
        return full_view(user, store, now()).encode()
    return found


def shown(user: Document, store: Store, now: float, view: View = FULL) -> Document:
    """Return the members of a user that a view has."""
    visible = {name: value for name, value in user.items() if name not in HIDDEN and name not in view}
    if "roles" not in view:
        visible["roles"] = _existing(store, "roles", user["role_ids"])
    if "staff_enlistments" in visible:
        visible["staff_enlistments"] = [
            {
                **{name: value for name, value in enlistment.items() if name != "role_ids"},
                "roles": _existing(store, "group_roles", enlistment["role_ids"]),
            }
            for enlistment in user["staff_enlistments"]
        ]
    if "patient_enlistments" in visible:
        visible["patient_enlistments"] = [
            {**enlistment, "expired": enlistment.get("expiry_timestamp", epoch_ms(now) + 1) <= epoch_ms(now)}
            for enlistment in user["patient_enlistments"]
        ]
    return visible


def page(request: Request, store: Store, *, visible: Sql, view: View, show: Show) -> Response:
    """Return the page of users that the request asks for; its RQL sees what `view` has."""
    return page_of(_wanted(query_of(request), view), store, COLLECTION, visible=visible, show=show)


def chosen(request: Request, store: Store, *, visible: Sql = EVERYTHING, view: View = FULL) -> list[Document]:
    """Return the users that the request's RQL picks by what `view` has, as they are stored.

    Raises:
        ErrorAnswer: 20 without a condition, 19 for RQL that cannot be read.
    """
    return picked(_wanted(query_of(request), view), store, COLLECTION, visible=visible)


def enlisted(kind: str, groups: frozenset[str]) -> Sql:
    """Return the condition of enlistment in one of the groups, as `staff_enlistments` or `patient_enlistments`."""
    marks = ", ".join("?" * len(groups))
    # The names are this module's callers' own; the groups are in question marks.
    return Sql(
        f"EXISTS (SELECT 1 FROM json_each(body, '$.{kind}') WHERE json_extract(value, '$.group_id') IN ({marks}))",
        tuple(sorted(groups)),
    )


def with_role(role_ids: set[str]) -> Sql:
    """Return the condition of having one of these global roles."""
    marks = ", ".join("?" * len(role_ids))
    return Sql(
        f"EXISTS (SELECT 1 FROM json_each(body, '$.role_ids') WHERE value IN ({marks}))",
        tuple(sorted(role_ids)),
    )


def _wanted(query: str, view: View) -> Search:
    """Return a query about users as a view has them."""
    if view == FULL and not any(name in unquote(unquote(query)) for name in _NOT_AS_STORED):
        return search(query, _kind)
    return search_shown(query, COLLECTION, _body(view))


def _body(view: View) -> str:
    """Return the SQL expression of a user as a view has it."""
    paths = ", ".join(f"'$.{name}'" for name in sorted(HIDDEN | view))
    completed = (
        f"json_set(documents.body, '$.roles', json({_ROLES}), '$.staff_enlistments', json({_STAFF_ENLISTMENTS}))"
    )
    return f"json_remove({completed}, {paths})"


def _kind(path: str) -> Kind:
    return _KINDS.get(path, "any")


def _existing(store: Store, collection: str, ids: list[str]) -> list[Document]:
    """Return the existing roles with these ids. Cached, because many users have the same ones."""
    found = (store.remembered((collection, each), partial(store.get, collection, each), collection) for each in ids)
    return [each for each in found if each is not None]
