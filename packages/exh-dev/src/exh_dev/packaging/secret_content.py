"""What can be read in a file: text in whatever encoding, the texts in a binary file, the files in an archive."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = 20_000_000  # bytes of an archive that are looked into; a bundle has less in all, and a bomb has more
_MEMBERS = 2_000
_DEPTH = 3  # an archive in an archive in an archive
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{8,}")  # in a binary file
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


class Part(NamedTuple):
    """A text of a file.

    Attributes:
        member: where it is in an archive, as a path; empty where the file is none.
        text: what can be read.
        has_lines: it is a text as a whole, and not what can be read of other bytes.
        is_key: it is a private key in a binary form.
    """

    member: str
    text: str
    has_lines: bool
    is_key: bool


def parts(content: bytes, member: str = "", depth: int = 0) -> Iterator[Part]:
    """Yield the texts of a file's content, those in archives too.

    An archive that is damaged, protected or too large is read as a binary file.
    """
    if depth < _DEPTH and (unpacked := _unpacked(content)):
        for name, inner in unpacked:
            yield from parts(inner, "/".join(filter(None, (member, name))), depth + 1)
        return
    text = _text(content)
    yield Part(member, _texts(content) if text is None else text, text is not None, is_private_key(content))


def is_private_key(content: bytes) -> bool:
    """Return whether bytes begin as a private key does."""
    return _PRIVATE_KEY.match(content) is not None


def _text(content: bytes) -> str | None:
    """Return a text in its encoding; None where the file is none."""
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
    return "\n".join(f"{text}\n{text[1:]}" for text in (each.decode() for each in _TEXT.findall(content)))


def _unpacked(content: bytes) -> list[tuple[str, bytes]]:
    """Return the files of an archive; none where it is no archive, or cannot be read."""
    try:
        if content.startswith(b"PK\x03\x04"):
            return _members(content)
        if content.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                return [("", stream.read(UNPACKED))]
        if content.startswith(b"BZh"):
            return [("", bz2.BZ2Decompressor().decompress(content, UNPACKED))]
        if content.startswith(b"\xfd7zXZ\0"):
            return [("", lzma.LZMADecompressor(memlimit=200_000_000).decompress(content, UNPACKED))]
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
    ):
        pass
    return []


def _members(content: bytes) -> list[tuple[str, bytes]]:
    found = []
    left = UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist()[:_MEMBERS]:
            if info.is_dir() or left <= 0:
                continue
            with archive.open(info) as stream:
                inner = stream.read(left)
            left -= len(inner)
            found.append((info.filename, inner))
    return found
