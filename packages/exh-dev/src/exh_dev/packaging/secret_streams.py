"""Decompression for the secret scan: gzip, bzip2, xz and the older LZMA format (`.lzma`)."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 65_536  # bytes of input at a time: output before a damaged piece is kept
_MEMORY = 200_000_000  # bytes of memory that the xz decompressor may use
_STREAMS = 2_000  # consecutive streams in a compressed file
_BROKEN = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
TOO_LARGE = "too large"


class _Stream(Protocol):
    """A decompressor of the standard library, for one stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, max_length: int, /) -> bytes: ...


_GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_HAS_MORE, _HAS_NAME = 4, 8  # the flags FEXTRA and FNAME in the gzip header (RFC 1952, 2.3.1)
#: Magic bytes of each format, long enough to exclude a coincidence, and its decompressor.
_KINDS: tuple[tuple[re.Pattern[bytes], Callable[[], _Stream]], ...] = (
    (_GZIP, lambda: zlib.decompressobj(wbits=31)),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), bz2.BZ2Decompressor),
    (re.compile(rb"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
)
#: Usual header of the LZMA format, which has no magic bytes: properties, a round dictionary size, a size or -1.
_ALONE = re.compile(
    rb"\x5d(?:\0[\x10\x18\x20\x30\x40\x60\x80\xc0]\0\0|\0\0[\1\2\3\4\6\x08\x0c\x10\x18\x20\x30\x40\x60\x80\xc0]\0"
    rb"|\0\0\0[\1\2\3\4\6\x08\x0c\x10\x18\x20\x30\x40]|\xff{4})(?:\xff{8}|.{5}\0{3})\0",
    re.DOTALL,
)


class Unpacked(NamedTuple):
    """The result of decompression.

    Attributes:
        content: decompressed bytes.
        names: names of the original files, where gzip stores them.
        rest: input after the last complete stream; where there is a problem, from the beginning of its stream.
        problem: why a part could not be decompressed; empty if all of it was.
    """

    content: bytes
    names: tuple[str, ...]
    rest: bytes
    problem: str


def is_compressed(content: bytes) -> bool:
    """Return whether bytes begin with the magic bytes of a compressed format."""
    return _kind(content, 0) is not None


def may_be_compressed(content: bytes) -> bool:
    """Return whether bytes begin like the LZMA format, which has no magic bytes: other content may begin so, too."""
    return _ALONE.match(content) is not None


def unpack(content: bytes, limit: int) -> Unpacked:
    """Decompress consecutive streams.

    Args:
        content: compressed bytes.
        limit: maximum of decompressed bytes; more is a problem in the result.
    """
    out = bytearray()
    names = []
    position = streams = 0
    problem = ""
    make: Callable[[], _Stream] | None = _kind(content, 0) or _alone
    while make is not None and not problem:
        names.append(_stored_name(content, position))
        position, problem = _unpack(make(), memoryview(content), position, out, limit)
        streams += 1
        make = _kind(content, position)
        if streams == _STREAMS and make is not None:
            problem = problem or f"{TOO_LARGE}: more than {_STREAMS:,} compressed streams"
    return Unpacked(bytes(out), tuple(filter(None, names)), content[position:], problem)


def _alone() -> _Stream:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, _MEMORY)


def _kind(content: bytes, begin: int) -> Callable[[], _Stream] | None:
    return next((make for magic, make in _KINDS if magic.match(content, begin)), None)


def _unpack(stream: _Stream, content: memoryview, begin: int, out: bytearray, limit: int) -> tuple[int, str]:
    """Decompress one stream into `out`. Return where it ends and "", or else where it begins and the problem."""
    position = begin
    while not stream.eof:
        piece = content[position : position + _PIECE]
        position += len(piece)
        if not piece:
            return begin, "cut off"
        try:
            out += stream.decompress(piece, limit - len(out) + 1)
        except _BROKEN:
            return begin, "damaged"
        if len(out) > limit:
            return begin, TOO_LARGE
    return position - len(stream.unused_data), ""


def _stored_name(content: bytes, begin: int) -> str:
    """Return the original file name in a gzip header (RFC 1952, 2.3), after its fixed part and its extra field."""
    if not _GZIP.match(content, begin) or not content[begin + 3] & _HAS_NAME:
        return ""
    name = begin + 10
    if content[begin + 3] & _HAS_MORE:
        name += 2 + int.from_bytes(content[name : name + 2], "little")
    return content[name : max(name, content.find(b"\0", name, name + 1_000))].decode("latin-1")
