"""The manifest's schedules on a platform: what is missing there, what is too much, and the way from one to the other.

wanted(functions)            what the manifest says
plan(wanted, …, known)       what has to be done, without doing it; `read_plan` asks a platform what it knows
apply(steps, exh)            doing it

The platform's schedules have no names and no tags, and they cannot be changed: one is made, another removed. So that
ours can be told from all others they carry a mark, which is all of their `data`, and says what the manifest said when
they were made: `{"exhDevSchedule": {"interval": 86400, "start": "2026-01-15T05:00:00Z"}}`. A schedule without it, or
with other data beside it, is somebody else's and never touched. The function finds the mark in its task's data.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from exh_dev.project.schedule_mark import MARK, mark_of
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
    """A schedule to make or to remove.

    Attributes:
        action: which of the two.
        function: the name of the function that it runs.
        interval: in seconds.
        start: when it begins, as the manifest has it; None where it does not say.
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
        """For programs."""
        members = {name: getattr(self, name) for name in ("action", "function", "interval", "start", "id", "reason")}
        return {**{name: value for name, value in members.items() if value is not None}, "done": done}

    def __str__(self) -> str:
        sign = "+" if self.action == "create" else "-"
        return f"{sign} {self.function}, {_rhythm(self.interval, self.start)} ({self.reason})"


@dataclass(frozen=True)
class Plan:
    """What brings the schedules of a platform to what the manifest says.

    Attributes:
        steps: in the order to do them.
        kept: ours, as they should be.
        left: ours, of functions that the manifest does not have: another project's perhaps.
        foreign: not ours and without data, of functions that have a schedule in the manifest: these run twice.
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
    """Return what has to be done.

    Args:
        wanted: the schedules that there should be, by the names of their functions.
        functions: the names of all functions of the manifest.
        known: all schedules of the platform.
        prune: whether to remove those of ours whose function the manifest does not have.
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
    """Return what has to be done on a platform; `prune` as for `plan`.

    Raises:
        DevkitError: the platform does not tell its schedules.
    """
    return plan(wanted(manifest.functions), [spec.name for spec in manifest.functions], known_to(exh), prune=prune)


def known_to(exh: ExtraHorizon) -> list[Known]:
    """All schedules of a platform, the oldest first.

    Raises:
        DevkitError: it does not tell them.
    """
    from extrahorizon.query import rql

    with as_devkit_errors("VIEW_TASK_SCHEDULES"):
        return list(exh.tasks.schedules.find_all(rql.sort(["creationTimestamp"])))


def apply(
    steps: Iterable[Step], exh: ExtraHorizon, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Step]:
    """Do the steps of a plan one after another; gives each when it is done.

    Raises:
        DevkitError: the platform refused one; those that were given are done.
    """
    from extrahorizon.errors import ResourceUnknownError

    for step in steps:
        if step.id is not None:
            with as_devkit_errors("DELETE_TASK_SCHEDULE"), suppress(ResourceUnknownError):  # somebody was faster
                exh.tasks.schedules.remove(step.id)
        else:
            mark = mark_of(step.interval, step.start)
            first = iso(first_run(step.interval, step.start, clock()))
            with as_devkit_errors("CREATE_TASK_SCHEDULE"):
                exh.tasks.schedules.create(
                    functionName=step.function, interval=int(step.interval), startTimestamp=first, data=mark
                )
        yield step


def first_run(interval: float, start: str | None, now: datetime) -> datetime:
    """When a schedule that is made now first runs its function: at its start, or whole intervals after that when it has
    passed; without one in an interval, for nobody wants everything to run whenever it is deployed.
    """
    if start is None:
        return now + timedelta(seconds=interval)
    first = parse(start)
    passed = max(0, math.ceil((now - first) / timedelta(seconds=interval)))
    return first + passed * timedelta(seconds=interval)


def is_ours(schedule: Known) -> bool:
    """Return whether it was made from a manifest."""
    data = schedule.get("data")
    return isinstance(data, dict) and set(data) == {MARK}


def _is_for(schedule: Known, asked: Schedule) -> bool:
    return schedule["interval"] == asked.interval and schedule.get("data") == mark_of(asked.interval, asked.start)


def _removal(schedule: Known, reason: str) -> Step:
    mark = schedule.get("data", {}).get(MARK)
    start = mark.get("start") if isinstance(mark, dict) else None
    return Step("remove", schedule["functionName"], schedule["interval"], start, reason, schedule["id"])


def _rhythm(interval: float, start: str | None) -> str:
    return f"every {interval:.15g} s{f' from {start} on' if start else ''}"
