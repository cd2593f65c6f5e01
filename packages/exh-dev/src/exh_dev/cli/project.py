"""`exh-dev init`, `check`, `new`, `rename`, `remove`, `types`, `build`, `upgrade`: they run nothing of a project."""

from __future__ import annotations

import math
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exh_dev.cli.options import JsonOption
from exh_dev.cli.output import choose_output
from exh_dev.errors import UsageError
from exh_dev.hints import pasteable

if TYPE_CHECKING:
    from collections.abc import Callable

_FUNCTION = "A function of template.yaml, in any spelling."


class FunctionKind(StrEnum):
    """Trigger of a function."""

    TASK = "task"
    API = "api"
    EVENT = "event"
    SCHEDULE = "schedule"
    QUEUE = "queue"


def check(as_json: JsonOption = None) -> None:
    """Find problems in the project without running its code.

    Reports what would fail in build, serve, invoke or exh sync: template.yaml, the code of the functions and what it
    imports, locks, secrets, events, seeds, permissions, and the files that the official CLI reads (schemas, templates,
    localizations, dispatchers, settings). Prints one line for each problem, with file and line. Exit code 1 if there is
    an error; 0 if there are only warnings.
    """
    from exh_dev.checking.finding import in_order
    from exh_dev.checking.gate import findings
    from exh_dev.checking.secrets import SecretScan
    from exh_dev.project.project import Project

    output = choose_output(as_json=as_json)
    project = Project.find()
    with SecretScan(project) as scan:
        found = in_order([*findings(project), *scan.findings()])
    output.problems([each.as_json() for each in found])
    raise typer.Exit(1 if any(each.severity == "error" for each in found) else 0)


def build(
    names: Annotated[
        list[str] | None, typer.Argument(help="Functions to build [default: all].", metavar="[NAME]...")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(metavar="pythonX.Y", help="Build for this one, not for the manifest's.")
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="The Python that compiles [default: one that is found]")
    ] = None,
    bytecode: Annotated[
        bool, typer.Option("--bytecode/--no-bytecode", help="Compile modules beforehand: cold starts are faster.")
    ] = True,
    config_env: Annotated[
        str | None,
        typer.Option(metavar="ENV", help="Build for AWS as this environment of samconfig.toml deploys it."),
    ] = None,
    max_size: Annotated[
        float, typer.Option(metavar="MB", help="The most a zip for Extra Horizon may have.", min=0.01, max=250)
    ] = 7,
    as_json: JsonOption = None,
) -> None:
    """Build the bundles to upload.

    Writes for each function build/NAME.zip with its checksum (.sha256) and bill of materials (.cdx.json); for Extra
    Horizon also the folder build/NAME with task-config.json, which `exh tasks sync` reads. A bundle contains shared/,
    the handler, and the packages of requirements.txt and handlers/NAME/requirements.txt as wheels for the function's
    runtime and processor. The same input gives the same bytes. Either all functions are built or none.

    With --config-env the template's parameters, such as the processor, take their values from parameter_overrides in
    samconfig.toml; exit code 1 if a bundle of the deployment was built for another target.
    """
    from exh_dev.checking.gate import refuse_broken
    from exh_dev.packaging.build import Options, build
    from exh_dev.packaging.deployment import check_bundles, check_parameters
    from exh_dev.packaging.report import next_steps, report
    from exh_dev.packaging.sizes import MEGABYTE
    from exh_dev.packaging.target import Target
    from exh_dev.project.configuration.asked import asked_variables
    from exh_dev.project.project import Project

    output = choose_output(as_json=as_json)
    project = Project.find()
    if math.isnan(max_size):
        raise UsageError("--max-size is not a number")
    if config_env is not None:
        if runtime is not None:
            raise UsageError("--config-env builds for the runtime that template.yaml deploys, which excludes --runtime")
        project = project.deployed_to(config_env)
        for each in check_parameters(project):
            output.warn(each)
    wanted = [project.manifest.function(name) for name in names] if names else project.manifest.functions
    specs = list(dict.fromkeys(wanted))
    options = Options(runtime=runtime, python=python, bytecode=bytecode, limit=int(max_size * MEGABYTE))
    if runtime is not None:
        Target.of(runtime, "x86_64")  # report a wrong option before a problem of the project
    refuse_broken(project, [spec.name for spec in specs], runtime=runtime)
    with output.progress(len(specs)) as started:
        bundles = build(project, specs, options, started)
    if config_env is not None:
        check_bundles(project, config_env)
    report(bundles, asked_variables(project, specs), project.variables(), output)
    if config_env is None and (steps := next_steps(specs)):  # `make deploy` goes on by itself
        output.note(steps)


