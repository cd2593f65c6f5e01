"""The command `exh-dev`."""

from __future__ import annotations

import os
import re
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import shared
from devkit.errors import DevkitError, UsageError
from devkit.output import choose_output, pass_on_server_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkit.execution import Case, CredentialSource, Outcome
    from devkit.output import Output
    from devkit.project import Project

app = typer.Typer(
    name="exh-dev",
    help="Run and test Extra Horizon task functions on this machine.",
    epilog="Inside a project: exh-dev run (every sample event), exh-dev invoke whoami (one function), "
    "exh-dev serve (a local platform to point other tools at).",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Credentials(StrEnum):
    """Where functions get their credentials from."""

    ENV = "env"
    SECRET = "secret"  # noqa: S105 - the name of a choice


class Format(StrEnum):
    """How credentials are printed."""

    ENV = "env"
    JSON = "json"


JsonOption = Annotated[
    bool | None,
    typer.Option("--json/--table", help="JSON, or text for people; JSON is the default when the output is piped."),
]
EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="KEY=VALUE", help="Set a variable for the function, over all others. Repeatable."),
]
LiveOption = Annotated[
    bool, typer.Option("--live", help="Call a real cluster with your own credentials (environment or `exh login`).")
]
HostOption = Annotated[str | None, typer.Option("--host", metavar="URL", help="With --live: the cluster to call.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="With --live: do not ask before calling.")]
DataDirOption = Annotated[
    str | None, typer.Option("--data-dir", metavar="DIR", help="Where the platform keeps its state [default: .exh-dev]")
]


@app.callback(invoke_without_command=True)
def _exh_dev(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        typer.echo(shared.__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def invoke(
    name: Annotated[str, typer.Argument(help="The function, such as hello-world.")],
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="FILE", help="Event to send, - for stdin [default: events/NAME.json]"),
    ] = None,
    credentials: Annotated[
        Credentials | None,
        typer.Option(help="env: variables, as a task has them. secret: Secrets Manager, as on AWS. [default: env]"),
    ] = None,
    env: EnvOption = None,
    live: LiveOption = False,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Run one function once and print its result.

    Runs under AWS's own runtime client against a local platform that starts for it. The result, or Lambda's error
    object, goes to stdout and the function's log to stderr. Exit code 0 when it returned, 1 when it raised or ran out
    of time, 2 when the command makes no sense.
    """
    from devkit.execution import Case
    from devkit.project import Project, parse_event, read_event

    output = choose_output(as_json=as_json)
    project = Project.find()
    spec = project.manifest.function(name)
    (source,) = _sources([credentials] if credentials else None, live=live, yes=yes)
    if event == "-":
        case = Case(spec.name, "stdin", parse_event(sys.stdin.buffer.read(), "stdin"), source)
    else:
        path = Path(event) if event else project.sample_events(spec)[0]
        case = Case(spec.name, path.name, read_event(path), source)
    (outcome,) = _execute(project, [case], output, env=env, host=host, yes=yes)
    output.result(outcome.invocation.result if outcome.ok else outcome.invocation.error)
    raise typer.Exit(0 if outcome.ok else 1)


@app.command()
def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Functions to run [default: all].", metavar="[NAME]...")
    ] = None,
    credentials: Annotated[
        list[Credentials] | None,
        typer.Option(help="As for invoke; given twice, every event runs both ways [default: env]"),
    ] = None,
    env: EnvOption = None,
    live: LiveOption = False,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Run functions on all their sample events.

    Prints one table. A function's events are events/NAME.json and events/NAME.CASE.json. Exit code 1 when one of them
    failed.
    """
    from devkit.execution import Case
    from devkit.project import Project, read_event

    output = choose_output(as_json=as_json)
    project = Project.find()
    specs = [project.manifest.function(name) for name in names] if names else project.manifest.functions
    cases = [
        Case(spec.name, path.name, read_event(path), source)
        for spec in specs
        for source in _sources(credentials, live=live, yes=yes)
        if source != "secret" or "aws" in spec.targets
        for path in project.sample_events(spec)
    ]
    if not cases:
        raise UsageError("there is nothing to run")
    outcomes = _execute(project, cases, output, env=env, host=host, yes=yes)
    output.outcomes(outcomes)
    raise typer.Exit(0 if all(outcome.ok for outcome in outcomes) else 1)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on localhost; 0 picks a free one.", min=0, max=65535)] = 8420,
    data_dir: DataDirOption = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep state in memory; it is gone at the end.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help='Let something go wrong, such as "PUT /data/*:503:0.3". Repeatable.'),
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Run a local Extra Horizon until Ctrl-C.

    For other tools to call; only this machine can reach it. When stdout is not a terminal its first line is a JSON
    object with url, credentials_file and dashboard.

    A fault rule is METHOD PATH:FAULT[:PROBABILITY][xN]: an HTTP method or *; a path with * for anything; a status
    such as 503 (503+2 asks to retry after 2 s), html, latency=SECONDS, slow=SECONDS, skew=SECONDS, reset, reset-after,
    truncate, truncate-json or duplicate; from 0 to 1; for the next N requests only.
    """
    from devkit import serve as server
    from devkit.local import LocalPlatform
    from devkit.output import JsonOutput
    from devkit.platform.fault_rules import Faults

    output = choose_output(as_json=as_json)
    pass_on_server_logs(output)
    folder = _data_dir(data_dir)
    with LocalPlatform(port=port, data_dir=folder, ephemeral=ephemeral, faults=Faults(fault or ())) as platform:
        server.serve(platform, folder, output, announce_on_stdout=isinstance(output, JsonOutput))


@app.command("credentials")
def print_credentials(
    data_dir: DataDirOption = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="env: KEY=VALUE lines. [default: env, or json when piped]")
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Print how to connect to the running local platform."""
    from devkit.datadir import DataDir

    if as_json and form is Format.ENV:
        raise UsageError("--json and --format env exclude each other")
    folder = DataDir(_data_dir(data_dir))
    details = folder.running()
    wants_json = as_json if as_json is not None else not sys.stdout.isatty()
    if form is Format.JSON or (form is None and wants_json):
        choose_output(as_json=True).result(details)
    else:
        typer.echo(folder.credentials_file.read_text(encoding="utf-8"), nl=False)


def _execute(
    project: Project, cases: Sequence[Case], output: Output, *, env: list[str] | None, host: str | None, yes: bool
) -> list[Outcome]:
    from devkit.execution import execute

    pass_on_server_logs(output)
    overrides = dict(_assignment(text) for text in env or ())
    live = None
    if cases[0].credentials == "live":
        from devkit.live import live_environment

        live = live_environment(host)
        _confirm(live["API_HOST"], len(cases), output, yes=yes)
    elif host:
        raise UsageError("--host goes with --live; without it functions call the local platform")
    return list(execute(project, cases, overrides=overrides, live=live, on_log=output.log))


def _sources(credentials: list[Credentials] | None, *, live: bool, yes: bool) -> list[CredentialSource]:
    if not live:
        if yes:
            raise UsageError("--yes goes with --live")
        return [each.value for each in dict.fromkeys(credentials or [Credentials.ENV])]
    if credentials:
        raise UsageError("--live uses your own credentials; --credentials is for the local platform")
    return ["live"]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UsageError(f"--env {text!r} is not KEY=VALUE")
    return name, value


def _confirm(host: str, count: int, output: Output, *, yes: bool) -> None:
    what = f"{count} invocation{'' if count == 1 else 's'} against the real cluster {host}"
    output.note(what, host=host)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: add --yes to allow it when nobody can be asked")
    if not typer.confirm("Go on?", err=True):
        raise DevkitError("not confirmed; nothing was called")


def _data_dir(given: str | None) -> Path:
    if given is None:
        from devkit.project import Project

        return Project.find().data_dir
    if not given.strip():
        raise UsageError("--data-dir is empty; name a folder")
    return Path(given).absolute()


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
        message = f"a defect in exh-dev: {type(error).__name__}: {error}. EXH_DEV_DEBUG=1 shows where."
        choose_output(as_json=as_json).error(message)
        return DevkitError.exit_code


#: Typer's error for a wrong command line; it names only this child of it.
_CommandLineError: Any = typer.BadParameter.__mro__[1]

if __name__ == "__main__":
    main()
