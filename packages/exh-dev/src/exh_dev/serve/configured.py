"""Cached images of the platform's storage with the project's configuration.

An empty platform starts from an image instead of loading the configuration again. An image is stored in the data
directory under a hash of the configuration's files and of the toolkit. It is taken before anything runs there.
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
    """The cached image of a project's configuration.

    Attributes:
        path: path of the image; None to store none.
        image: the image; None if there is none.
        is_known: whether `image` contains the complete configuration.
    """

    path: Path | None
    image: bytes | None
    is_known: bool

    def keep(self, image: bytes) -> None:
        """Store the image of a platform that has only the configuration."""
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
    """Look up the image of a project's configuration."""
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
    """Return a fingerprint of the toolkit's code, which in a checkout changes without its version."""
    found = []
    for folder, _, names in os.walk(Path(exh_dev.__file__).parent):
        for name in names:
            if name.endswith(".py"):
                about = os.stat(os.path.join(folder, name))  # noqa: PTH118, PTH116 - hundreds of files, at each command
                found.append((name, about.st_size, about.st_mtime_ns))
    return repr(sorted(found))
