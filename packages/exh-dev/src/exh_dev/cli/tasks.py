"""The commands of `exh-dev` about what is on a platform, the local one that runs or a real one: tasks, their logs, and
schedules.
"""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exh_dev.cli.options import (
    DataDirOption,
    FunctionOption,
    HostOption,
    JsonOption,
    LiveOption,
    ProfileOption,
    YesOption,
    environment_of,
    local_platform,
    not_in_project,
)
from exh_dev.cli.output import choose_output
from exh_dev.errors import DevkitError, UsageError
from exh_dev.output import Table
from exh_dev.remote.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.output import Output
    from exh_dev.remote.logs import Run, Source
    from exh_dev.remote.schedules import Plan, Step
    from exh_dev.runtime import LogLine
    from extrahorizon.client import ExtraHorizon


class Status(StrEnum):
    """Status of a task."""

    NEW = "new"
    IN_PROGRESS = "inProgress"
    COMPLETE = "complete"
    FAILED = "failed"
    RETRIED = "retried"
    CANCELED = "canceled"


def tasks(
    function: FunctionOption = None,
    status: Annotated[Status | None, typer.Option(help="Only those with this status.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="The maximum number to list.", min=1, max=1000)] = 20,
    data: Annotated[
        bool, typer.Option("--data", help="With their data, which may be personal; in JSON, not in the table.")
    ] = False,
    data_dir: DataDirOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """List the newest tasks.

    Of the local platform that runs (exh-dev serve), or with --live of a real cluster, where it needs VIEW_TASKS. The
    attempt says how often the task was tried: a retry is a task of its own. In JSON they are the platform's task
    objects without their data.

    exh-dev tasks --status failed
    """
    from exh_dev.remote import tasks as found

    output = choose_output(as_json=as_json)
    name = None if function is None else _known_name(function, output)[0]
    exh = _connect("the tasks", Cluster.of(live=live, profile=profile, host=host, yes=yes), data_dir, output)
    newest = found.newest_tasks(exh, found.tasks_of(name, status and status.value), limit, with_data=data)
    errors = [found.error_of(task) for task in newest]
    _show(newest, found.COLUMNS, [found.row(task) for task in newest], output, errors)


def logs(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The function: one of the project, or any that is on the platform.")
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what new and running tasks log, until Ctrl-C.")
    ] = False,
    newest: Annotated[
        int, typer.Option("--tasks", metavar="N", help="Of how many of its newest tasks and requests.", min=1, max=100)
    ] = 5,
    data_dir: DataDirOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Print what a function logged on a platform.

    The lines of its newest tasks, and of the requests to it where it is an API function, in the order of time. On the
    local platform that runs (exh-dev serve), or with --live on a real cluster, where it needs VIEW_TASKS and
    VIEW_TASK_LOGS, for an API function VIEW_API_FUNCTION_REQUESTS and VIEW_API_FUNCTION_REQUEST_LOGS too. Lines can
    take minutes to appear on a real cluster. The local platform has them when the run is over, and --follow shows them
    as they come, also those of runs by hand and of batches. When piped: a JSON object per line.

    exh-dev logs whoami --follow
    """
    from exh_dev.remote import logs as function_logs

    output = choose_output(as_json=as_json)
    function, kind = _known_name(name, output)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    exh = _connect(f"the logs of {function}", cluster, data_dir, output)
    sources: list[Source] = [function_logs.TaskRuns(exh, function)]
    if kind in {None, "api"}:
        sources.append(function_logs.ApiRuns(exh, function))
    needed = sources[-1 if kind == "api" else 0]
    sources = [each for each in sources if _began(each, newest, output, needed=each is needed, follow=follow)]

    def show(run: Run, line: LogLine) -> None:
        output.logged(function, line, kind=run.kind, run_id=run.id)

    for run, line in function_logs.read(sources, time.time()):
        show(run, line)
    runs = [run for source in sources for run in source.runs.values()]
    if not runs:
        output.note(f"{function} has not been run there; exh-dev tasks shows what has{not_in_project(name)}")
    for run in runs:
        what = f"{run.kind.replace('_', ' ')} {run.id}"
        if run.log.is_empty and not run.closed:
            output.note(f"{what} ({run.status}) has no lines yet")
        if run.log.cut:
            output.note(f"{what} may have more lines: the platform gives 100 of a millisecond at most")
    if not follow:
        return
    if live:
        function_logs.follow(sources, show)
    _follow_locally(function, data_dir, output)


def _follow_locally(function: str, data_dir: str | None, output: Output) -> None:
    """Show what a function logs on the local platform as it logs it, until the platform stops."""
    from exh_dev.remote.dev_api import BASE
    from exh_dev.runtime import LogLine

    def show(run: Mapping[str, Any], line: Mapping[str, str]) -> None:
        kind, run_id = ("task", run["task_id"]) if run.get("task_id") else ("run", run["id"])
        text = LogLine(datetime.fromisoformat(line["timestamp"]), line["text"])
        output.logged(function, text, kind=kind, run_id=run_id)

    with local_platform(data_dir) as api, api.following() as messages:
        printed: dict[str, int] = {}
        for running in api.get(f"{BASE}/runs", function=function, status="running")["data"]:
            run = api.run(running["id"])
            printed[run["id"]] = len(run["logs"])
            for line in run["logs"]:
                show(run, line)
        for message in messages:
            run = message.get("run", {})
            if run.get("function") == function and message["number"] >= printed.get(run["id"], 0):
                show(run, message["line"])
    output.note("the platform has stopped")


schedules = typer.Typer(
    name="schedules",
    help="List a platform's schedules, or synchronize them.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@schedules.callback()
def _list_by_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_schedules()


@schedules.command()
def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes without making them.")] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Also remove schedules that exh-dev made for functions that template.yaml does not have. Not where "
            "another project is on the same cluster. On the local platform that is always done.",
        ),
    ] = False,
    data_dir: DataDirOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Synchronize a platform's schedules with template.yaml.

    Creates missing schedules, replaces changed ones, and removes duplicates and those whose function no longer has a
    schedule. The command is idempotent. It changes only schedules that it created, which it recognizes by a marker in
    their data. The functions must exist already.

    By default on the running local platform (exh-dev serve does this at start). With --live on a real cluster, after
    showing the changes and asking for confirmation. Needs VIEW_TASK_SCHEDULES, CREATE_TASK_SCHEDULE and
    DELETE_TASK_SCHEDULE.

    exh-dev schedules sync --live --dry-run
    """
    from exh_dev.project.project import Project
    from exh_dev.remote.schedules import apply, read_plan

    output = choose_output(as_json=as_json)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    manifest = Project.find().manifest
    environment = environment_of(cluster, data_dir, output)
    exh = _client("the schedules", cluster, environment, output)
    plan = read_plan(manifest, exh, prune=prune or cluster is None)
    for note in plan.notes():
        output.note(note)
    result = _SyncResult(plan, environment["API_HOST"], dry_run=dry_run)
    if not dry_run:
        for step in plan.steps:
            output.note(str(step))
        if plan.steps and cluster:
            changes = "1 change of schedules" if len(plan.steps) == 1 else f"{len(plan.steps)} changes of schedules"
            cluster.confirm(changes, environment["API_HOST"], output)
        try:
            for step in apply(plan.steps, exh):
                result.done.append(step)
        except DevkitError as error:
            output.summary(result.as_json(), ())
            raise DevkitError(f"{error}. {result.progress()}") from error
    output.summary(result.as_json(), result.as_lines())


@schedules.command("list")
def list_schedules(
    data_dir: DataDirOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """List a platform's schedules, marking those made by schedules sync.

    In JSON they are the platform's schedule objects without their data, with managed: true for those. With --live it
    needs VIEW_TASK_SCHEDULES.
    """
    from exh_dev.remote.schedules import is_ours, known_to
    from exh_dev.remote.tasks import local_time

    output = choose_output(as_json=as_json)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    known = known_to(_connect("the schedules", cluster, data_dir, output))
    shown: list[dict[str, Any]] = [
        {**{name: value for name, value in each.items() if name != "data"}, "managed": is_ours(each)} for each in known
    ]
    rows = [
        (
            each["functionName"],
            f"{each['interval']} s",
            local_time(each.get("nextTimestamp")),
            each["id"],
            "yes" if each["managed"] else "no",
        )
        for each in shown
    ]
    _show(shown, ("Function", "Every", "Next", "Id", "Managed"), rows, output)


class _SyncResult:
    """Result of applying a plan."""

    def __init__(self, plan: Plan, host: str, *, dry_run: bool) -> None:
        self.plan = plan
        self.host = host
        self.dry_run = dry_run
        self.done: list[Step] = []

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.dry_run or len(self.done) == len(self.plan.steps),
            "host": self.host,
            "dry_run": self.dry_run,
            "steps": [step.as_json(done=step in self.done) for step in self.plan.steps],
            **{
                name: [{key: each[key] for key in ("id", "functionName", "interval")} for each in some]
                for name, some in (("kept", self.plan.kept), ("left", self.plan.left), ("foreign", self.plan.foreign))
            },
        }

    def as_lines(self) -> list[str]:
        if not self.plan.steps:
            count = len(self.plan.kept)
            found = "1 schedule is" if count == 1 else f"{count} schedules are"
            return [f"Nothing to do: {found} as template.yaml says"]
        if self.dry_run:
            return [*map(str, self.plan.steps), "No changes made (--dry-run)"]
        created = sum(step.action == "create" for step in self.done)
        return [f"Created {created}, removed {len(self.done) - created}, kept {len(self.plan.kept)}"]

    def progress(self) -> str:
        """Return what was and was not done, in a sentence."""
        rest = self.plan.steps[len(self.done) :]
        done = f"Done: {'; '.join(map(str, self.done))}" if self.done else "No changes made"
        return f"{done}. Not done: {'; '.join(map(str, rest))}. Do it again to go on"


def _show(
    value: Any,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    output: Output,
    below: Sequence[str] = (),
) -> None:
    if rows:
        output.tables(value, Table(headings, rows, below=below))
    else:
        output.summary(value, ["There are none"])


def _known_name(name: str, output: Output) -> tuple[str, str | None]:
    """Return a function's name as the platform has it, and its kind; as it was typed where the project does not have
    it.
    """
    from exh_dev.errors import ManifestError
    from exh_dev.project.project import Project

    project = Project.find_if_any()
    if project is None:
        return name, None
    try:
        spec = project.manifest.function(name)
    except ManifestError as error:
        output.note(f"{name} is used as typed, because the manifest cannot be read: {error}")
    except UsageError:
        pass  # any name on the platform will do
    else:
        return spec.name, spec.kind
    return name, None


def _connect(what: str, cluster: Cluster | None, data_dir: str | None, output: Output) -> ExtraHorizon:
    return _client(what, cluster, environment_of(cluster, data_dir, output), output)


def _client(what: str, cluster: Cluster | None, environment: dict[str, str], output: Output) -> ExtraHorizon:
    """Return the client for a platform; on a real cluster, announce that `what` is read there."""
    from exh_dev.remote.client import client_of

    if cluster is not None:
        host = environment["API_HOST"]
        output.note(f"reading {what} on {cluster.named(host)}", host=host)
    return client_of(environment)


def _began(source: Source, count: int, output: Output, *, needed: bool, follow: bool) -> bool:
    """Start reading the runs of a source. Return False if the permission is missing and the source is not `needed`."""
    from exh_dev.remote.client import MissingPermissionError

    try:
        source.begin(count, running=follow)
    except MissingPermissionError as error:
        if needed:
            raise
        output.note(f"without its {source.plural}: {error}")
        return False
    return True
