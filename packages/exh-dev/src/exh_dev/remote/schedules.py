"""Synchronize a platform's schedules with the manifest.

    wanted(functions)            the manifest's schedules
    plan(wanted, …, known)       the necessary changes; `read_plan` reads the platform's schedules
    apply(steps, exh)            make the changes

The platform's schedules have no names and no tags, and they cannot be changed: a change deletes one and creates
another. A marker identifies ours: it is their entire `data` and records the manifest's values: `{"exhDevSchedule":
{"interval": 86400, "start": "2026-01-15T05:00:00Z"}}`. A schedule without it, or with other data, is never changed.
The function finds the marker in its task's data.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from exh_dev.project.schedule_mark import MARK, marked_data
from exh_dev.remote.client import as_devkit_errors
from extrahorizon.timestamps import iso, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from exh_dev.project.function_spec import FunctionSpec, Schedule
    from exh_dev.project.manifest import Manifest
    from extrahorizon.client import ExtraHorizon
    from extrahorizon.services.tasks.types import Schedule as Known


@dataclass(frozen=True)
class Step:
    """A schedule to create or remove.

    Attributes:
        action: create or remove.
        function: the name of the function that it runs.
        interval: in seconds.
        start: its start, as in the manifest; None if not given.
        reason: why.
        id: the schedule to remove.
    """

    action: Literal["create", "remove"]
    function: str
    interval: float
    start: str | None
    reason: str
    id: str | None = None

    def as_json(self, *, done: bool) -> dict[str, Any]:
        """Return the step as JSON output."""
        members = {name: getattr(self, name) for name in ("action", "function", "interval", "start", "id", "reason")}
        return {**{name: value for name, value in members.items() if value is not None}, "done": done}

    def __str__(self) -> str:
        sign = "+" if self.action == "create" else "-"
        return f"{sign} {self.function}, {_rhythm(self.interval, self.start)} ({self.reason})"


@dataclass(frozen=True)
class Plan:
    """The changes that synchronize a platform's schedules with the manifest.

    Attributes:
        steps: in the order to do them.
        kept: ours, as they should be.
        left: ours, of functions missing in the manifest; perhaps another project's.
        foreign: not ours and without data, of functions with a schedule in the manifest, which therefore run twice.
    """

    steps: tuple[Step, ...]
    kept: tuple[Known, ...]
    left: tuple[Known, ...] = ()
    foreign: tuple[Known, ...] = ()

    def notes(self) -> list[str]:
        """Return what should be known about schedules that stay as they are."""
        return [
            *(
                f"{each['functionName']} is not in template.yaml, but runs by a schedule that exh-dev made "
                f"({each['id']}); --prune removes it, unless it is another project's"
                for each in self.left
            ),
            *(
                f"{each['functionName']} runs by another schedule too, which exh-dev did not make and does not touch; "
                f"DELETE /tasks/v1/schedules/{each['id']} would remove it (exh-dev call)"
                for each in self.foreign
            ),
        ]


def wanted(functions: Iterable[FunctionSpec]) -> dict[str, Schedule]:
    """Return the schedules that the manifest has for Extra Horizon, by the names of their functions."""
    return {spec.name: spec.schedule for spec in functions if spec.schedule and "exh" in spec.targets}


def plan(
    wanted: Mapping[str, Schedule], functions: Iterable[str], known: Iterable[Known], *, prune: bool = False
) -> Plan:
    """Return the necessary changes.

    Args:
        wanted: the manifest's schedules by function name.
        functions: the names of all functions of the manifest.
        known: all schedules of the platform.
        prune: whether to remove ours whose function is not in the manifest.
    """
    ours: dict[str, list[Known]] = {name: [] for name in wanted}
    foreign = []
    for each in sorted(known, key=lambda each: (each.get("creationTimestamp", ""), each["id"])):
        if is_ours(each):
            ours.setdefault(each["functionName"], []).append(each)
        elif each["functionName"] in wanted and not each.get("data"):
            foreign.append(each)
    present = set(functions)
    steps, kept, left = [], [], []
    for name, mine in ours.items():
        asked = wanted.get(name)
        if asked is None and name not in present and not prune:
            left += mine
            continue
        if asked is None:
            reason = "template.yaml has no schedule for it" if name in present else "it is not in template.yaml"
            steps += [_removal(each, reason) for each in mine]
            continue
        fitting = next((each for each in mine if _is_for(each, asked)), None)
        if fitting is not None:
            kept.append(fitting)
        else:
            reason = "template.yaml says so now" if mine else "it has none yet"
            steps.append(Step("create", name, asked.interval, asked.start, reason))
        # After the new one is there: rather twice than never.
        for each in mine:
            if each is not fitting:
                twice = fitting is not None and _is_for(each, asked)
                steps.append(_removal(each, "it is there twice" if twice else "template.yaml says otherwise now"))
    return Plan(tuple(steps), tuple(kept), tuple(left), tuple(foreign))


def read_plan(manifest: Manifest, exh: ExtraHorizon, *, prune: bool = False) -> Plan:
    """Return the changes that a platform needs; `prune` as for `plan`.

    Raises:
        DevkitError: the platform refused to list its schedules.
    """
    return plan(wanted(manifest.functions), [spec.name for spec in manifest.functions], known_to(exh), prune=prune)


def known_to(exh: ExtraHorizon) -> list[Known]:
    """Return all schedules of a platform, oldest first.

    Raises:
        DevkitError: the platform refused to list them.
    """
    from extrahorizon.query import rql

    with as_devkit_errors("VIEW_TASK_SCHEDULES"):
        return list(exh.tasks.schedules.find_all(rql.sort(["creationTimestamp"])))


def apply(
    steps: Iterable[Step], exh: ExtraHorizon, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Step]:
    """Apply a plan; yield each step when it is done.

    Raises:
        DevkitError: the platform refused a step; those yielded before are done.
    """
    from extrahorizon.errors import ResourceUnknownError

    for step in steps:
        if step.id is not None:
            with as_devkit_errors("DELETE_TASK_SCHEDULE"), suppress(ResourceUnknownError):  # removed concurrently
                exh.tasks.schedules.remove(step.id)
        else:
            mark = marked_data(step.interval, step.start)
            first = iso(first_run(step.interval, step.start, clock()))
            with as_devkit_errors("CREATE_TASK_SCHEDULE"):
                exh.tasks.schedules.create(
                    functionName=step.function, interval=int(step.interval), startTimestamp=first, data=mark
                )
        yield step


def first_run(interval: float, start: str | None, now: datetime) -> datetime:
    """Return the first run of a new schedule.

    Its start, or the next multiple of its interval after that. Without a start, one interval from now, so that a
    deployment does not run everything.
    """
    if start is None:
        return now + timedelta(seconds=interval)
    first = parse(start)
    passed = max(0, math.ceil((now - first) / timedelta(seconds=interval)))
    return first + passed * timedelta(seconds=interval)


def is_ours(schedule: Known) -> bool:
    """Return whether a schedule was created from a manifest."""
    data = schedule.get("data")
    return isinstance(data, dict) and set(data) == {MARK}


def _is_for(schedule: Known, asked: Schedule) -> bool:
    return schedule["interval"] == asked.interval and schedule.get("data") == marked_data(asked.interval, asked.start)


def _removal(schedule: Known, reason: str) -> Step:
    mark = schedule.get("data", {}).get(MARK)
    start = mark.get("start") if isinstance(mark, dict) else None
    return Step("remove", schedule["functionName"], schedule["interval"], start, reason, schedule["id"])


def _rhythm(interval: float, start: str | None) -> str:
    return f"every {interval:.15g} s{f' from {start} on' if start else ''}"
