"""Compressed data: gzip, bzip2, xz, and the format that came before xz."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 65_536  # bytes that are unpacked at once: what came out of those before a damaged one is kept
_MEMORY = 200_000_000  # bytes that xz may take to unpack
_STREAMS = 2_000  # that follow each other in a compressed file
_BROKEN = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
TOO_LARGE = "too large"


class _Stream(Protocol):
    """A decompressor of the standard library, of one stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, max_length: int, /) -> bytes: ...


_GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_HAS_MORE, _HAS_NAME = 4, 8  # flags in its header
#: How each kind of stream begins, in bytes that nothing else has by chance, and what unpacks it.
_KINDS: tuple[tuple[re.Pattern[bytes], Callable[[], _Stream]], ...] = (
    (_GZIP, lambda: zlib.decompressobj(wbits=31)),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), bz2.BZ2Decompressor),
    (re.compile(rb"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
)
#: How a file of the format before xz usually begins, which has no magic: its settings, a round number, a size or none.
_ALONE = re.compile(
    rb"\x5d(?:\0[\x10\x18\x20\x30\x40\x60\x80\xc0]\0\0|\0\0[\1\2\3\4\6\x08\x0c\x10\x18\x20\x30\x40\x60\x80\xc0]\0"
    rb"|\0\0\0[\1\2\3\4\6\x08\x0c\x10\x18\x20\x30\x40]|\xff{4})(?:\xff{8}|.{5}\0{3})\0",
    re.DOTALL,
)


class Unpacked(NamedTuple):
    """What compressed data holds.

    Attributes:
        content: what was unpacked.
        names: of the files that were compressed, where gzip notes them.
        rest: what follows; where there is a problem, the stream that has it and all after it.
        problem: why not everything could be unpacked; empty where it was.
    """

    content: bytes
    names: tuple[str, ...]
    rest: bytes
    problem: str


def is_compressed(content: bytes) -> bool:
    """Return whether bytes begin as compressed data, and as nothing else, does."""
    return _kind(content, 0) is not None


def may_be_compressed(content: bytes) -> bool:
    """Return whether bytes begin as compressed data does in a format without a magic: other bytes may too."""
    return _ALONE.match(content) is not None


def unpack(content: bytes, limit: int) -> Unpacked:
    """Unpack streams that follow each other.

    Args:
        content: what is compressed.
        limit: bytes that come out at most; one more is a problem.
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
    """Unpack one stream, and return where it ends, and why it cannot be unpacked: then where it begins."""
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
    """Return the name of the file that was compressed, where a stream of gzip has it: after the fixed part of its
    header and, where there is one, a field with a length of its own.
    """
    if not _GZIP.match(content, begin) or not content[begin + 3] & _HAS_NAME:
        return ""
    name = begin + 10
    if content[begin + 3] & _HAS_MORE:
        name += 2 + int.from_bytes(content[name : name + 2], "little")
    return content[name : max(name, content.find(b"\0", name, name + 1_000))].decode("latin-1")
