"""What can be read in a file: text in whatever encoding, the texts in a binary file, the files in an archive."""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNPACKED = 50_000_000  # bytes of a file's archives that are looked into, all of them together; a bomb has more
_DEEPEST = 8  # archives in each other
_STREAMS = 2_000  # that follow each other in a compressed file: what is left of it is copied for each
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Texts in a binary file: ASCII, and the same in UTF-16 and UTF-32, whose other bytes are zero.
_TEXT = re.compile(
    rb"\0{16,}(?=\0\0\0)"  # nothing, and much of it: passed over at once
    rb"|(?P<narrow>[\t\n\r\x20-\x7e]{8,})"
    rb"|(?P<wide>(?:\0\0\0[\t\n\r\x20-\x7e]){8,}|(?:[\t\n\r\x20-\x7e]\0\0\0){8,}"
    rb"|(?:\0[\t\n\r\x20-\x7e]){8,}|(?:[\t\n\r\x20-\x7e]\0){8,})"
)
#: How keys begin in DER: PKCS #1, PKCS #8, that with a password, the form of elliptic curves, PKCS #12; OpenSSH, Java.
_PRIVATE_KEY = re.compile(
    rb"\x30(?:\x82..|\x81.|.)(?:"
    rb"\x02\x01\x00\x02[\x81\x82\x40-\x7f]"
    rb"|\x02\x01[\x00\x01]\x30.{1,3}?\x06[\x03-\x0b]"
    rb"|\x30.{1,3}?\x06[\x09\x0a]\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05|\x0c)(?!\x0d\x02\x02)"
    rb"|\x02\x01\x01\x04[\x1c\x20\x30\x42]"
    rb"|\x02\x01\x03\x30)"
    rb"|openssh-key-v1\0|\xfe\xed\xfe\xed\0\0\0",
    re.DOTALL,
)
#: Archives that nothing in Python's library opens.
_CLOSED = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard"}
_TAR_MAGIC = slice(257, 262), b"ustar"


class Part(NamedTuple):
    """A text of a file.

    Attributes:
        member: where it is in an archive, as a path; empty where the file is none.
        text: what can be read.
        has_lines: it is a text as a whole, and not what can be read of other bytes.
        is_key: it is a private key in a binary form.
        unread: why not everything could be read; empty where it was.
    """

    member: str
    text: str = ""
    has_lines: bool = False
    is_key: bool = False
    unread: str = ""


