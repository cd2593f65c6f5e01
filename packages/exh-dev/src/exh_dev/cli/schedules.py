"""`exh-dev schedules`: the schedules of a platform, the local one that runs or a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from exh_dev.cli.options import (
    DataDirOption,
    HostOption,
    JsonOption,
    LiveOption,
    ProfileOption,
    YesOption,
    connect,
    environment_of,
)
from exh_dev.cli.output import choose_output
from exh_dev.errors import DevkitError
from exh_dev.output import Table
from exh_dev.remote.cluster import Cluster

if TYPE_CHECKING:
    from exh_dev.remote.schedules import Plan, Step

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
    exh = connect("the schedules", cluster, environment, output)
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
    known = known_to(connect("the schedules", cluster, environment_of(cluster, data_dir, output), output))
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
    if rows:
        output.tables(shown, Table(("Function", "Every", "Next", "Id", "Managed"), rows))
    else:
        output.summary(shown, ["There are none"])


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
