"""The commands of `exh-dev` that start the local platform, say how to connect to it, and send a platform a request."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from exh_dev.cli.options import (
    DataDirOption,
    HostOption,
    JsonOption,
    LiveOption,
    ProfileOption,
    YesOption,
    data_dir_of,
    environment_of,
)
from exh_dev.cli.output import choose_output, pass_on_server_logs
from exh_dev.errors import UsageError
from exh_dev.remote.cluster import Cluster


class Format(StrEnum):
    """Output format of credentials."""

    ENV = "env"
    JSON = "json"


def serve(
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port on localhost; 0 picks a free one.", min=0, max=65535)
    ] = 8420,
    host: Annotated[str, typer.Option(help="localhost, and nothing else.", hidden=True)] = "localhost",
    data_dir: DataDirOption = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep state in memory; it is gone at the end.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help='Inject a fault, such as "PUT /data/*:503:0.3". Repeatable.'),
    ] = None,
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Forward a copy of each mail to this SMTP server.")
    ] = None,
    max_file_size: Annotated[
        int, typer.Option(metavar="MB", help="How large a file may be, for recordings of hours.", min=1, max=2048)
    ] = 8,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="BASE", help="Leave a service out, such as /payments/v1, as a cluster may. Repeatable."),
    ] = None,
    keep_runs: Annotated[
        int, typer.Option(metavar="N", help="How many runs of functions to keep.", min=1, max=1_000_000)
    ] = 100_000,
    keep_runs_mb: Annotated[
        int, typer.Option(metavar="MB", help="How much to keep of their events, logs and calls.", min=1, max=100_000)
    ] = 512,
    as_json: JsonOption = None,
) -> None:
    """Run a local Extra Horizon platform until Ctrl-C.

    Serves the control center and the HTTP API, reachable from this machine only. Changes in the project take effect
    when you save. When stdout is not a terminal its first line is a JSON object with url, credentials_file and
    dashboard.

    A fault rule is METHOD PATH:FAULT[:PROBABILITY][xN]: an HTTP method or *; a path with * for anything; a status such
    as 503 (503+2 asks to retry after 2 s), html, latency=SECONDS, slow=SECONDS, skew=SECONDS, reset, reset-after,
    truncate, truncate-json or duplicate; from 0 to 1; for the next N requests only.
    """
    from exh_dev.cli.output import JsonOutput
    from exh_dev.platform.faults.rules import FaultRules
    from exh_dev.serve import foreground as server
    from exh_dev.serve.line_writer import LineWriter
    from exh_dev.serve.local_platform import LocalPlatform

    if host not in {"localhost", "127.0.0.1", "::1"}:
        raise UsageError(
            f"--host {host} is refused: the local platform is for this machine only. Its administrator's password is "
            "in a file, and it runs uploaded code, so it must not be reachable from other machines"
        )
    output = choose_output(as_json=as_json)
    folder = data_dir_of(data_dir)
    rules = FaultRules(fault or ())
    largest = max_file_size * 1024 * 1024
    with LineWriter(output) as lines:
        pass_on_server_logs(lines)
        with LocalPlatform(
            port=port,
            data_dir=folder,
            ephemeral=ephemeral,
            faults=rules,
            smtp=smtp,
            max_file_size=largest,
            without=without or (),
            keep_runs=keep_runs,
            keep_bytes=keep_runs_mb * 1024 * 1024,
        ) as platform:
            server.serve(platform, folder, output, lines, announce_on_stdout=isinstance(output, JsonOutput))


def print_credentials(
    data_dir: DataDirOption = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="env: KEY=VALUE lines. [default: env, or json when piped]")
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Print how to connect to the running local platform."""
    from exh_dev.serve.datadir import DataDir

    if as_json and form is Format.ENV:
        raise UsageError("--json and --format env exclude each other")
    folder = DataDir(data_dir_of(data_dir))
    details = folder.running()
    wants_json = as_json if as_json is not None else not sys.stdout.isatty()
    if form is Format.JSON or (form is None and wants_json):
        choose_output(as_json=True).result(details)
    else:
        typer.echo(folder.credentials_file.read_text(encoding="utf-8"), nl=False)


def call(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Path and query, such as '/data/v1/pulse/documents?limit(5)'.")
    ],
    body: Annotated[str | None, typer.Argument(metavar="BODY", help="JSON to send, - for stdin.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="First wait until the local platform's tasks have run and mails are sent.")
    ] = False,
    data_dir: DataDirOption = None,
    live: LiveOption = False,
    profile: ProfileOption = None,
    host: HostOption = None,
    yes: YesOption = False,
    as_json: JsonOption = None,
) -> None:
    """Send one signed request and print the answer.

    Calls the running local platform (exh-dev serve) as its first user, who has all permissions; with --live a real
    cluster with your own credentials. Exit code 1 when the platform answers with an error, which is printed on stdout.

    exh-dev call GET /tasks/v1/
    """
    from exh_dev.remote import call as caller

    output = choose_output(as_json=as_json)
    cluster = Cluster.of(live=live, profile=profile, host=host, yes=yes)
    method, path, content = caller.checked(method, path, body)
    if wait and cluster:
        raise UsageError("--wait is for the local platform; a real one does not say when it is done")
    environment = environment_of(cluster, data_dir, output)
    if cluster:
        cluster.confirm(f"{method} {path.partition('?')[0]}", environment["API_HOST"], output)
    elif wait:
        caller.wait_for_tasks(environment["API_HOST"])
    raise typer.Exit(0 if caller.perform(environment, method, path, content, output) else 1)
