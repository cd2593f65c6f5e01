from datetime import datetime

from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql
from extrahorizon.timestamps import parse


def affected_records_are_a_number(exh: ExtraHorizon, note_id: str) -> bool:
    """Not `{affectedRecords: 1}`: the number itself, whatever a service calls it."""
    return exh.data.documents.update("note", note_id, {"text": "milk"}) == 1


def keys_are_the_platforms(exh: ExtraHorizon, user_id: str) -> str:
    """The users service speaks snake_case, and nothing turns that into camelCase: `user.firstName` is this."""
    user = exh.users.find_by_id(user_id)
    return user["first_name"]


def nothing_found_is_none(exh: ExtraHorizon, note_id: str) -> str | None:
    """`undefined` is None here, and an error only where the platform answers with one."""
    note = exh.data.documents.find_by_id("note", note_id)
    return None if note is None else note["data"]["text"]


def timestamps_are_as_sent(exh: ExtraHorizon, user_id: str) -> datetime:
    """No `Date` is made of them: `parse` reads milliseconds and ISO 8601."""
    return parse(exh.users.find_by_id(user_id)["creation_timestamp"])


def a_page_is_a_page(exh: ExtraHorizon) -> tuple[int | None, list[str]]:
    """`{page: {total}, data}` is a `Page`: `total`, `items`, `next()`."""
    page = exh.data.documents.find("note", rql.limit(10))
    return page.total, [note["id"] for note in page]


def all_of_them_one_by_one(exh: ExtraHorizon) -> int:
    """A record after another, page after page: `findAll`, and `findAllIterator` without its pages."""
    return sum(1 for note in exh.data.documents.find_all("note") if note["data"].get("text"))


def a_kept_query_never_changes(patient_id: str) -> tuple[str, str]:
    """Each method gives a new query: `newest` is not part of `mine`."""
    mine = rql.eq("data.patient", patient_id)
    newest = mine.sort("-creationTimestamp").limit(1)
    return str(mine), str(newest)
