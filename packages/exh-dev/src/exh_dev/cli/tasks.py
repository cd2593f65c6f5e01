"""`exh-dev tasks` and `exh-dev logs`: what ran on a platform, the local one that runs or a real one."""

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
    connect,
    environment_of,
    local_platform,
    not_in_project,
)
from exh_dev.cli.output import choose_output
from exh_dev.errors import UsageError
from exh_dev.output import Table
from exh_dev.remote.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.output import Output
    from exh_dev.remote.logs import Run, Source
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
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    exh = connect("the tasks", cluster, environment_of(cluster, data_dir, output), output)
    newest = found.newest_tasks(exh, found.task_condition(name, status and status.value), limit, with_data=data)
    if not newest:
        output.summary(newest, [f"There are none{not_in_project(function)}"])
        return
    errors = [found.error_of(task) for task in newest]
    output.tables(newest, Table(found.COLUMNS, [found.row(task) for task in newest], below=errors))


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
    as they come, also those of runs by hand and of batches. When piped: a JSON object per line. Exit code 2 if there is
    no such function; on a real cluster that check needs VIEW_TASK_FUNCTIONS.

    exh-dev logs whoami --follow
    """
    from exh_dev.remote import logs as function_logs

    output = choose_output(as_json=as_json)
    function, kind = _known_name(name, output)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    exh = connect(f"the logs of {function}", cluster, environment_of(cluster, data_dir, output), output)
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
        if kind is None:
            _check_exists(function, exh, output)
        output.note(f"{function} has not been run there; exh-dev tasks shows what has")
    for run in runs:
        _note_missing_lines(run, output)
    if not follow:
        return
    if live:
        function_logs.follow(sources, show)
    _follow_locally(function, data_dir, output)


def _note_missing_lines(run: Run, output: Output) -> None:
    what = f"{run.kind.replace('_', ' ')} {run.id}"
    if run.log.is_empty and not run.closed:
        output.note(f"{what} ({run.status}) has no lines yet")
    if run.log.cut:
        output.note(f"{what} may have more lines: the platform gives 100 of a millisecond at most")


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


def _check_exists(function: str, exh: ExtraHorizon, output: Output) -> None:
    """Raise if a platform has no such function. Print a note if its functions cannot be listed.

    The platform decides: it may have functions that the project does not have.

    Raises:
        UsageError: there is no such function; the message has the closest name and lists all.
    """
    from exh_dev.platform.tasks.built_in import RECORDS
    from exh_dev.project.project import Project
    from exh_dev.remote.client import MissingPermissionError
    from exh_dev.remote.tasks import function_names
    from exh_dev.suggestions import did_you_mean

    try:
        names = {*function_names(exh), *RECORDS}  # no platform lists those that it has built in
    except MissingPermissionError as error:
        output.note(f"whether {function} exists there cannot be checked: {error}{not_in_project(function)}")
        return
    if function not in names:
        project = Project.find_if_any()
        known = sorted(names | {spec.name for spec in project.functions} if project else names)
        raise UsageError(
            f"neither the platform nor the project has a function `{function}`{did_you_mean(function, known)}; "
            f"there are: {', '.join(known)}"
        )


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
