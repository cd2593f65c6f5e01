"""The command `exh-dev`."""

from __future__ import annotations

import errno
import os
import re
import signal
import sqlite3
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

import extrahorizon
from exh_dev.cli.dead_letters import dead_letters
from exh_dev.cli.editor import editor
from exh_dev.cli.functions import invoke, run
from exh_dev.cli.output import choose_output, leave_client_logs
from exh_dev.cli.platform import call, print_credentials, serve
from exh_dev.cli.project import build, check, init, new, remove, rename, types, upgrade
from exh_dev.cli.runs import mails, replay, runs
from exh_dev.cli.schedules import schedules
from exh_dev.cli.tasks import logs, tasks
from exh_dev.errors import DevkitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


app = typer.Typer(
    name="exh-dev",
    help="Run and test Extra Horizon task functions on this machine.",
    epilog="Inside a project: exh-dev run (every sample event), exh-dev invoke whoami (one function), "
    "exh-dev serve (a local platform to point other tools at), "
    "exh-dev call GET /tasks/v1/ (one request to it).",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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


for function_command in (invoke, run):
    app.command()(function_command)
for project_command in (init, check, new, rename, remove, types, build, upgrade, editor):
    app.command()(project_command)


app.command()(serve)
app.command("credentials")(print_credentials)
for platform_command in (call, runs, replay, mails, tasks, logs):
    app.command()(platform_command)
app.add_typer(schedules, name="schedules")
app.add_typer(dead_letters, name="dead-letters")


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open for the rest of the process
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        code = run_command(sys.argv[1:])
    except _EndedError as end:
        code = 128 + end.signal
    except BrokenPipeError:
        # The reader closed the pipe; keep the interpreter from failing again when it flushes.
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
    """Run one command and return its exit code.

    Print each failure as one message, never as a traceback. The exit code is 130 after Ctrl-C.
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
        choose_output(as_json=as_json).error(_usage_error(error))
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
    finally:
        leave_client_logs()


def _usage_error(error: Any) -> str:
    """Return the message for a usage error, in plainer words than those of Click."""
    text = str(error.format_message()).removesuffix(".")
    text = re.sub(r"'([^']*)' is not a valid (int|float)(?: range)?", r"'\1' is not a number", text)
    text = re.sub(r"(\S+) is not in the range (\S+?)<=x<=(\S+)", r"\1 is not from \2 to \3", text)
    context = error.ctx
    if getattr(error, "option_name", None) in {"--json", "--table"} and context is not None and context.parent is None:
        return f"{error.option_name} goes after the command, as in `exh-dev run {error.option_name}`"
    command = context.command_path if context is not None else "exh-dev"
    return f"{text}; `{command} --help` shows what there is"


def _trouble_of_the_machine(error: Exception) -> str:
    """Return the message for an error of the machine, such as a full disk or a damaged database; "" for others."""
    if isinstance(error, sqlite3.Error):
        if "disk is full" in str(error):
            return f"the disk is full: {_AGAIN}"
        if "locked" in str(error):
            return "the data directory is in use by another process: end that, or name another --data-dir"
        if isinstance(error, sqlite3.DatabaseError) and ("malformed" in str(error) or "not a database" in str(error)):
            return "the data directory is damaged: move it away to start with an empty one, or name another --data-dir"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{f', at {error.filename}' if error.filename else ''}: {_AGAIN}"
    if isinstance(error, OSError) and error.errno in _IN_THE_WAY and error.filename:
        return f"{error.filename} cannot be used: {str(error.strerror).lower()}"
    return ""


#: What a file can be that keeps a command from using it.
_IN_THE_WAY = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}
)
_AGAIN = "free some space and run the command again; what it wrote before is kept"
#: Typer's error for a wrong command line; it names only this child of it.
_CommandLineError: Any = typer.BadParameter.__mro__[1]

if __name__ == "__main__":
    main()
