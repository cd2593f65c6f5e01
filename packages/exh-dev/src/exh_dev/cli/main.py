"""The command `exh-dev`."""

from __future__ import annotations

import errno
import os
import re
import signal
import sqlite3
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import extrahorizon
from exh_dev.cli.options import HostOption, JsonOption, LiveOption, ProfileOption, YesOption
from exh_dev.cli.output import choose_output, pass_on_server_logs
from exh_dev.cli.platform import call, print_credentials, serve
from exh_dev.cli.project import build, check, init, new, remove, rename, types, upgrade
from exh_dev.cli.runs import mails, replay, runs
from exh_dev.cli.tasks import logs, schedules, tasks
from exh_dev.errors import DevkitError, UsageError
from exh_dev.remote.cluster import Cluster
from exh_dev.serve.debugging import DEBUG_PORT, check_free, check_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.output import Output
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.project.runtime_function import CredentialSource
    from exh_dev.runtime import LogLine
    from exh_dev.serve.execution import Case, Outcome

app = typer.Typer(
    name="exh-dev",
    help="Run and test Extra Horizon task functions on this machine.",
    epilog="Inside a project: exh-dev run (every sample event), exh-dev invoke whoami (one function), "
    "exh-dev serve (a local platform to point other tools at), "
    "exh-dev call GET /users/v1/me (one request to it).",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Credentials(StrEnum):
    """Where functions get their credentials from."""

    ENV = "env"
    SECRET = "secret"  # noqa: S105 - the name of a choice


EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="KEY=VALUE", help="Set a variable for the function, over all others. Repeatable."),
]


