"""The project's configuration as a platform has stored it: what an empty platform begins with, instead of being told
everything again.

An image of the store is kept in the data directory under a hash of all that the configuration is read from and of the
toolkit itself. It is taken before anything runs on the platform.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import exh_dev
from exh_dev.errors import DevkitError
from exh_dev.project.configuration.repository import folders
from exh_dev.project.configuration.retried_errors import check_retried_errors
from exh_dev.project.project import ENV_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exh_dev.project.project import Project

_FOLDER = "configured"
_MOST = 4  # images that are kept, the latest
_FILES = ("repo-config.json", "dispatchers.json", "service-settings.json")
_VARIABLE = re.compile(rb"\$\{?([A-Za-z_]\w*)")
_SUM = 32  # bytes of the digest before an image


@dataclass(frozen=True)
class Configured:
    """What a project's configuration is on an empty platform.

    Attributes:
        path: where its image is, or is to be kept; None where nothing is to be kept.
        image: what a platform begins with; None where that is nothing, or is not known.
        is_known: whether a platform that begins with `image` has all of the configuration.
    """

    path: Path | None
    image: bytes | None
    is_known: bool

    def keep(self, image: bytes) -> None:
        """Keep the image of a platform that has been brought to the configuration, and nothing else."""
        if self.path is None:
            return
        with suppress(OSError):  # it is read and sent again then
            self.path.parent.parent.mkdir(mode=0o700, exist_ok=True)
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            unfinished = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(hashlib.sha256(image).digest() + image)
            unfinished.replace(self.path)
            others = sorted(self.path.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            for old in others[:-_MOST]:
                old.unlink(missing_ok=True)


def configured(project: Project) -> Configured:
    """Look up what an empty platform has of a project's configuration."""
    try:
        places = folders(project.root, [])
    except (DevkitError, OSError):
        return Configured(None, None, is_known=False)
    files = sorted({*_files(project.root, places.values())})
    try:
        if check_retried_errors(project.root, project.functions):  # in the code, which is not among the files
            return Configured(None, None, is_known=False)
        path = project.data_dir / _FOLDER / _key(project, files)
    except (DevkitError, OSError):
        return Configured(None, None, is_known=False)
    image = None
    with suppress(OSError):
        kept = path.read_bytes()
        if hashlib.sha256(kept[_SUM:]).digest() == kept[:_SUM]:
            os.utime(path)
            image = kept[_SUM:]
    return Configured(path, image, is_known=image is not None)


def _files(root: Path, places: Iterable[Iterable[Path]]) -> Iterator[Path]:
    yield from (root / name for name in _FILES if (root / name).exists())
    for folder in (each for place in places for each in place):
        yield from (path for path in folder.rglob("*") if path.is_file())


def _key(project: Project, files: Iterable[Path]) -> str:
    """Return a hash of the files, of the variables that they name, of the manifest, of the toolkit and of Python."""
    about = (exh_dev.__version__, _toolkit(), sys.version, sqlite3.sqlite_version)  # what reads an image another way
    digest = hashlib.sha256("\0".join(about).encode())
    names: set[bytes] = set()
    for path in (project.manifest.path, project.root / ENV_FILE, *files):
        content = path.read_bytes() if path.exists() else b""
        names.update(_VARIABLE.findall(content))
        digest.update(f"{path}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    variables = project.variables()
    for name in sorted(each.decode() for each in names):
        digest.update(f"{name}={variables.get(name)!r}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _toolkit() -> str:
    """Return what tells one state of the toolkit's code from another, which changes without its
    version in a checkout.
    """
    found = []
    for folder, _, names in os.walk(Path(exh_dev.__file__).parent):
        for name in names:
            if name.endswith(".py"):
                about = os.stat(os.path.join(folder, name))  # noqa: PTH118, PTH116 - hundreds of files, at each command
                found.append((name, about.st_size, about.st_mtime_ns))
    return repr(sorted(found))
