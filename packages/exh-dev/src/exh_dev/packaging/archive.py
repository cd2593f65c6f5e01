"""A zip that is the same, byte for byte, wherever and whenever it is made of the same files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that zip knows
_UNIX = 3
_FILE = 0o644
_PROGRAM = 0o755


def write_zip(folder: Path, path: Path, programs: Collection[str]) -> dict[str, int]:
    """Zip all files of a folder, in a fixed order, with a fixed date and modes.

    Args:
        folder: what to zip.
        path: where to.
        programs: the files that can be executed, by their path in the zip.

    Returns:
        The compressed bytes of each file by its path in the zip.
    """
    sizes = {}
    with ZipFile(path, "w") as archive:
        names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        for name in names:
            file = folder / name
            entry = ZipInfo(name, _DATE)
            entry.create_system = _UNIX
            entry.external_attr = (0o100000 | _mode(name, programs)) << 16
            archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED, compresslevel=9)
            sizes[name] = entry.compress_size
    return sizes


def set_modes(folder: Path, programs: Collection[str]) -> None:
    """Give files and folders the modes of the zip, for those who zip the folder themselves."""
    for path in folder.rglob("*"):
        path.chmod(_PROGRAM if path.is_dir() else _mode(path.relative_to(folder).as_posix(), programs))


def _mode(name: str, programs: Collection[str]) -> int:
    return _PROGRAM if name in programs or ".so" in PurePosixPath(name).suffixes else _FILE
