"""The newest tasks of a platform."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from exh_dev.remote.client import as_devkit_errors
from extrahorizon.paging import PAGE_SIZE
from extrahorizon.query import rql
from extrahorizon.services.tasks.types import Task
from extrahorizon.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.client import ExtraHorizon
    from extrahorizon.paging import Page
    from extrahorizon.query import RQL

FIELDS = tuple(name for name in Task.__annotations__ if name != "data")
"""Fields of a task without its data, which can be large and personal and is fetched only on demand."""

COLUMNS = ("Created", "Function", "Status", "Attempt", "Id")

Item = TypeVar("Item", bound="Mapping[str, Any]")


def newest_tasks(exh: ExtraHorizon, asked: RQL, count: int, *, with_data: bool = False) -> list[Task]:
    """Return at most `count` matching tasks, newest first.

    Raises:
        DevkitError: the platform refused to list them.
    """
    asked = asked.sort(["-creationTimestamp"])
    if not with_data:
        asked = asked.select(FIELDS)
    with as_devkit_errors("VIEW_TASKS"):
        return first(count, lambda size: exh.tasks.find(asked.limit(size)))


def first(count: int, find: Callable[[int], Page[Item]]) -> list[Item]:
    """Return the first `count` records of a list; `find` returns its first page of a given size.

    New records push old ones to later pages, so duplicates are dropped.
    """
    page: Page[Item] | None = find(min(count, PAGE_SIZE))
    found: dict[str, Item] = {}
    while page is not None:
        found |= {each["id"]: each for each in page}
        page = page.next() if len(found) < count else None
    return list(found.values())[:count]


def task_condition(function: str | None, status: str | None) -> RQL:
    """Return the condition for the tasks of a function, in a status."""
    asked = rql
    if function is not None:
        asked = asked.eq("functionName", function)
    return asked if status is None else asked.eq("status", status)


def function_names(exh: ExtraHorizon) -> list[str]:
    """Return the names of a platform's functions, of which other projects may have some.

    Raises:
        MissingPermissionError: the user of the credentials may not list them.
        DevkitError: the platform refused for another reason.
    """
    with as_devkit_errors("VIEW_TASK_FUNCTIONS"):
        return [each["name"] for each in exh.tasks.functions.find()]


def row(task: Task) -> tuple[str, ...]:
    """Return a task as a line of a table under `COLUMNS`."""
    created = task.get("creationTimestamp")
    return (
        short_time(created) if created else "",
        task.get("functionName", ""),
        task.get("status", ""),
        str(len(task.get("retryForTaskIds", ())) + 1),
        task["id"],
    )


def error_of(task: Task) -> str:
    """Return the name of a task's error. The message is omitted: it may contain personal data."""
    error = task.get("error")
    return (error.get("name") or error["type"]) if error else ""


def short_time(timestamp: float | str) -> str:
    """Return a timestamp for a narrow column: of today the time, of another day the day and the minute."""
    local = parse(timestamp).astimezone()
    return f"{local:%H:%M:%S}" if local.date() == datetime.now().astimezone().date() else f"{local:%m-%d %H:%M}"


def local_time(timestamp: float | str | None) -> str:
    """Format a platform timestamp in this machine's time zone; empty for None."""
    return f"{parse(timestamp).astimezone():%Y-%m-%d %H:%M:%S}" if timestamp else ""
