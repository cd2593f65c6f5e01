"""Shared parts of the payment service's records: access, display and tags.

Members that begin with an underscore are internal: not in answers, and not found by queries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import matching, page
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store

    #: What a record's tags become: of those it has and those that were sent.
    TagChange = Callable[[list[str], list[str]], list[str]]


#: The permission to act for another user, or by another application.
ASSUME = "ASSUME_PAYMENT_ENTITY"


def shown(record: Document) -> Document:
    """Return a record as in an answer, without its internal members."""
    return {name: value for name, value in record.items() if not is_own(name)}


def is_own(name: str) -> bool:
    """Return whether a member is internal; queries cannot use it."""
    return name.startswith("_")


def listed(request: Request, store: Store, collection: str, *, visible: Sql = EVERYTHING) -> Response:
    """Return the page of a collection that the request asks for; raises what `page` raises."""
    return page(request, store, collection, visible=visible, shape=_kind, show=shown, is_hidden=is_own)


def own_or_all(rights: Rights, permission: str, owner: str) -> Sql:
    """Return the condition of the records that the caller may see: its own, or all with the permission.

    Args:
        rights: rights of the caller.
        permission: permission to see all records.
        owner: name of the member with the id of the record's user.

    Raises:
        ErrorAnswer: 104 without a user.
    """
    me = rights.require_user()
    return EVERYTHING if rights.has(permission) else Sql(f"{member(owner)} = ?", (me,))


def buyer(rights: Rights, fields: Fields, store: Store) -> str:
    """Return the id of the buyer: the caller, or the `userId` of the body.

    Raises:
        ErrorAnswer: 104 without a user, 12 or 15 for an invalid id, 10 for another user without the permission,
            16 when there is no such user.
    """
    me = rights.require_user()
    user_id = fields.optional_text("userId") or me
    if checked_id(user_id) != me:
        rights.require(ASSUME)
    require_existing_user(store, user_id)
    return user_id


def require_existing_user(store: Store, user_id: str) -> None:
    """Check that a user exists.

    Raises:
        ErrorAnswer: 16 when there is no such user.
    """
    if store.get("users", user_id) is None:
        raise ErrorAnswer(16, "There is no such user")


def with_tags(present: list[str], sent: list[str]) -> list[str]:
    """Return `present` with the missing tags of `sent`."""
    return list(dict.fromkeys([*present, *sent]))


def without_tags(present: list[str], sent: list[str]) -> list[str]:
    """Return the tags without those that were sent."""
    return [each for each in present if each not in sent]


async def read_tags(request: Request) -> list[str]:
    """Return the `tags` of the body.

    Raises:
        ErrorAnswer: 13 or 22 for the body, 14 without tags, 15 when they are no list of strings.
    """
    tags = (await read_json(request)).optional_texts("tags")
    if tags is None:
        raise ErrorAnswer(14, "The field tags is required")
    return tags


async def change_tags(
    request: Request, store: Store, collection: str, change: TagChange, **changed: object
) -> JSONResponse:
    """Change the tags of every record that the request's RQL picks, and its members `changed`.

    Raises:
        ErrorAnswer: 20 without RQL, 19 for RQL that cannot be read, and what `read_tags` raises.
    """
    sent = await read_tags(request)
    picked = matching(request, store, collection, is_hidden=is_own)
    with store.transaction():
        for record in picked:
            store.put(collection, {**record, "tags": change(record.get("tags", []), sent), **changed})
    return JSONResponse({"affectedRecords": len(picked)})


def _kind(path: str) -> Kind:
    return "string" if path in {"id", "userId", "creatorId", "status", "subscriptionGroup"} else "any"
