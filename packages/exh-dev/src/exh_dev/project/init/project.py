"""A new project: its files, its wheels and locks, its git history."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args

import exh_dev
from exh_dev.errors import DevkitError, UsageError
from exh_dev.project.init.examples import add_examples, choose
from exh_dev.project.init.sources import (
    FILES,
    TO_AWS,
    Target,
    examples_folder,
    for_target,
    read_own,
    read_template,
    with_part,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

TARGETS: tuple[Target, ...] = get_args(Target)
WHEELS = "wheels"
PACKAGES = ("extrahorizon", "exh-dev")
#: Which of the packages each lock installs. Bundles carry the first alone.
LOCKS: Mapping[str, tuple[str, ...]] = {
    "requirements.txt": PACKAGES[:1],
    "requirements-run.txt": PACKAGES,
    "requirements-dev.txt": PACKAGES,
}
_NAME = re.compile(r"[a-z](?:-?[a-z0-9]+)*")
_OF_AWS = ("requirements-sam.txt",)
_NOT_COPIED = ("CHANGELOG.md",)
_WITHOUT_GIT = "git is missing"
_WITHOUT_A_NAME = "git lacks your name (git config --global user.name, and user.email)"
_COMMIT = "git init && git add -A && git commit -m Start"


@dataclass(frozen=True)
class Wishes:
    """Options of a new project.

    Attributes:
        name: project name in kebab-case.
        target: deployment target of its functions.
        author: copyright holder.
        examples: example functions to include besides the template's.
    """

    name: str
    target: Target
    author: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A created project: its folder, its files, and the line counts of those that its owner edits."""

    folder: Path
    name: str
    target: Target
    files: tuple[str, ...]
    lines: int
    not_committed: str
    """Why git has no commit of it; empty if it has one."""

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "name": self.name,
            "target": self.target,
            "files": list(self.files),
            "lines": self.lines,
            "committed": not self.not_committed,
        }

    def as_lines(self) -> list[str]:
        """Return it for people, with the two commands to type."""
        place = min(self.folder.as_posix(), os.path.relpath(self.folder), key=len)
        quoted = f"'{place}'" if re.search(r"[^\w./-]", place) else place
        made = f"Made {self.name}: {len(self.files)} files, {self.lines} lines."
        problem = f"Nothing is committed: {self.not_committed}. Afterwards, in the project:"
        commit = (problem, f"  {_COMMIT}") if self.not_committed else ()
        return [made, *commit, "", f"  cd {quoted}", "  make run"]


def check_name(name: str) -> str:
    """Return the name of a project if it can be one.

    Raises:
        UsageError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a project's name: lower-case letters, digits and single hyphens, as my-clinic"
        )
    return name


def check_folder(folder: Path) -> None:
    """Refuse a folder that has something in it.

    Raises:
        UsageError: it has, or it is no folder.
    """
    for each in (folder, *folder.parents):
        if each.exists() and not each.is_dir():
            raise UsageError(f"{each} is a file; name a folder that does not exist yet, or is empty")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; no file was written. Name a folder that does not exist yet")


def make_project(folder: Path, wishes: Wishes, wheel_of: Callable[[str, Path], Path]) -> Made:
    """Write a project into an empty or new folder.

    Args:
        folder: the folder.
        wishes: its options.
        wheel_of: writes the wheel of an installed package into a folder and returns its path.

    Raises:
        UsageError: the folder is not empty.
        DevkitError: a file cannot be written; nothing is left behind.
    """
    check_folder(folder)
    examples = choose(wishes.examples, wishes.target)
    existed = folder.is_dir()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Write to a temporary sibling and rename, so that a project is created entirely or not at all.
        with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            made = Path(scratch) / folder.name
            wheels = [wheel_of(package, made / WHEELS) for package in PACKAGES]
            pins: dict[str, str] = dict(zip(PACKAGES, map(pin_of, wheels), strict=True))
            texts = project_files(wishes, pins)
            for name, text in texts.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            own = owned_files([*texts, *add_examples(made, examples, wishes.target)])
            lines = sum(len((made / name).read_bytes().splitlines()) for name in own)
            not_committed = _commit(made)
            if existed:
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise DevkitError(
            f"{folder} cannot be written: {str(error.strerror).lower()}; no project was created"
        ) from None
    return Made(folder, wishes.name, wishes.target, own, lines, not_committed)


def owned_files(names: Iterable[str]) -> tuple[str, ...]:
    """Return the files that the owner reads and edits, excluding locks and wheels, which tools generate."""
    return tuple(sorted(name for name in names if not name.startswith(("requirements", f"{WHEELS}/"))))


def pin_of(wheel: Path) -> str:
    """Return the line of a lock for a wheel: `NAME==VERSION` with its hash."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"


