"""Locks: requirements files in which every package has one version and its hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exh_dev.packaging.target import Target

LOCK = "requirements.txt"
INPUTS = "requirements.in"
_HASH = re.compile(r"\s--hash[= ](\w+:[0-9a-fA-F]+)(?=\s|$)")
_COMMENT = re.compile(r"(^|\s)#.*")


@dataclass(frozen=True)
class Pin:
    """One package of a lock: `name` in its canonical spelling, and the `sha256:…` of each file that is that version."""

    name: str
    version: str
    hashes: frozenset[str]
    file: Path
    line: int

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


def read_locks(files: Iterable[Path], target: Target) -> dict[str, Pin]:
    """The packages that locks name for a target, by name.

    Raises:
        DevkitError: a file is no lock, or two of them have different versions of a package.
    """
    found: dict[str, Pin] = {}
    for file in files:
        for pin in _pins(file, target):
            known = found.setdefault(pin.name, pin)
            if known.version != pin.version:
                raise DevkitError(
                    f"{pin.where}: {pin.name} {pin.version} and {known.where}: {known.name} {known.version} cannot be "
                    "in one bundle; make the locks again with `make lock`"
                )
            if not known.hashes & pin.hashes:
                raise DevkitError(f"{pin.where} and {known.where} have different hashes for {pin.name} {pin.version}")
    return found


def check_inputs(requirements: Iterable[tuple[str, str]], pins: dict[str, Pin], target: Target) -> None:
    """See to it that a lock is one of what is asked for, and not of something older.

    Args:
        requirements: what is asked for, each with where.
        pins: what the lock has.
        target: for which markers such as `python_version < '3.12'` are read.

    Raises:
        DevkitError: the lock lacks something, or has a version that is not wanted any more.
    """
    for text, where in requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise DevkitError(f"{where}: `{text}` is no requirement: {error}") from None
        if wanted.marker and not wanted.marker.evaluate({**target.markers, "extra": ""}):
            continue
        pin = pins.get(canonicalize_name(wanted.name))
        if pin is None:
            raise DevkitError(f"{where}: the lock has no {wanted.name}; make it again with `make lock`")
        if not wanted.specifier.contains(pin.version, prereleases=True):
            raise DevkitError(
                f"{where}: {wanted} is wanted, but {pin.where} has {pin.version}; make the lock again with `make lock`"
            )


def listed_requirements(inputs: Path) -> list[tuple[str, str]]:
    """The packages of a `requirements.in`, for `check_inputs`; none where there is no such file."""
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
            yield Pin(canonicalize_name(wanted.name), str(Version(versions[0])), hashes, file, number)


def _logical_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Lines with those they are continued on, without comments, each with its number."""
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
            if whole := " ".join(part for part in parts if part):
                yield first, whole
            parts = []
    if whole := " ".join(part for part in parts if part):
        yield first, whole
