"""The code of an uploaded function: a zip file in base64, unpacked into a folder of its own."""

from __future__ import annotations

import base64
import binascii
import io
import shutil
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from pathlib import Path

MOST_ZIPPED = 10 * 1024 * 1024  # bytes
MOST_UNPACKED = 64 * 1024 * 1024
MOST_ENTRIES = 5_000
_PIECE = 64 * 1024
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1  # a bit of an entry's flags


def unpack(code: str, folder: Path) -> None:
    """Unpack `code` into `folder`, which must not exist yet and does not if this fails.

    File modes are kept, with read and write permission for the owner.

    Raises:
        ErrorAnswer: 1401 when it is not a zip in base64, is empty or too large, or contains anything except files and
            folders below its root.
    """
    if len(code) > MOST_ZIPPED * 4 / 3 + 4:
        raise _refused(f"is larger than {MOST_ZIPPED:,} bytes")
    try:
        zipped = base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        raise _refused("is not base64") from None
    if len(zipped) > MOST_ZIPPED:
        raise _refused(f"is larger than {MOST_ZIPPED:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            entries = _checked(archive.infolist())
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir()
            left = MOST_UNPACKED
            for entry in entries:
                left -= _unpack_entry(archive, entry, folder, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _refused(f"is not a zip file that can be read: {error}") from None
    except (OSError, ValueError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise _refused(f"holds a path that cannot be written: {reason}") from None
    except ErrorAnswer:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _checked(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if not any(not entry.is_dir() for entry in entries):
        raise _refused("is an empty zip file")
    if len(entries) > MOST_ENTRIES:
        raise _refused(f"holds more than {MOST_ENTRIES:,} files and folders")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise _refused(f"is larger than {MOST_UNPACKED:,} bytes when unpacked")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise _refused(f"holds {entry.filename!r}, which is neither a file nor a folder")
        if entry.flag_bits & _ENCRYPTED:
            raise _refused("is encrypted")
        if entry.compress_type not in _COMPRESSIONS:  # LZMA may ask for gigabytes
            raise _refused("is compressed in another way than deflate")
        steps = entry.filename.removesuffix("/").split("/")
        if any(step in {"", ".", ".."} or "\\" in step for step in steps) or _names_a_drive(steps[0]):
            raise _refused(f"holds {entry.filename!r}, a path that is not below its root")
    return entries


def _names_a_drive(step: str) -> bool:
    return len(step) > 1 and step[1] == ":"


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, most: int) -> int:
    """Write one entry and return its size, counted while it is unpacked: the size in the archive may be wrong."""
    target = folder.joinpath(*entry.filename.removesuffix("/").split("/"))
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("xb") as file:  # x: not twice the same path
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > most:
                raise _refused(f"is larger than {MOST_UNPACKED:,} bytes when unpacked")
            file.write(piece)
    if mode := stat.S_IMODE(entry.external_attr >> 16):
        target.chmod(mode & 0o777 | stat.S_IRUSR | stat.S_IWUSR)
    return size


def _refused(reason: str) -> ErrorAnswer:
    return ErrorAnswer(1401, f"The function's code {reason}")