def project_files(wishes: Wishes, pins: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of a project.

    Args:
        wishes: the project's options.
        pins: the locks' lines for the two packages, by name.
    """
    on_aws, on_exh = wishes.target != "exh", wishes.target != "aws"
    names = [name for name in FILES if name not in _NOT_COPIED and (on_aws or name not in _OF_AWS)]
    found = {name: for_target(read_template(name), wishes.target) for name in names}
    for lock, packages in LOCKS.items():
        found[lock] = with_pins(found[lock], [pins[package] for package in packages])
    if wishes.examples:
        run = (examples_folder() / "requirements-run.txt").read_text(encoding="utf-8")
        found["requirements-run.txt"] = with_pins(run, [pins[package] for package in PACKAGES])
    found["pyproject.toml"] = _pyproject(found["pyproject.toml"], wishes)
    found["template.yaml"] = _template_yaml(found["template.yaml"], wishes)
    found[".gitignore"] = "".join(f"{line}\n" for line in found[".gitignore"].splitlines() if line != f"{WHEELS}/")
    own = {name: name for name in ("README.md", "AGENTS.md", "LICENSE")} | {".github/workflows/ci.yml": "ci.yml"}
    own |= {"samconfig.toml": "samconfig.toml"} if on_aws else {}
    own |= {"repo-config.json": "repo-config.json"} if on_exh else {}
    texts = {name: for_target(read_own(source), wishes.target) for name, source in own.items()}
    if not on_exh:  # what is for both begins with as many files as there may be; the page about AWS says how to copy it
        texts[TO_AWS] = read_template(f"examples/{TO_AWS}")
    values = {
        "name": wishes.name,
        "author": wishes.author or f"the authors of {wishes.name}",
        "year": str(datetime.now(UTC).year),
    }
    for name, text in texts.items():
        found[name] = with_part(text, "examples", is_wanted=bool(wishes.examples))
        for placeholder, value in values.items():
            found[name] = found[name].replace(f"{{{{{placeholder}}}}}", value)
    return found


def with_pins(lock: str, pins: Iterable[str]) -> str:
    """Return a lock with pins of packages that lie in `wheels/`."""
    lines = lock.splitlines()
    comments = [line for line in lines if line.startswith("#")][:2]  # what made it; those at the end are about packages
    pinned = "".join(f"{line}\n" for line in lines if not line.startswith("#"))
    head = "".join(f"{line}\n" for line in comments)
    return f"{head}--find-links {WHEELS}\n\n{''.join(pins)}{pinned}"


def _pyproject(text: str, wishes: Wishes) -> str:
    version = exh_dev.__version__
    text = text.replace('name = "extra-horizon-tasks"', f'name = "{wishes.name}"')
    text = text.replace('dependencies = ["extrahorizon"]', f'dependencies = ["extrahorizon=={version}"]')
    extras = "[aws,pdf]" if wishes.examples else ""
    text = text.replace('run = ["exh-dev"]', f'run = ["exh-dev{extras}=={version}"]')
    if wishes.author:
        author = json.dumps(wishes.author, ensure_ascii=False)  # TOML's strings have JSON's escapes
        text = text.replace('version = "0.1.0"\n', f'version = "0.1.0"\nauthors = [{{ name = {author} }}]\n')
    return text


def _template_yaml(text: str, wishes: Wishes) -> str:
    targets = {"exh": "[exh]", "aws": "[aws]", "both": "[exh, aws]"}[wishes.target]
    text = text.replace("targets: [exh, aws]", f"targets: {targets}")
    return text.replace("Default: exh/tasks", f"Default: exh/{wishes.name}")


def _commit(folder: Path) -> str:
    """Create a git repository with a first commit; return why there is none, or an empty string."""
    if shutil.which("git") is None:
        return _WITHOUT_GIT
    steps = (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--no-verify", "--message", f"Start with exh-dev {exh_dev.__version__}"],
    )
    for step in steps:
        done = subprocess.run(["git", *step], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = next((line for line in done.stderr.splitlines() if line.startswith(("error:", "fatal:"))), "")
            return _WITHOUT_A_NAME if "user.name" in done.stderr else said or f"git {step[0]} failed"
    return ""
