"""The commands of `exh-dev` that run functions: one on an event, or all on their sample events."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from exh_dev.cli.options import HostOption, JsonOption, LiveOption, ProfileOption, YesOption
from exh_dev.cli.output import choose_output, pass_on_server_logs
from exh_dev.errors import DevkitError, UsageError
from exh_dev.remote.cluster import Cluster
from exh_dev.serve.debugging import DEBUG_PORT, check_free, check_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.cli.output import CommandOutput
    from exh_dev.output import Output
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.project.runtime_function import CredentialSource
    from exh_dev.runtime import LogLine
    from exh_dev.serve.execution import Case, Outcome


class Credentials(StrEnum):
    """Source of a function's credentials."""

    ENV = "env"
    SECRET = "secret"  # noqa: S105 - the name of a choice


_LATER = "`exh-dev serve` shows this run in its control center"
EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="KEY=VALUE", help="Set a variable for the function, over all others. Repeatable."),
]


def invoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The function, such as whoami.")],
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="FILE", help="Event to send, - for stdin [default: events/NAME.json]"),
    ] = None,
    credentials: Annotated[
        Credentials | None,
        typer.Option(
            help="env: variables, as a task has them. secret: Secrets Manager, as on AWS; what is for AWS alone has no "
            "other. [default: env]"
        ),
    ] = None,
    env: EnvOption = None,
    debug: Annotated[
        bool, typer.Option("--debug", help=f"Wait for a debugger (debugpy) on 127.0.0.1:{DEBUG_PORT} first.")
    ] = False,
    served: Annotated[
        bool, typer.Option("--served", help="On the platform that exh-dev serve runs for this project, or not at all.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="On an empty platform that starts for it, even while one is being served.")
    ] = False,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Run one function once and print its result.

    While exh-dev serve runs for the project, the function runs there, and the run is in the control center. Otherwise,
    and with --fresh, --env, --credentials or --debug, it runs on an empty platform that starts for it. The result, or
    Lambda's error object, goes to stdout and the function's log to stderr. Exit code 0 when it returned, 1 when it
    raised or ran out of time, 2 on a usage error.

    With --debug the function waits for a debugger to attach, and nothing runs out of time. `exh-dev editor` writes
    what VS Code needs to attach.
    """
    from exh_dev.project.project import Project, parse_event, read_event
    from exh_dev.serve.execution import Case

    output = choose_output(as_json=as_json)
    project = Project.find()
    spec = project.manifest.function(name)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    (source,) = _sources([credentials] if credentials else None, cluster, spec)
    alone = {"--env": env, "--credentials": credentials, "--debug": debug, "--live": live, "--fresh": fresh}
    place = _served_place(project, insists=served, alone=[name for name, given in alone.items() if given])
    if event == "-":
        case = Case.of(spec, "stdin", parse_event(sys.stdin.buffer.read(), "stdin"), source)
    elif event:
        case = Case.of(spec, Path(event).name, _read_given_event(project, spec, event), source)
    else:
        path = project.sample_events(spec)[0]
        case = Case.of(spec, path.name, read_event(path), source)
    _warn_of_event(spec, case, output)
    if event is None and cluster is None and project.seed(spec):
        from exh_dev.checking.gate import refuse_broken_seeds

        refuse_broken_seeds(project, [spec.name])
    broken = _loading_errors(project, [spec.name], output).get(spec.name, [])
    if place is not None:
        _invoke_served(place, case, output, root=project.root, seeded=event is None, broken=broken)
    if broken and output.for_people:
        _print_loading_errors(broken, output)
        raise typer.Exit(1)
    if debug:
        if spec.code is None:  # Node.js has an inspector of its own
            check_installed()
        check_free(DEBUG_PORT)
        output.note(f"waiting for a debugger on 127.0.0.1:{DEBUG_PORT}", port=DEBUG_PORT)
    port = DEBUG_PORT if debug else None
    runs: list[dict[str, Any]] = []
    (outcome,) = _execute(
        project, [case], output, env=env, cluster=cluster, debug_port=port, on_log=output.log, keep=runs.extend
    )
    returned = outcome.invocation.ok
    if not returned:
        output.failure(outcome.invocation.error or {}, function=spec.name, root=project.root)
    else:
        output.result(outcome.invocation.result)
        for failure in outcome.failures():
            output.note(f"the function returned, but something that it set off failed: {failure}")
    _hand_over(project, runs, output)
    raise typer.Exit(0 if returned else 1)


def _read_given_event(project: Project, spec: FunctionSpec, event: str) -> Any:
    """Return the JSON in the file that `--event` names.

    Raises:
        UsageError: it cannot be read, or is not JSON; where there is no such file, with the function's sample events.
    """
    from exh_dev.project.project import read_event
    from exh_dev.suggestions import did_you_mean

    try:
        return read_event(Path(event))
    except UsageError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        missing = str(error)
    try:
        known = [os.path.relpath(each) for each in project.sample_events(spec)]
    except UsageError as error:
        raise UsageError(f"{missing}; {error}") from None
    raise UsageError(f"{missing}{did_you_mean(event, known)}; the events of {spec.name} are: {', '.join(known)}")


def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Functions to run [default: all].", metavar="[NAME]...")
    ] = None,
    credentials: Annotated[
        list[Credentials] | None,
        typer.Option(help="As for invoke; given twice, every event runs both ways"),
    ] = None,
    env: EnvOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    served: Annotated[
        bool, typer.Option("--served", help="On the platform that exh-dev serve runs for this project, as it is now.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the log of every function, not only of those that failed.")
    ] = False,
    as_json: JsonOption = None,
) -> None:
    """Run functions on all their sample events.

    Prints one table, and before it the log of what failed. A function's events are events/NAME.json and
    events/NAME.CASE.json. Exit code 1 when one of them failed. They run on a platform that starts empty, so that the
    same files give the same results; exh-dev serve shows the runs in its control center.
    """
    from exh_dev.checking.gate import refuse_broken_seeds
    from exh_dev.project.project import Project, read_event
    from exh_dev.serve.execution import Case, Outcome
    from exh_dev.serve.served_execution import execute_served

    output = choose_output(as_json=as_json)
    project = Project.find()
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    specs = [project.manifest.function(name) for name in names] if names else project.manifest.functions
    cases = [
        Case.of(spec, path.name, read_event(path), source)
        for spec in specs
        for source in _sources(credentials, cluster, spec)
        if source != "secret" or "aws" in spec.targets
        for path in project.sample_events(spec)
    ]
    if not cases:
        raise UsageError(_nothing_to_run(project, specs))
    if cluster is None:
        refuse_broken_seeds(project, [spec.name for spec in specs])
    for case in {(each.function, each.event_name): each for each in cases}.values():
        _warn_of_event(project.manifest.function(case.function), case, output)
    held: list[tuple[str, LogLine]] = []
    holds = output.for_people and not verbose
    runs: list[dict[str, Any]] = []
    log = (lambda function, line: held.append((function, line))) if holds else output.log
    alone = {"--env": env, "--credentials": credentials, "--live": live}
    place = (
        _served_place(project, insists=True, alone=[name for name, given in alone.items() if given]) if served else ""
    )
    broken = {} if place else _loading_errors(project, [spec.name for spec in specs], output)
    skipped = broken if output.for_people else {}
    first = {each.function: each for each in reversed(cases) if each.function in skipped}
    outcomes = [Outcome.of_unloadable(first[name], lines[0]) for name, lines in skipped.items() if name in first]
    cases = [each for each in cases if each.function not in skipped]
    for outcome in (
        execute_served(place, cases, on_log=log)
        if place
        else _execute(project, cases, output, env=env, cluster=cluster, on_log=log, keep=runs.extend)
        if cases
        else ()
    ):
        outcomes.append(outcome)
        for each in () if outcome.ok else held:
            output.log(*each)
        held.clear()
    output.outcomes(outcomes)
    if place:
        output.note(f"on the platform that is being served; its runs: {place}/_dev/#/runs")
    _hand_over(project, runs, output)
    raise typer.Exit(0 if all(outcome.ok for outcome in outcomes) else 1)


def _nothing_to_run(project: Project, specs: Sequence[FunctionSpec]) -> str:
    if specs:
        return "there is nothing to run: --credentials secret is for functions of AWS, and none of these is one"
    return f"{project.root / 'template.yaml'} has no functions; create one with `exh-dev new NAME`"


def _warn_of_event(spec: FunctionSpec, case: Case, output: Output) -> None:
    """Print a warning for each difference of an event from those that the platform sends; the function still runs."""
    from exh_dev.checking.events import complaints

    for complaint in complaints(spec, case.event):
        output.warn(f"{case.event_name}: {complaint.text}")


def _loading_errors(project: Project, names: Sequence[str], output: CommandOutput) -> dict[str, list[str]]:
    """Return why functions cannot be loaded, a line each, by the name of the function.

    For people that takes the place of the runtime's traceback. Programs get the runtime's error object, and these lines
    on stderr.
    """
    from exh_dev.checking.loading import loading_errors

    found = {name: [str(each) for each in loading_errors(project, name)] for name in names}
    broken = {name: lines for name, lines in found.items() if lines}
    if not output.for_people:
        for lines in broken.values():
            _print_loading_errors(lines, output)
    return broken


def _print_loading_errors(lines: Sequence[str], output: CommandOutput) -> None:
    for line in lines:
        output.error(line)


def _execute(
    project: Project,
    cases: Sequence[Case],
    output: Output,
    *,
    env: list[str] | None,
    cluster: Cluster | None,
    debug_port: int | None = None,
    on_log: Callable[[str, LogLine], None],
    keep: Callable[[list[dict[str, Any]]], None],
) -> Iterator[Outcome]:
    from exh_dev.serve.execution import execute

    pass_on_server_logs(output)
    overrides = dict(_assignment(text) for text in env or ())
    for note in project.notes():
        output.note(note)
    live = None
    if cluster:
        live = cluster.environment(output)
        cluster.confirm(f"{len(cases)} invocation{'' if len(cases) == 1 else 's'}", live["API_HOST"], output)
    yield from execute(project, cases, overrides=overrides, live=live, debug_port=debug_port, on_log=on_log, keep=keep)


def _hand_over(project: Project, runs: list[dict[str, Any]], output: Output) -> None:
    """Print a note on where the runs of a fresh platform are shown."""
    from exh_dev.serve import kept_runs

    if not runs:  # they were on another platform
        return
    try:
        place = kept_runs.hand_over(project.data_dir, runs)
    except OSError as error:
        output.warn(
            f"the runs cannot be kept for the control center: {project.data_dir}: {str(error.strerror).lower()}"
        )
        return
    where = f"the run is in the control center: {place}/_dev/#/runs" if place else _LATER
    output.note(f"a fresh, empty platform answered; {where}")


def _sources(
    credentials: list[Credentials] | None, cluster: Cluster | None, spec: FunctionSpec
) -> list[CredentialSource]:
    if cluster is None:
        only_secret = "exh" not in spec.targets  # no source of values for its variables
        asked = [Credentials.SECRET] if only_secret else credentials or [Credentials.ENV]
        return [each.value for each in dict.fromkeys(asked)]
    if credentials:
        raise UsageError("--live uses your own credentials; --credentials is for the local platform")
    return ["live"]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UsageError(f"--env {text!r} is not KEY=VALUE")
    return name, value


def _served_place(project: Project, *, insists: bool, alone: Sequence[str]) -> str | None:
    """Return the URL of the project's served platform; None to start a fresh one.

    Args:
        project: the project.
        insists: whether `--served` was given.
        alone: options that only a fresh or a real platform supports.

    Raises:
        UsageError: the options exclude each other.
        DevkitError: none is being served, and `insists`.
    """
    from exh_dev.serve.datadir import DataDir

    if insists and alone:
        raise UsageError(f"--served runs the function as it is being served, which excludes {', '.join(alone)}")
    if alone:
        return None
    try:
        return str(DataDir(project.data_dir).running()["host"])
    except DevkitError:
        if insists:
            raise
        return None


def _invoke_served(
    place: str, case: Case, output: CommandOutput, *, root: Path, seeded: bool, broken: Sequence[str]
) -> NoReturn:
    from exh_dev.remote.dev_api import DevApi

    with DevApi(place) as api:
        done = api.invoke(case.function, case.event, seeded=seeded)
    output.note(f"ran on the platform that is being served; its run: {place}/_dev/#/runs/{done['id']}", run=done["id"])
    if broken and output.for_people and done["status"] != "OK":
        _print_loading_errors(broken, output)
        raise typer.Exit(1)
    end_with_run(done, output, root=root)


def end_with_run(run: dict[str, Any], output: CommandOutput, *, root: Path) -> NoReturn:
    """Print the log and the outcome of a run of the served platform, and exit with its exit code.

    Raises:
        typer.Exit: always: 0 when the function returned, 1 when it did not.
    """
    from exh_dev.remote.activity import invocation_of

    invocation = invocation_of(run)
    for line in invocation.logs:
        output.log(invocation.function, line)
    if invocation.error is not None:
        output.failure(invocation.error, function=invocation.function, root=root)
        raise typer.Exit(1)
    output.result(invocation.result)
    raise typer.Exit(0)
