"""Text extraction for the secret scan: from text files, from strings in binary files, and from files in archives."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from lzma import LZMAError
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.packaging.secret_streams import TOO_LARGE, is_compressed, may_be_compressed, unpack
from exh_dev.packaging.secret_texts import decoded, is_private_key, texts_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNPACKED = 50_000_000  # bytes unpacked for one file, from all of its archives: a limit for decompression bombs
_FILES = 50_000  # files read from all archives of one file
_DEEPEST = 8  # archives nested in, or following, each other
#: Formats that the standard library cannot open, by their magic bytes.
_CLOSED = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard"}
_TAR_MAGIC = slice(257, 262), b"ustar"
_TAR_SUM = slice(148, 156)  # checksum of the header, in octal digits
_ZIP_END = 22  # bytes of the end record, without the comment that follows it


class Part(NamedTuple):
    """Text from a file, or from a file in an archive.

    Attributes:
        member: path in the archive; empty for the file itself.
        text: the text, or the strings found in binary content.
        has_lines: the content is text, and not binary.
        is_key: the content is a private key in binary form.
        unread: why a part could not be read; empty if all of it was.
    """

    member: str
    text: str = ""
    has_lines: bool = False
    is_key: bool = False
    unread: str = ""


_DAMAGED = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


def parts(content: bytes) -> Iterator[Part]:
    """Yield the text of a file's content and, for archives, of the files in it.

    An archive that cannot be read completely (damaged, protected, too large) adds a part with the reason in `unread`.
    """
    yield from _Reader().parts(content, "", 0)


class _Reader:
    """A reader of one file and its archives, up to `UNPACKED` bytes and `_FILES` files."""

    def __init__(self) -> None:
        self._left = UNPACKED
        self._files_left = _FILES

    def parts(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Yield the text of the file's content, or of a file in its archives."""
        if kind := next((kind for magic, kind in _CLOSED.items() if content.startswith(magic)), None):
            yield Part(member, unread=f"{kind} archives are not supported")
        unpack = self._way(content)
        if unpack is None:
            yield _plain(content, member)
        elif self._left < 0:
            return  # the part that exceeded the limit has reported it
        elif depth == _DEEPEST:
            yield Part(member, unread=f"more than {_DEEPEST} archives are nested in, or follow, each other")
        else:
            yield from unpack(content, member, depth + 1)

    def _way(self, content: bytes) -> Callable[[bytes, str, int], Iterator[Part]] | None:
        """Return the method that unpacks an archive; None for other content."""
        if is_compressed(content):
            return self._compressed
        if may_be_compressed(content):
            return self._maybe_compressed
        if _is_tar(content):
            return self._tar
        # is_zipfile looks for the end record, which a truncated zip lacks; the start may be another program's, as in a
        # self-extracting archive.
        return self._zip if content.startswith(b"PK\x03\x04") or zipfile.is_zipfile(io.BytesIO(content)) else None

    def _compressed(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Unpack consecutive compressed streams, and read the bytes after them."""
        found = unpack(content, self._left)
        self._left -= len(found.content)
        yield from (Part(_path(member, name)) for name in found.names)
        inner = self.parts(found.content, member, depth)
        if found.problem:
            # An archive in it is cut off by the same problem, which is reported once.
            yield from (part._replace(unread="") for part in inner)
            yield Part(member, texts_in(found.rest), unread=_unread(found.problem))
            return
        yield from inner
        if rest := found.rest.lstrip(b"\0"):  # archives may be padded with zeros
            yield from self.parts(rest, member, depth)

    def _maybe_compressed(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Read the bytes both as they are and, in case they are compressed, unpacked."""
        yield _plain(content, member)
        found = unpack(content, self._left)
        self._left -= len(found.content)
        if found.problem.startswith(TOO_LARGE):
            yield Part(member, unread=_unread(found.problem))
        elif found.problem:
            yield _plain(found.content, member)
        else:
            yield from self.parts(found.content, member, depth)
            yield from self.parts(found.rest.lstrip(b"\0"), member, depth)

    def _zip(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        self._files_left -= content.count(b"PK\x01\x02")  # entries of the central directory
        if self._files_left < 0:
            yield self._too_many_files(member)
            return
        try:
            archive = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGED:
            yield Part(member, texts_in(content), unread=_unread("damaged"))
            return
        with archive:
            entries = archive.infolist()
            begin = max(0, min([archive.start_dir, *(info.header_offset for info in entries)]))
            end = content.rfind(b"PK\x05\x06") + _ZIP_END + len(archive.comment)
            for around in (content[:begin], content[end:]):
                if more := around.lstrip(b"\0"):
                    yield from self.parts(more, member, depth)
            comments = b"\n".join([archive.comment, *(info.comment for info in entries)])
            if comments.strip():
                yield Part(member, texts_in(comments))
            for info in entries:
                if not info.is_dir() or info.file_size:
                    yield from self._zipped(archive, info, member, depth)

    def _zipped(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: str, depth: int) -> Iterator[Part]:
        """Read a file of a zip; nothing once the limit is exceeded, which was reported."""
        if self._left < 0:
            return
        member = _path(member, info.filename)
        try:
            with archive.open(info) as stream:
                inner = stream.read(self._left + 1)
        except _DAMAGED:
            yield Part(member, unread=_unread("damaged"))
            return
        except RuntimeError:  # raised by zipfile where a password is needed
            yield Part(member, unread=_unread("protected by a password"))
            return
        self._left -= len(inner)
        if self._left < 0:
            yield Part(member, unread=_unread(TOO_LARGE))
            return
        yield from self.parts(inner, member, depth)

    def _tar(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Read the files of a tar and the bytes after its end; all of these were counted where the tar was unpacked."""
        end = 0
        is_complete = False
        try:
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:", errors="replace") as archive:
                for info in archive:
                    self._files_left -= 1
                    if self._files_left < 0:
                        yield self._too_many_files(member)
                    if self._left < 0:
                        return
                    end = archive.offset
                    is_as_it_is = info.isreg() and not info.issparse()
                    inner = content[info.offset_data : info.offset_data + info.size if is_as_it_is else end]
                    if info.isreg() or inner:
                        yield from self.parts(inner, _path(member, info.name), depth)
            # The loop also ends at an invalid header, without an error; a complete tar ends with a block of zeros.
            is_complete = content[end : end + tarfile.BLOCKSIZE] == bytes(tarfile.BLOCKSIZE)
        except _DAMAGED:
            pass  # reported below, after what came before the damage
        if not is_complete:
            yield Part(member, texts_in(content[end:]), unread=_unread("damaged"))
        elif rest := content[end:].lstrip(b"\0"):
            yield from self.parts(rest, member, depth)

    def _too_many_files(self, member: str) -> Part:
        self._left = -1
        return Part(member, unread=_unread(f"{TOO_LARGE}: more than {_FILES:,} files"))


def _plain(content: bytes, member: str) -> Part:
    text = decoded(content)
    return Part(member, texts_in(content) if text is None else text, text is not None, is_private_key(content))


def _path(*members: str) -> str:
    return "/".join(filter(None, members))


def _is_tar(content: bytes) -> bool:
    """Return whether bytes begin like a tar: with its magic or, in the old format, a header with a valid checksum."""
    place, magic = _TAR_MAGIC
    if content[place] == magic:
        return True
    if not content[_TAR_SUM].strip(b" \0").isdigit():
        return False
    try:
        tarfile.TarInfo.frombuf(content[: tarfile.BLOCKSIZE], "utf-8", "replace")
    except tarfile.TarError:
        return False
    return True


def _unread(problem: str) -> str:
    limit = f": more than {UNPACKED // 1_000_000} MB unpacked" if problem == TOO_LARGE else ""
    return f"this archive is {problem}{limit}"