def new(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Its name in any spelling: greet-patient, greet_patient, GreetPatient."),
    ],
    kind: Annotated[
        FunctionKind,
        typer.Option(
            help="task: queued by a caller. api: HTTP. event: a transition or dispatcher. schedule: a timer. queue: "
            "SQS messages, on AWS only."
        ),
    ] = FunctionKind.TASK,
    permission: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What its user may do, such as VIEW_DOCUMENTS:pulse. Repeatable."),
    ] = None,
    target: Annotated[
        ProjectTarget | None,
        typer.Option(help="Where it is deployed. [default: where the project's other functions are]"),
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Create a working function with its event and test.

    Writes handlers/NAME.py, events/NAME.json, tests/test_NAME.py and an entry in template.yaml, whose other lines do
    not change. Writes nothing if the name is invalid or a file exists. In an AWS project it also adds the trigger, such
    as an HTTP API or a queue, with its role and alarms. The result passes exh-dev check, exh-dev run NAME, its test,
    ruff and mypy; edit it from there. Its user may read itself and has the permissions of --permission, which its entry
    lists.
    """
    from exh_dev.project.new.function import make
    from exh_dev.project.project import Project

    output = choose_output(as_json=as_json)
    made = make(Project.find(), name, kind.value, permission or (), target.value if target else None)
    output.summary(made.as_json(), [pasteable(line) for line in made.as_lines()])


def types(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if the file is out of date.")
    ] = False,
    as_json: JsonOption = None,
) -> None:
    """Write Python types for the documents of each schema.

    Writes handlers/documents.py for mypy and your editor. Handlers import it under TYPE_CHECKING, so it costs nothing
    at run time. Run it again after changing a schema.
    """
    from exh_dev.project.document_types.module import update_types
    from exh_dev.project.project import Project

    output = choose_output(as_json=as_json)
    found = update_types(Project.find(), write=not check)
    output.summary(found.as_json(), [pasteable(line) for line in found.as_lines()])
    raise typer.Exit(1 if found.stale else 0)


class ProjectTarget(StrEnum):
    """Deployment target of a new project's functions."""

    EXH = "exh"
    AWS = "aws"
    BOTH = "both"


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The project's name, kebab-case [default: the folder's name].", show_default=False
        ),
    ] = None,
    target: Annotated[
        ProjectTarget | None,
        typer.Option(help="exh: Extra Horizon. aws: AWS Lambda, with SAM. [default: both]", show_default=False),
    ] = None,
    author: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who holds the copyright [default: git's user.name].", show_default=False),
    ] = None,
    examples: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="EXAMPLE",
            help="An example function to begin with, and all that it needs: chunk-psg-signals, patient-api ... "
            "Repeatable; an unknown one lists them.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Create a project.

    The project has two functions with events and tests, a shared session module, and its packages in wheels/, so it
    does not need this installation afterwards. On a terminal it asks for missing options. Writes nothing into a folder
    that is not empty.
    """
    from exh_dev.packaging.installed_wheels import wheel_of
    from exh_dev.project.init.examples import choose
    from exh_dev.project.init.project import Wishes, check_folder, check_name, make_project
    from exh_dev.project.new.names import spelled

    output = choose_output(as_json=as_json)
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow a link that is wanted
    # Report a wrong option before asking for the missing ones.
    check_folder(folder)
    choose(examples or (), target.value if target else "both")
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    suggested = spelled(folder.name)
    if name is None:
        name = _asked("Name of the project", suggested, check_name) if asks else suggested
    check_name(name)
    if author is None:
        author = _git_user()
        if asks:
            question = f"Author, for licence and pyproject.toml{'' if author else ' (optional)'}"
            author = str(typer.prompt(question, default=author, show_default=bool(author)))
    if target is None:
        target = ProjectTarget(_asked("Deploy to exh, aws or both", "both", _check_target) if asks else "both")
    wishes = Wishes(name, target.value, author.strip(), tuple(examples or ()))
    made = make_project(folder, wishes, wheel_of)
    output.summary(made.as_json(), [pasteable(line) for line in made.as_lines()])


def _asked(question: str, default: str, check: Callable[[str], object]) -> str:
    """Return the answer to a question, which is asked again while `check` raises a `UsageError`."""

    def checked(answer: str) -> str:
        try:
            check(answer)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None  # which is printed before the question is repeated
        return answer

    return str(typer.prompt(question, default=default, value_proc=checked))


def _check_target(name: str) -> None:
    if name not in {each.value for each in ProjectTarget}:
        raise UsageError(f"{name!r} is not a target; choose one of exh, aws and both")


def _git_user() -> str:
    from exh_dev import git

    return (git.asked(Path(), "config", "user.name") or "").strip()


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_FUNCTION)],
    force: Annotated[
        bool, typer.Option("--force", help="Delete files even if git cannot restore them.", show_default=False)
    ] = False,
    as_json: JsonOption = None,
) -> None:
    """Remove a function and its files.

    Removes its handler, sample events, seed, tests and entry in template.yaml. Other uses of its name (schemas,
    dispatchers, other functions) are listed and not changed. Without --force it removes nothing that git cannot
    restore.
    """
    from exh_dev.project.project import Project
    from exh_dev.project.removing import remove_function

    output = choose_output(as_json=as_json)
    removed = remove_function(Project.find(), name, force=force)
    output.summary(removed.as_json(), [pasteable(line) for line in removed.as_lines()])


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_FUNCTION)],
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name, in any spelling.")],
    as_json: JsonOption = None,
) -> None:
    """Rename a function and its files.

    Its handler, sample events, seed and tests move; template.yaml, imports, and its name in the project's code,
    schemas, dispatchers and events change. If one change fails, none is made.
    """
    from exh_dev.project.project import Project
    from exh_dev.project.renaming import rename_function

    output = choose_output(as_json=as_json)
    renamed = rename_function(Project.find(), old, new_name)
    output.summary(renamed.as_json(), [pasteable(line) for line in renamed.as_lines()])


def upgrade(
    wheels: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Take the newest of both packages from here [default: the package index]."),
    ] = None,
    as_json: JsonOption = None,
) -> None:
    """Move the project to newer versions of its two packages.

    The packages are extrahorizon and exh-dev. Replaces the wheels, moves the versions in pyproject.toml and the locks,
    prints what has changed in between, and runs `check` with the new version. When something fails, everything is as
    before.
    """
    from exh_dev.project.project import Project
    from exh_dev.project.upgrading import upgrade_project

    output = choose_output(as_json=as_json)
    upgraded = upgrade_project(Project.find(), wheels, output.note)
    output.summary(upgraded.as_json(), [pasteable(line) for line in upgraded.as_lines()])
    raise typer.Exit(0 if upgraded.is_checked else 1)