@app.callback(invoke_without_command=True)
def _exh_dev(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        typer.echo(extrahorizon.__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def invoke(
    name: Annotated[str, typer.Argument(help="The function, such as whoami.")],
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
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Run one function once and print its result.

    Runs under AWS's own runtime client against a local platform that starts for it. The result, or Lambda's error
    object, goes to stdout and the function's log to stderr. Exit code 0 when it returned, 1 when it raised or ran out
    of time, 2 when the command makes no sense.

    With --debug the function waits for a debugger to attach, and nothing runs out of time; docs/debugging.md shows how
    to attach VS Code and PyCharm.
    """
    from exh_dev.project.project import Project, parse_event, read_event
    from exh_dev.serve.execution import Case

    output = choose_output(as_json=as_json)
    project = Project.find()
    spec = project.manifest.function(name)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    (source,) = _sources([credentials] if credentials else None, cluster, spec)
    if event == "-":
        case = Case.of(spec, "stdin", parse_event(sys.stdin.buffer.read(), "stdin"), source)
    else:
        path = Path(event) if event else project.sample_events(spec)[0]
        case = Case.of(spec, path.name, read_event(path), source)
    if debug:
        if spec.code is None:  # Node.js has an inspector of its own
            check_installed()
        check_free(DEBUG_PORT)
        output.note(f"waiting for a debugger on 127.0.0.1:{DEBUG_PORT}", port=DEBUG_PORT)
    port = DEBUG_PORT if debug else None
    (outcome,) = _execute(project, [case], output, env=env, cluster=cluster, debug_port=port, on_log=output.log)
    returned = outcome.invocation.ok
    if not returned:
        output.failure(outcome.invocation.error or {}, function=spec.name, root=project.root)
    else:
        output.result(outcome.invocation.result)
        for failure in outcome.failures():
            output.note(f"the function returned, but something that it set off failed: {failure}")
    raise typer.Exit(0 if returned else 1)


@app.command()
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
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the log of every function, not only of those that failed.")
    ] = False,
    as_json: JsonOption = None,
) -> None:
    """Run functions on all their sample events.

    Prints one table, and before it the log of what failed. A function's events are events/NAME.json and
    events/NAME.CASE.json. Exit code 1 when one of them failed.
    """
    from exh_dev.project.project import Project, read_event
    from exh_dev.serve.execution import Case

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
        raise UsageError("there is nothing to run")
    held: list[tuple[str, LogLine]] = []
    holds = output.for_people and not verbose
    outcomes = []
    log = (lambda function, line: held.append((function, line))) if holds else output.log
    for outcome in _execute(project, cases, output, env=env, cluster=cluster, on_log=log):
        outcomes.append(outcome)
        for each in () if outcome.ok else held:
            output.log(*each)
        held.clear()
    output.outcomes(outcomes)
    raise typer.Exit(0 if all(outcome.ok for outcome in outcomes) else 1)


for project_command in (init, check, new, rename, remove, types, build, upgrade):
    app.command()(project_command)


app.command()(serve)
app.command("credentials")(print_credentials)
for platform_command in (call, runs, replay, mails, tasks, logs):
    app.command()(platform_command)
app.add_typer(schedules, name="schedules")


def _execute(
    project: Project,
    cases: Sequence[Case],
    output: Output,
    *,
    env: list[str] | None,
    cluster: Cluster | None,
    debug_port: int | None = None,
    on_log: Callable[[str, LogLine], None],
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
    yield from execute(project, cases, overrides=overrides, live=live, debug_port=debug_port, on_log=on_log)


def _sources(
    credentials: list[Credentials] | None, cluster: Cluster | None, spec: FunctionSpec
) -> list[CredentialSource]:
    if cluster is None:
        only_secret = "exh" not in spec.targets  # nobody gives it variables
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


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        code = run_command(sys.argv[1:])
    except _EndedError as end:
        code = 128 + end.signal
    except BrokenPipeError:
        # Nobody reads any more; the interpreter must not find that out again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DevkitError.exit_code
    sys.exit(code)


class _EndedError(BaseException):
    """A signal asks this process to end: everything is left the ordinary way, so that no worker stays behind."""

    def __init__(self, number: int) -> None:
        self.signal = number


def _end(number: int, _: object) -> None:
    raise _EndedError(number)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every failure is told in one message, never as a traceback.

    130 when it was interrupted from the keyboard.
    """
    as_json = True if "--json" in arguments else False if "--table" in arguments else None
    if {"--json", "--table"} <= set(arguments):
        choose_output(as_json=True).error("--json and --table exclude each other")
        return UsageError.exit_code
    try:
        return app(args=list(arguments), prog_name="exh-dev", standalone_mode=False) or 0
    except DevkitError as error:
        choose_output(as_json=as_json).error(str(error))
        return error.exit_code
    except _CommandLineError as error:
        choose_output(as_json=as_json).error(f"{error.format_message()} (exh-dev --help shows what there is)")
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        choose_output(as_json=as_json).note("interrupted")
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("EXH_DEV_DEBUG"):
            raise
        defect = f"a defect in exh-dev: {type(error).__name__}: {error}. EXH_DEV_DEBUG=1 shows where."
        choose_output(as_json=as_json).error(_trouble_of_the_machine(error) or defect)
        return DevkitError.exit_code


def _trouble_of_the_machine(error: Exception) -> str:
    """Return what is said of an error that is not the command's: a full disk, data that is in use or damaged."""
    if isinstance(error, sqlite3.Error):
        if "disk is full" in str(error):
            return f"the disk is full: {_AGAIN}"
        if "locked" in str(error):
            return "the data directory is in use by another process: end that, or name another --data-dir"
        if isinstance(error, sqlite3.DatabaseError) and ("malformed" in str(error) or "not a database" in str(error)):
            return "the data directory is damaged: move it away to start with an empty one, or name another --data-dir"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{f', at {error.filename}' if error.filename else ''}: {_AGAIN}"
    if isinstance(error, PermissionError) and error.filename:
        return f"{error.filename} cannot be used: {str(error.strerror).lower()}"
    return ""


_AGAIN = "free some space and run the command again; what it wrote before is kept"
#: Typer's error for a wrong command line; it names only this child of it.
_CommandLineError: Any = typer.BadParameter.__mro__[1]

if __name__ == "__main__":
    main()
