"""The commands of `exh-dev` about a local platform that runs: what its functions did, doing it again, its mails."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from exh_dev.cli.functions import end_with_run
from exh_dev.cli.options import (
    DataDirOption,
    FunctionOption,
    JsonOption,
    LimitOption,
    local_platform,
    not_in_project,
)
from exh_dev.cli.output import choose_output
from exh_dev.output import Table

if TYPE_CHECKING:
    from exh_dev.output import Output

_COLUMNS = ("Started", "Function", "Status", "Time", "Run", "Trigger", "Attempt")
_MAIL_COLUMNS = ("Sent", "To", "Subject", "Mail", "Attachments")


class RunStatus(StrEnum):
    """Status of a run."""

    RUNNING = "running"
    OK = "OK"
    FAILED = "FAILED"


def runs(
    function: FunctionOption = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only those with this status.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Runs with this text in the event, result, error or log.")
    ] = None,
    limit: LimitOption = 20,
    data_dir: DataDirOption = None,
    as_json: JsonOption = None,
) -> None:
    """List the newest runs of functions.

    On the local platform: tasks, direct executions, API requests, batches of a queue and what was run by hand, as the
    control center shows them. Needs a platform that runs (exh-dev serve).

    exh-dev runs --status FAILED
    """
    from exh_dev.remote.dev_api import BASE

    output = choose_output(as_json=as_json)
    with local_platform(data_dir) as api:
        wanted = {"function": _task_name(function), "status": status and status.value, "search": search}
        found = api.get(f"{BASE}/runs", limit=limit, **wanted)["data"]
    if not found:
        output.note(f"no matching runs{not_in_project(function)}")
    below = [run["failure"] for run in found]
    output.tables(found, Table(_COLUMNS, [_row(run) for run in found], ("Attempt", "Trigger"), below))


def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, as exh-dev runs prints it.")],
    event: Annotated[
        str | None, typer.Option("--event", metavar="FILE", help="Another event, - for stdin [default: the same].")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = None,
) -> None:
    """Run a function again with the same event.

    Uses the running local platform (exh-dev serve) and the current code. The result, or Lambda's error object,
    goes to stdout and the function's log to stderr, as with exh-dev invoke. Exit code 1 when the function failed.

    exh-dev replay 6968c1b48ab34b7d6e654701
    """
    from exh_dev.project.project import parse_event, read_event
    from exh_dev.remote.dev_api import BASE

    output = choose_output(as_json=as_json)
    body: Any = None
    if event is not None:
        body = {"event": parse_event(sys.stdin.buffer.read(), "stdin") if event == "-" else read_event(Path(event))}
    with local_platform(data_dir) as api:
        again = api.post(f"{BASE}/runs/{quote(run, safe='')}/replay", body)["id"]
        done = api.ended(again)
    end_with_run(done, output, root=Path.cwd())


def mails(
    mail: Annotated[
        str | None, typer.Argument(metavar="MAIL", help="Print this complete mail [default: list them].")
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="Mails that contain this text.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = None,
) -> None:
    """List the newest mails, or print one.

    These are mails that the local platform sent. None leaves this machine unless serve forwards copies (--smtp). Needs
    a running platform (exh-dev serve).

    exh-dev mails
    """
    from exh_dev.remote.dev_api import BASE

    output = choose_output(as_json=as_json)
    with local_platform(data_dir) as api:
        if mail is not None:
            _show_mail(api.get(f"{BASE}/mails/{quote(mail, safe='')}"), output)
            return
        found = api.get(f"{BASE}/mails", search=search)["data"]
    if not found:
        output.note("no matching mails" if search else "no mail was sent")
    output.tables(found, Table(_MAIL_COLUMNS, [_mail_row(each) for each in found], ("Attachments",)))


def _task_name(function: str | None) -> str | None:
    """Return the name that any spelling means, where the project has it."""
    from exh_dev.errors import DevkitError
    from exh_dev.project.project import Project

    project = Project.find_if_any()
    if function is None or project is None:
        return function
    try:
        return project.manifest.function(function).name
    except DevkitError:
        return function  # one that was uploaded


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    from exh_dev.remote.tasks import short_time

    spent = run.get("duration_ms")
    return (
        short_time(run["started"]),
        run["function"],
        run["status"],
        "" if spent is None else f"{spent:.0f} ms",
        run["id"],
        f"{run['trigger']} by hand" if run["kind"] == "invoke" else run["trigger"],
        str(run["attempt"]),
    )


def _mail_row(mail: dict[str, Any]) -> tuple[str, ...]:
    from exh_dev.remote.tasks import short_time

    people = [address for addresses in mail["recipients"].values() for address in addresses]
    files = ", ".join(each["name"] for each in mail["attachments"])
    return short_time(mail["creation_timestamp"]), ", ".join(people), mail["subject"], mail["id"], files


def _show_mail(mail: dict[str, Any], output: Output) -> None:
    headers = [
        f"From: {mail['from']}",
        *(f"{kind.capitalize()}: {', '.join(addresses)}" for kind, addresses in mail["recipients"].items()),
        f"Subject: {mail['subject']}",
        *(f"Attachment: {each['name']} ({each['size']} bytes)" for each in mail["attachments"]),
    ]
    output.summary(mail, [*headers, "", *mail["body"].splitlines()])
