"""Options that several commands share, and which platform they name together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exh_dev.cli.output import pass_on_client_logs
from exh_dev.errors import UsageError

if TYPE_CHECKING:
    from exh_dev.output import Output
    from exh_dev.remote.cluster import Cluster
    from exh_dev.remote.dev_api import DevApi
    from extrahorizon.client import ExtraHorizon

JsonOption = Annotated[
    bool | None,
    typer.Option("--json/--table", help="Print JSON, or text; JSON is the default when the output is piped."),
]
LiveOption = Annotated[
    bool, typer.Option("--live", help="Call a real cluster with your own credentials (environment or `exh login`).")
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="With --live: all credentials from ~/.exh/credentials.NAME."),
]
HostOption = Annotated[str | None, typer.Option("--host", metavar="URL", help="With --live: the cluster to call.")]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="With --live: do not ask; commands that only list never ask.")
]
DataDirOption = Annotated[
    str | None, typer.Option("--data-dir", metavar="DIR", help="Where the platform keeps its state [default: .exh-dev]")
]
FunctionOption = Annotated[
    str | None, typer.Option("--function", metavar="NAME", help="Only those of this function [default: all].")
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", help="The maximum number to list.", min=1, max=10_000)
]


def data_dir_of(given: str | None) -> Path:
    """Return the folder that `--data-dir` names, else the project's.

    Raises:
        UsageError: no folder is given, and there is no project.
    """
    if given is None:
        from exh_dev.project.project import Project

        return Project.find().data_dir
    if not given.strip():
        raise UsageError("--data-dir is empty; name a folder")
    return Path(given).absolute()


def environment_of(cluster: Cluster | None, data_dir: str | None, output: Output) -> dict[str, str]:
    """Return the five `API_*` variables for a real cluster, or for the local platform of a data directory.

    Raises:
        UsageError: there is no such profile, or no data directory.
        DevkitError: there are no complete credentials, or no platform runs.
    """
    pass_on_client_logs(output)
    if cluster is not None:
        return cluster.environment(output)
    from exh_dev.serve.datadir import DataDir

    return DataDir(data_dir_of(data_dir)).environment()


def connect(what: str, cluster: Cluster | None, environment: dict[str, str], output: Output) -> ExtraHorizon:
    """Return the client for a platform; on a real cluster, announce that `what` is read there."""
    from exh_dev.remote.client import client_of

    if cluster is not None:
        host = environment["API_HOST"]
        output.note(f"reading {what} on {cluster.named(host)}", host=host)
    return client_of(environment)


def local_platform(data_dir: str | None) -> DevApi:
    """Return the control center API of the local platform of a data directory.

    Raises:
        UsageError: there is no data directory.
        DevkitError: no platform runs.
    """
    from exh_dev.remote.dev_api import DevApi
    from exh_dev.serve.datadir import DataDir

    return DevApi(DataDir(data_dir_of(data_dir)).running()["host"])


def not_in_project(function: str | None) -> str:
    """Return a suffix for "not found" messages.

    The project has no such function, with the closest name. Empty if the project has it; the platform may also have
    uploaded functions.
    """
    from exh_dev.project.project import Project
    from exh_dev.suggestions import did_you_mean

    project = Project.find_if_any()
    if function is None or project is None or not project.functions:
        return ""
    try:
        project.manifest.function(function)
    except UsageError:
        names = [spec.name for spec in project.functions]
        return f"; this project has no function {function}{did_you_mean(function, names)}"
    return ""