class _Stream(Protocol):
    """A decompressor of the standard library, of one stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


#: What each kind of compressed file begins with, and what unpacks a stream of it.
_COMPRESSED: dict[bytes, Callable[[], _Stream]] = {
    b"\x1f\x8b\x08": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(memlimit=200_000_000),
}
_DAMAGED = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


def parts(content: bytes) -> Iterator[Part]:
    """Yield the texts of a file's content, those in its archives too.

    An archive that cannot be looked into as a whole (damaged, protected, too large) says so in a part of its own.
    """
    yield from _Reader().parts(content, "", 0)


def is_private_key(content: bytes) -> bool:
    """Return whether bytes begin as a private key does."""
    return _PRIVATE_KEY.match(content) is not None


class _Reader:
    """Reads one file and all that is in it, up to `UNPACKED` bytes of archives."""

    def __init__(self) -> None:
        self._left = UNPACKED

    def parts(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Yield the texts of the content of a file, or of a file in it."""
        if kind := next((kind for magic, kind in _CLOSED.items() if content.startswith(magic)), None):
            yield Part(member, unread=f"{kind} archives cannot be looked into")
        unpack = self._way(content)
        if unpack is None:
            text = _text(content)
            yield Part(member, _texts(content) if text is None else text, text is not None, is_private_key(content))
        elif depth == _DEEPEST:
            yield Part(member, unread=f"more than {_DEEPEST} archives are in each other")
        else:
            yield from unpack(content, member, depth + 1)

    def _way(self, content: bytes) -> Callable[[bytes, str, int], Iterator[Part]] | None:
        """Return what unpacks an archive; None where the content is none."""
        if any(content.startswith(magic) for magic in _COMPRESSED):
            return self._compressed
        place, magic = _TAR_MAGIC
        if content[place] == magic:
            return self._tar
        # Other bytes may precede a zip: those of a program that runs it. What begins as one may have lost its end.
        return self._zip if content.startswith(b"PK\x03\x04") or zipfile.is_zipfile(io.BytesIO(content)) else None

    def _compressed(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        """Unpack streams that follow each other, and read what follows them."""
        pieces = []
        problem = ""
        rest = content
        while make := next((make for magic, make in _COMPRESSED.items() if rest.startswith(magic)), None):
            stream = make()
            try:
                piece = stream.decompress(rest, self._left + 1)
            except _DAMAGED:
                problem = "damaged"
                break
            pieces.append(piece)
            self._left -= len(piece)
            if self._left < 0 or not stream.eof or len(pieces) > _STREAMS:
                problem = "cut off" if self._left >= 0 and not stream.eof else "too large"
                break
            rest = stream.unused_data
        else:
            if rest.strip(b"\0"):  # which archives are padded with
                yield from self.parts(rest, member, depth)
        if not any(pieces):
            # Nothing came out of it: other bytes, that begin as an archive does.
            yield Part(member, _texts(content))
            return
        yield from self.parts(b"".join(pieces), member, depth)
        if problem:
            yield Part(member, _texts(rest), unread=_unread(problem))

    def _zip(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        try:
            archive = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGED:
            yield Part(member, _texts(content), unread=_unread("damaged"))
            return
        with archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
            begin = min((info.header_offset for info in entries), default=len(content))
            around = content[:begin] + b"\n" + archive.comment
            if around.strip():
                yield Part(member, _texts(around))
            for info in entries:
                yield from self._member(partial(archive.open, info), info.filename, member, depth)

    def _tar(self, content: bytes, member: str, depth: int) -> Iterator[Part]:
        try:
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
                for info in archive:
                    if info.isreg():
                        yield from self._member(partial(archive.extractfile, info), info.name, member, depth)
        except _DAMAGED:
            yield Part(member, _texts(content), unread=_unread("damaged"))

    def _member(self, opened: Callable[[], IO[bytes] | None], name: str, member: str, depth: int) -> Iterator[Part]:
        """Read a file of an archive; nothing more once there was too much, which was said."""
        if self._left < 0:
            return
        member = "/".join(filter(None, (member, name)))
        try:
            with opened() or io.BytesIO() as stream:
                inner = stream.read(self._left + 1)
        except RuntimeError:  # what zipfile raises where a password is needed
            yield Part(member, unread=_unread("protected by a password"))
            return
        except _DAMAGED:
            yield Part(member, unread=_unread("damaged"))
            return
        self._left -= len(inner)
        if self._left < 0:
            yield Part(member, unread=_unread("too large"))
            return
        yield from self.parts(inner, member, depth)


def _unread(problem: str) -> str:
    limit = f": more than {UNPACKED // 1_000_000} MB unpacked, or too many pieces" if problem == "too large" else ""
    return f"this archive is {problem}{limit}"


def _text(content: bytes) -> str | None:
    """Return a text in its encoding; None where the file is none."""
    if content.startswith(_UTF_32):  # whose mark begins as that of UTF-16 does
        return content.decode("utf-32", "replace")
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace")
    if b"\0" in content:
        first, second = (content[each:400:2] for each in (0, 1))
        for zeros, others, encoding in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
            if zeros.count(0) > 0.6 * len(zeros) and not others.count(0):
                return content.decode(encoding, "replace")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _texts(content: bytes) -> str:
    """Return what can be read in other bytes, each on a line, and once more without its first character.

    Formats write a length before a text, and that may be a letter by chance.
    """
    found = (match["narrow"] or (match["wide"] or b"").replace(b"\0", b"") for match in _TEXT.finditer(content))
    return "\n".join(f"{text}\n{text[1:]}" for text in (each.decode() for each in found) if text)
