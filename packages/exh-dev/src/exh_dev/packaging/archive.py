"""Reproducible zip files: the same input gives the same bytes on any machine at any time."""

from __future__ import annotations

import os
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from exh_dev.packaging.content import Content
    from exh_dev.packaging.kept import Kept

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date that zip supports
_UNIX = 3  # who made the entry, in the ZIP format: then its mode is kept
_FILE = 0o644
_PROGRAM = 0o755
_LEVEL = 9  # built once, loaded at each cold start


class _Deflated(NamedTuple):
    data: bytes
    crc: int


class Archivist:
    """Writes zips; what was compressed before is not compressed again."""

    def __init__(self, kept: Kept) -> None:
        """Reuse compressed data of earlier builds from `kept`."""
        self._kept = kept
        self._known: dict[bytes, _Deflated] = {}
        self._how = f"deflated {_LEVEL} {zlib.ZLIB_RUNTIME_VERSION}"

    def write(self, files: Mapping[str, Content], path: Path, programs: Collection[str]) -> dict[str, int]:
        """Zip files in a fixed order, with a fixed date and modes.

        Args:
            files: what to zip, by its path in the zip.
            path: where to.
            programs: the files that can be executed.

        Returns:
            The compressed bytes of each file.
        """
        sizes = {}
        with ZipFile(path, "w") as archive:
            if archive.fp is None:
                raise ValueError("the zip is closed")
            for name in sorted(files):
                entry = ZipInfo(name, _DATE)
                entry.create_system = _UNIX
                entry.external_attr = (0o100000 | _mode(name, programs)) << 16
                entry.compress_type = ZIP_DEFLATED
                deflated = self._deflated(files[name])
                entry.file_size, entry.compress_size = len(files[name].data), len(deflated.data)
                entry.CRC = deflated.crc
                entry.header_offset = archive.fp.tell()
                archive.fp.write(entry.FileHeader())
                archive.fp.write(deflated.data)
                archive.filelist.append(entry)
                archive.NameToInfo[name] = entry
                archive.start_dir = archive.fp.tell()
                sizes[name] = entry.compress_size
        return sizes

    def _deflated(self, content: Content) -> _Deflated:
        if (known := self._known.get(content.digest)) is not None:
            return known
        kept = self._kept.get(self._how, content.digest)
        if kept is None:
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            data = packer.compress(content.data) + packer.flush()
            kept = self._kept.put(zlib.crc32(content.data).to_bytes(4, "big") + data, self._how, content.digest)
        found = self._known[content.digest] = _Deflated(kept[4:], int.from_bytes(kept[:4], "big"))
        return found


def write_folder(files: Mapping[str, Content], folder: Path, programs: Collection[str]) -> None:
    """Write the files of a zip with its modes, for tools that zip the folder themselves."""
    made: set[Path] = set()
    for name, content in files.items():
        path = folder / name
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        mode = _mode(name, programs)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(content.data)
            os.fchmod(descriptor, mode)
    for each in {parent for path in made for parent in (path, *path.parents) if folder in (parent, *parent.parents)}:
        each.chmod(_PROGRAM)


def _mode(name: str, programs: Collection[str]) -> int:
    return _PROGRAM if name in programs or ".so" in PurePosixPath(name).suffixes else _FILE
