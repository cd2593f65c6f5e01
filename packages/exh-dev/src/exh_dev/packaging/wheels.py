"""The packages of a lock as wheels for a target: fetched by pip, checked by their hashes, and unpacked.

pip finds and downloads them, `packaging` knows names, tags and markers. uv would be a second way beside pip, which must
do alone where uv has no wheel; it has no platform of glibc 2.26 either, that of Python 3.11 on Lambda. Nor are wheels
installed into a folder (`--target`): a bundle is zipped from memory, and its bill of materials has the wheels' hashes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from email import message_from_string
from email.utils import getaddresses
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from exh_dev.errors import DevkitError
from exh_dev.packaging.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from email.message import Message

    from packaging.tags import Tag

    from exh_dev.packaging.locks import Pin
    from exh_dev.packaging.target import Target

WHEELS = "wheels"
"""A project's own folder of wheels that no index has."""
#: Packages in Lambda's Python runtime, which bundles therefore omit.
PROVIDED = frozenset({"boto3", "botocore", "s3transfer"})
_NOT_NEEDED = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
_PATIENCE = 600  # seconds for a download
_NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")
_NO_VERSIONS = "(from versions: none)"
#: What pip's log says of an index that does not answer, refuses, or is one that pip does not trust. One that only lacks
#: the package answers 404.
_UNREACHABLE = re.compile(
    r"Could not fetch URL \S+: (?!404 )(.+?) - skipping|(located at \S+ is not a trusted or secure host)"
)
_EXECUTABLE = 0o111
_LINES_QUOTED = 6  # lines of pip's output in an error
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Wheel:
    """A package's wheel for a target, verified by hash, with the requested extras."""

    pin: Pin
    path: Path
    extras: frozenset[str] = field(default=frozenset(), compare=False)

    @cached_property
    def metadata(self) -> Message:
        """Return the package's metadata.

        Raises:
            DevkitError: it is not a wheel.
        """
        try:
            with ZipFile(self.path) as archive:
                name = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
                return message_from_string(archive.read(name).decode(errors="replace"))
        except (BadZipFile, StopIteration):
            raise DevkitError(f"{self.path.name} is not a wheel, although its hash matches") from None

    def needs(self, target: Target, *extras: str) -> list[Requirement]:
        """Return its dependencies on a target, with some of its extras or without.

        Args:
            target: the target.
            extras: their names; an empty name for unconditional dependencies.

        Raises:
            DevkitError: a requirement is invalid.
        """
        try:
            found = [Requirement(text) for text in self.metadata.get_all("Requires-Dist", [])]
        except InvalidRequirement as error:
            reason = str(error).partition("\n")[0]
            raise DevkitError(
                f"{self.path.name} names what it needs in a way that is no standard, so take another version: {reason}"
            ) from None
        markers = [{**target.markers, "extra": extra} for extra in extras or ("",)]
        return [need for need in found if need.marker is None or any(map(need.marker.evaluate, markers))]

    @property
    def provided_extras(self) -> frozenset[str]:
        """The extras that it has, in their canonical spelling."""
        return frozenset(map(canonicalize_name, self.metadata.get_all("Provides-Extra", [])))

    @property
    def author(self) -> str:
        """Return the name of its author or maintainer; empty if it has none."""
        for role in ("Author", "Maintainer"):
            addresses = getaddresses(self.metadata.get_all(f"{role}-email", []))
            names = (self.metadata.get(role), ", ".join(name for name, _ in addresses if name))
            if found := next((each for each in names if each), ""):
                return " ".join(found.split())
        return ""

    @cached_property
    def sha256(self) -> str:
        """The digest in hexadecimal."""
        return _sha256(self.path)

    @property
    def is_native(self) -> bool:
        """Return whether it contains code for one kind of machine."""
        return not self.path.stem.endswith("-any")

    @cached_property
    def programs(self) -> set[str]:
        """The installed paths of its executable files."""
        with ZipFile(self.path) as archive:
            found = [entry.filename for entry in archive.infolist() if entry.external_attr >> 16 & _EXECUTABLE]
        return {str(_place(name)) for name in found}

    def contents(self, excluded: Iterable[str] = ()) -> dict[str, Content]:
        """Return its modules and data by installed path, without those that match `excluded`.

        Commands, headers and the list of installed files are left out too.

        Raises:
            DevkitError: a file would be installed elsewhere.
        """
        found = {}
        with ZipFile(self.path) as archive:
            for entry in archive.infolist():
                inner = _place(entry.filename)
                if entry.is_dir() or inner is None or any(fnmatch(str(inner), pattern) for pattern in excluded):
                    continue
                if inner.is_absolute() or ".." in inner.parts:
                    raise DevkitError(f"{self.path.name} holds {entry.filename}, which is outside of it")
                found[str(inner)] = Content.of(archive.read(entry))
        return found


