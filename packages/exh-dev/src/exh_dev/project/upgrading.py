"""`exh-dev upgrade`: newer versions of the two packages, in wheels/, pyproject.toml and the locks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from exh_dev.errors import DevkitError, UsageError
from exh_dev.project.init.project import LOCKS, PACKAGES, WHEELS, pin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from exh_dev.project.project import Project

PYPROJECT = "pyproject.toml"
_CHANGES = "exh_dev/project/init/template/CHANGELOG.md"
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\]", re.MULTILINE)
_EXTRAS = r"(?:\[[^\]\"]*\])?"  # what users add to keep an extra: exh-dev[aws]
_PATIENCE = 600  # seconds for packages to be fetched and resolved


@dataclass(frozen=True)
class Upgraded:
    """The result of an upgrade: the versions, the changelog in between, and whether `check` found no problems."""

    old: str
    new: str
    changes: str
    is_checked: bool

    def as_json(self) -> dict[str, Any]:
        return {"old": self.old, "new": self.new, "changes": self.changes, "checked": self.is_checked}

    def as_lines(self) -> list[str]:
        if self.old == self.new:
            return [f"The project has {self.new} already; no newer version was found."]
        return [f"Moved from {self.old} to {self.new}.", "", *self.changes.splitlines(), "", "Now: make test"]


def upgrade_project(project: Project, wheels: Path | None, note: Callable[[str], None]) -> Upgraded:
    """Move a project to the newest versions of both packages.

    Args:
        project: the project.
        wheels: a folder with their wheels; None uses the package index.
        note: called with a message about each long step.

    Raises:
        UsageError: the project was not made by `exh-dev init`, or the folder lacks a wheel.
        DevkitError: a step failed; the project is unchanged.
    """
    root = project.root
    old = _version_of(root)
    with TemporaryDirectory() as scratch:
        found = _newest(wheels) if wheels else _downloaded(Path(scratch), note)
        new = _one_version(found)
        if Version(new) <= Version(old):
            return Upgraded(old, old, "", is_checked=True)
        kept = [PYPROJECT, *LOCKS, WHEELS]
        backup = Path(scratch) / "before"
        for name in kept:
            _copy(root / name, backup / name)
        try:
            _replace_wheels(root, found)
            _move_versions(root, old, new)
            _move_pins(root, found)
            note("resolving the locks, and installing")
            _run(["make", "lock", "UPGRADE="], root)
            _run(["make", ".venv/.run"], root)
        except (DevkitError, OSError) as error:
            for name in kept:
                _copy(backup / name, root / name)
            raise DevkitError(f"the upgrade to {new} failed, and the project is as before: {error}") from None
    checked = subprocess.run([root / ".venv/bin/exh-dev", "check"], cwd=root, capture_output=True, check=False)
    return Upgraded(old, new, changes_between(_changelog(root), old, new), is_checked=checked.returncode == 0)


def changes_between(changelog: str, old: str, new: str) -> str:
    """Return the sections of a changelog for the versions after `old` up to `new`, newest first."""
    headings = list(_HEADING.finditer(changelog))
    parts = []
    for heading, following in zip_longest(headings, headings[1:]):
        try:
            version = Version(heading["version"])
        except ValueError:  # a heading such as Unreleased
            continue
        if Version(old) < version <= Version(new):
            parts.append(changelog[heading.start() : following.start() if following else len(changelog)].strip())
    return "\n\n".join(parts)


def _version_of(root: Path) -> str:
    path = root / PYPROJECT
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(rf'"exh-dev{_EXTRAS}==([^"]+)"', text)
    if found is None:
        raise UsageError(f"{path} does not pin exh-dev, unlike projects of `exh-dev init`, so it cannot be upgraded")
    return found[1]


def _newest(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"--wheels {folder}: there is no such folder")
    found: dict[str, tuple[Version, Path]] = {}
    for path in folder.glob("*.whl"):
        name, version, _, _ = parse_wheel_filename(path.name)
        if name in PACKAGES and (name not in found or found[name][0] < version):
            found[name] = (version, path)
    if missing := [name for name in PACKAGES if name not in found]:
        raise UsageError(f"--wheels {folder} has no wheel of {' and '.join(missing)}")
    return {name: path for name, (_, path) in found.items()}


def _downloaded(folder: Path, note: Callable[[str], None]) -> dict[str, Path]:
    note("asking the package index")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    try:
        _run([*command, "--only-binary=:all:", "--dest", str(folder), *PACKAGES], folder)
    except DevkitError as error:
        raise DevkitError(f"the package index lacks {' and '.join(PACKAGES)}, or cannot be reached: {error}. "
                          "--wheels DIR takes both from a folder, such as build/dist/ after `make dist` in a newer "
                          "clone of the repository") from None  # fmt: skip
    return _newest(folder)


def _one_version(found: Mapping[str, Path]) -> str:
    versions = {str(parse_wheel_filename(path.name)[1]) for path in found.values()}
    if len(versions) != 1:
        raise UsageError(f"extrahorizon and exh-dev are released together, and these differ: {', '.join(versions)}")
    return versions.pop()


def _replace_wheels(root: Path, found: Mapping[str, Path]) -> None:
    folder = root / WHEELS
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.whl"):
        if canonicalize_name(path.name.split("-")[0]) in PACKAGES:
            path.unlink()
    for path in found.values():
        shutil.copy2(path, folder / path.name)


def _move_versions(root: Path, old: str, new: str) -> None:
    path = root / PYPROJECT
    text = path.read_text(encoding="utf-8")
    for name in PACKAGES:
        text = re.sub(rf'"({name}{_EXTRAS})=={re.escape(old)}"', rf'"\g<1>=={new}"', text)
    path.write_text(text, encoding="utf-8")


def _move_pins(root: Path, found: Mapping[str, Path]) -> None:
    """Change the packages' pins in the locks, because the resolver would keep the old version."""
    for lock in LOCKS:
        path = root / lock
        text = path.read_text(encoding="utf-8")
        for name, wheel in found.items():
            pinned = re.compile(rf"^{re.escape(name)}==.*\n(?:    .*\n)*", re.MULTILINE)
            text = pinned.sub(pin_of(wheel).replace("\\", r"\\"), text)
        path.write_text(text, encoding="utf-8")


def _changelog(root: Path) -> str:
    for path in (root / WHEELS).glob("exh_dev-*.whl"):
        with ZipFile(path) as archive:
            if _CHANGES in archive.namelist():
                return archive.read(_CHANGES).decode()
    return ""


def _copy(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _run(command: Iterable[str], folder: Path) -> None:
    """Run a command.

    Raises:
        DevkitError: it is not installed, takes too long or fails; with its last lines of output.
    """
    words = list(command)
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    try:
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DevkitError(f"{words[0]}: {error}") from None
    if done.returncode != 0:
        last = " ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-3:])
        raise DevkitError(f"`{' '.join(words[:3])}` failed: {last}")
