"""Locks: requirements files in which every package has one version and its hashes.

Their lines are read here, for messages with a file's name and line: pip's own parser is not for others, and the package
that copied it (pip-requirements-parser) has had no release since 2022.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from exh_dev.errors import DevkitError
from exh_dev.packaging.lock_files import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exh_dev.packaging.target import Target

_HASH = re.compile(r"\s--hash[= ](\w+:[0-9a-fA-F]+)(?=\s|$)")
_COMMENT = re.compile(r"(^|\s)#.*")

Extras = Mapping[str, Mapping[str, str]]
"""By package the extras that are asked of it, each with where."""


@dataclass(frozen=True)
class Pin:
    """One package of a lock: `name` in its canonical spelling, the `sha256:…` of each file that is that version.

    Its extras are those in the lock, which few tools write.
    """

    name: str
    version: str
    hashes: frozenset[str]
    file: Path
    line: int
    extras: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """`file:line` in the lock."""
        return f"{self.file}:{self.line}"


def read_locks(files: Iterable[Path], target: Target) -> dict[str, Pin]:
    """Return the packages that locks name for a target, by name.

    Raises:
        DevkitError: a file is no lock, or two of them have different versions of a package.
    """
    found: dict[str, Pin] = {}
    for file in files:
        for pin in _pins(file, target):
            known = found.setdefault(pin.name, pin)
            found[pin.name] = replace(known, extras=known.extras | pin.extras)
            if known.version != pin.version:
                raise DevkitError(
                    f"{pin.where}: {pin.name} {pin.version} and {known.where}: {known.name} {known.version} cannot be "
                    "in one bundle; make the locks again with `make lock`"
                )
            if not known.hashes & pin.hashes:
                raise DevkitError(f"{pin.where} and {known.where} have different hashes for {pin.name} {pin.version}")
    return found


def check_inputs(requirements: Iterable[tuple[str, str]], pins: dict[str, Pin], target: Target) -> None:
    """Check that a lock is up to date with its requirements.

    Args:
        requirements: the requirements, each with its location.
        pins: the lock's packages.
        target: the target of markers such as `python_version < '3.12'`.

    Raises:
        DevkitError: the lock lacks a package, or has a version that no longer matches.
    """
    for wanted, where in _applicable(requirements, target):
        pin = pins.get(canonicalize_name(wanted.name))
        if pin is None:
            raise DevkitError(f"{where}: the lock has no {wanted.name}; make it again with `make lock`")
        if not wanted.specifier.contains(pin.version, prereleases=True):
            raise DevkitError(
                f"{where}: {wanted} is wanted, but {pin.where} has {pin.version}; make the lock again with `make lock`"
            )


def asked_extras(requirements: Iterable[tuple[str, str]], pins: dict[str, Pin], target: Target) -> Extras:
    """Return the extras that requirements ask for, and those that the lock itself names.

    Raises:
        DevkitError: a requirement is invalid.
    """
    found: dict[str, dict[str, str]] = {}
    for wanted, where in _applicable(requirements, target):
        for extra in sorted(wanted.extras):
            found.setdefault(canonicalize_name(wanted.name), {}).setdefault(canonicalize_name(extra), where)
    for pin in pins.values():
        for extra in sorted(pin.extras):
            found.setdefault(pin.name, {}).setdefault(extra, pin.where)
    return found


def asked_packages(requirements: Iterable[tuple[str, str]], target: Target) -> set[str]:
    """Return the names of the packages that requirements ask for on a target.

    Raises:
        DevkitError: a requirement is invalid.
    """
    return {canonicalize_name(wanted.name) for wanted, _ in _applicable(requirements, target)}


def _applicable(requirements: Iterable[tuple[str, str]], target: Target) -> Iterator[tuple[Requirement, str]]:
    for text, where in requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise DevkitError(f"{where}: `{text}` is not a requirement: {error}") from None
        if wanted.marker is None or wanted.marker.evaluate({**target.markers, "extra": ""}):
            yield wanted, where


def listed_requirements(inputs: Path) -> list[tuple[str, str]]:
    """Return the packages of a `requirements.in`, for `check_inputs`; empty if the file does not exist."""
    if not inputs.is_file():
        return []
    return [(text, f"{inputs}:{number}") for number, text in _logical_lines(inputs) if not text.startswith("-")]


def _pins(file: Path, target: Target) -> Iterator[Pin]:
    for number, line in _logical_lines(file):
        if line.startswith("--find-links"):  # where pip looks besides; `wheels.fetch` does by itself
            continue
        hashes = frozenset(each.lower() for each in _HASH.findall(line) if each.startswith("sha256:"))
        text = _HASH.sub("", line).strip()
        where = f"{file}:{number}"
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            raise DevkitError(
                f"{where}: `{text}` is not a package with a version, such as `requests==2.34.2`"
            ) from None
        versions = [each.version for each in wanted.specifier if each.operator == "=="]
        if wanted.url or len(wanted.specifier) != 1 or not versions or versions[0].endswith("*"):
            message = f"{where}: `{text}` is not pinned to one version; write it into {INPUTS} and run `make lock`"
            raise DevkitError(message)
        if not hashes:
            raise DevkitError(f"{where}: {wanted.name} has no SHA-256 hash to check it by; run `make lock`")
        if wanted.marker is None or wanted.marker.evaluate({**target.markers, "extra": ""}):
            extras = frozenset(map(canonicalize_name, wanted.extras))
            yield Pin(canonicalize_name(wanted.name), str(Version(versions[0])), hashes, file, number, extras)


def _logical_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield each line, joined with its continuation lines and without comments, and its number."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DevkitError(f"{file} cannot be read: {error}") from None
    parts: list[str] = []
    first = 0
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub("", line).strip()
        first = first if parts else number
        parts.append(text.removesuffix("\\").strip())
        if not text.endswith("\\"):
            if joined := " ".join(part for part in parts if part):
                yield first, joined
            parts = []
    if joined := " ".join(part for part in parts if part):
        yield first, joined
