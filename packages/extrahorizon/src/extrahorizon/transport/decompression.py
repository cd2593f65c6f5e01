"""Decompression of response bodies: gzip, and deflate with and without the zlib header."""

from __future__ import annotations

import zlib
from itertools import chain
from typing import TYPE_CHECKING

from extrahorizon.transport.protocol import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def decompressed(body: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """Yield the decompressed body, in pieces of at most `CHUNK` bytes, so that a decompression bomb stays harmless.

    Args:
        body: pieces as they arrived.
        coding: "gzip", "x-gzip" or "deflate".

    Raises:
        ConnectionResetError: the compressed data is damaged, or ends too early.
    """
    decoder: Any = None
    for chunk in chain(body, [b""]):  # the empty one flushes the output that zlib still holds
        rest = chunk
        while rest or (decoder is not None and not decoder.eof):
            if decoder is None or decoder.eof:  # the first gzip member, or another one after it
                if decoder is not None and not (rest := rest.lstrip(b"\0")):  # gzip files may be padded with zeros
                    break
                decoder = _decompressor(coding, rest)
            piece, rest = _inflated(decoder, rest)
            if piece:
                yield piece
            elif not rest:
                break
    if decoder is not None and not decoder.eof:
        raise ConnectionResetError  # the compressed data ends too early


def _decompressor(coding: str, begin: bytes) -> Any:
    # "deflate" means the zlib format (RFC 9110, 8.4.1.2), but some servers send it without the zlib header.
    bare = coding == "deflate" and begin[0] & 0x0F != 0x08
    return zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)


def _inflated(decoder: Any, data: bytes) -> tuple[bytes, bytes]:
    """Return at most `CHUNK` decompressed bytes, and the rest of `data` that is still to be decompressed."""
    try:
        piece = decoder.decompress(data, CHUNK)
    except zlib.error:
        raise ConnectionResetError from None
    return piece, decoder.unused_data if decoder.eof else decoder.unconsumed_tail