def fetch(pins: Mapping[str, Pin], target: Target, cache: Path, folder: Path) -> list[Wheel]:
    """Return the wheels of pinned packages by name, from `cache` if possible. Hashes are always verified.

    pip downloads the others with the user's configuration: indexes, proxies and `PIP_FIND_LINKS` apply.

    Args:
        pins: the packages.
        target: the bundle's target.
        cache: the folder of wheels kept between builds.
        folder: the project's own folder of wheels, which pip searches too; it need not exist.

    Raises:
        DevkitError: a package has no wheel for the target, or its hash does not match the lock.
    """
    wanted = {name: pin for name, pin in pins.items() if name not in PROVIDED}
    found = _cached(wanted, target, cache)
    missing = [pin for name, pin in wanted.items() if name not in found]
    if missing:
        _download(missing, target, cache, folder)
        found = _cached(wanted, target, cache)
    for name, pin in wanted.items():
        if name not in found:
            raise DevkitError(_no_wheel(f"{pin.name}=={pin.version}", target))
    return [found[name] for name in sorted(found)]


def _cached(pins: Mapping[str, Pin], target: Target, cache: Path) -> dict[str, Wheel]:
    ranks = {tag: rank for rank, tag in enumerate(target.tags)}
    best: dict[str, tuple[int, Wheel]] = {}
    for path in sorted(cache.glob("*.whl")):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:  # put there by hand
            continue
        pin = pins.get(name)
        rank = _rank(tags, ranks)
        if pin is None or rank is None or version != Version(pin.version):
            continue
        if (name not in best or rank < best[name][0]) and f"sha256:{_sha256(path)}" in pin.hashes:
            best[name] = (rank, Wheel(pin, path))
    return {name: wheel for name, (_, wheel) in best.items()}


def _rank(tags: Iterable[Tag], ranks: Mapping[Tag, int]) -> int | None:
    found = [ranks[tag] for tag in tags if tag in ranks]
    return min(found) if found else None


def _download(pins: Iterable[Pin], target: Target, cache: Path, own: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as scratch:
        folder = Path(scratch)
        lines = (
            f"{pin.name}=={pin.version} {' '.join(f'--hash={each}' for each in sorted(pin.hashes))}" for pin in pins
        )
        (folder / "wanted.txt").write_text("\n".join(lines), encoding="utf-8")
        platforms = [option for platform in target.platforms for option in ("--platform", platform)]
        version = ".".join(map(str, target.version))
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--implementation=cp", f"--python-version={version}"]
        command += [*platforms, "--requirement", str(folder / "wanted.txt"), "--dest", scratch]
        log = folder / "pip.log"  # where pip says why it passed over an index, whatever else it is set up to say
        command += ["--log", str(log)]
        if own.is_dir():
            command += ["--find-links", str(own)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_PATIENCE, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise DevkitError(f"pip downloaded for {_PATIENCE} s without an end; is there a network?") from None
        if done.returncode != 0:
            logged = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
            said = done.stderr.strip() or done.stdout  # the rest of pip's message lists its options
            raise DevkitError(_explained(said, logged, target))
        for path in folder.glob("*.whl"):
            shutil.move(path, cache / path.name)


def _explained(stderr: str, log: str, target: Target) -> str:
    """Return an explanation of pip's failure, with what to do."""
    if "DO NOT MATCH THE HASHES" in stderr:
        hashes = " ".join(line.strip() for line in stderr.splitlines() if re.search(r"==|Expected|Got", line))
        return (
            "a downloaded package is not the one that was locked, so nothing was built. If its release was replaced, "
            f"refresh the lock with `make lock`; if not, find out who changed it: {_URL.sub('', hashes)}"
        )
    found = _NOT_FOUND.search(stderr)
    if found and _NO_VERSIONS in stderr and (why := _UNREACHABLE.search(log)):
        reason = _URL.sub("", why[1] or f"the one {why[2]}").removesuffix(" for url: ")
        return (
            f"the package index cannot be reached, so {found[1]} could not be downloaded: {reason}. Look at the "
            "network, the proxy, and the index that pip is set up for (`pip config list`). What an earlier build has "
            "fetched needs no network: it is kept in .exh-dev/wheels"
        )
    if found:
        return f"{_no_wheel(found[1], target)}. pip said: {_pip_message(stderr)}"
    return f"pip could not download the packages of the lock: {_pip_message(stderr)}"


def _pip_message(stderr: str) -> str:
    lines = stderr.strip().splitlines()
    if "ERROR: Exception:" in lines:  # pip itself failed: what follows is its traceback, and why comes last
        return lines[-1]
    errors = [line.strip() for line in lines if line.startswith("ERROR") or "No module named" in line]
    return " ".join((errors or lines)[-_LINES_QUOTED:])


def _no_wheel(package: str, target: Target) -> str:
    return (
        f"no wheel of {package} for {target} was found, and bundles contain only wheels, because Lambda cannot compile "
        "packages. Choose a version that has one, another --runtime, or build the wheel yourself, put its "
        "hash into the lock and its folder into PIP_FIND_LINKS"
    )


def _place(name: str) -> PurePosixPath | None:
    """Return where a file of a wheel is installed; None if not among the modules."""
    first, *rest = PurePosixPath(name).parts or ("",)
    if first.endswith(".data"):
        if len(rest) < 2 or rest[0] not in ("purelib", "platlib"):
            return None
        return PurePosixPath(*rest[1:])
    if first.endswith(".dist-info") and rest and (rest[-1] in _NOT_NEEDED):
        return None
    return PurePosixPath(name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
