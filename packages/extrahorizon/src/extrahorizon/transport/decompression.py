"""Bodies that come compressed: gzip, and deflate in both of its forms."""

from __future__ import annotations

import zlib
from itertools import chain
from typing import TYPE_CHECKING

from extrahorizon.transport.protocol import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def decompressed(body: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """Yield a body without its Content-Encoding, in pieces of a bounded size however well it was compressed.

    Args:
        body: pieces as they came.
        coding: "gzip", "x-gzip" or "deflate".

    Raises:
        ConnectionResetError: it is damaged, or ends before its compression does.
    """
    decoder: Any = None
    for chunk in chain(body, [b""]):  # the last one asks for what zlib still holds
        rest = chunk
        while rest or (decoder is not None and not decoder.eof):
            if decoder is None or decoder.eof:  # the first member, or another one after it
                if decoder is not None and not (rest := rest.lstrip(b"\0")):  # which gzip files are padded with
                    break
                decoder = _decompressor(coding, rest)
            piece, rest = _inflated(decoder, rest)
            if piece:
                yield piece
            elif not rest:
                break
    if decoder is not None and not decoder.eof:
        raise ConnectionResetError  # the body ends before its compression does


def _decompressor(coding: str, begin: bytes) -> Any:
    # "deflate" is the zlib format (RFC 9110, 8.4.1.2); some servers send the bare stream.
    bare = coding == "deflate" and begin[0] & 0x0F != 0x08
    return zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)


def _inflated(decoder: Any, data: bytes) -> tuple[bytes, bytes]:
    """Return a piece of at most `CHUNK` bytes, and what of the data is still to be read."""
    try:
        piece = decoder.decompress(data, CHUNK)
    except zlib.error:
        raise ConnectionResetError from None
    return piece, decoder.unused_data if decoder.eof else decoder.unconsumed_tail
