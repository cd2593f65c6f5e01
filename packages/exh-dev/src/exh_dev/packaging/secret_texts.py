"""Decoding for the secret scan: text in UTF-8, UTF-16, UTF-32 or Latin-1, and strings in binary content."""

from __future__ import annotations

import codecs
import re

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Strings in a binary file: ASCII characters, also in UTF-16 and UTF-32, where the other bytes are zero.
_TEXT = re.compile(
    rb"\0{16,}(?=\0\0\0)"  # a long run of zeros, skipped in one match
    rb"|(?P<narrow>[\t\n\r\x20-\x7e]{8,})"
    rb"|(?P<wide>(?:\0\0\0[\t\n\r\x20-\x7e]){8,}|(?:[\t\n\r\x20-\x7e]\0\0\0){8,}"
    rb"|(?:\0[\t\n\r\x20-\x7e]){8,}|(?:[\t\n\r\x20-\x7e]\0){8,})"
)
_AGAIN = 5_000  # characters of a string that are repeated without the first one
_LONG = 4_000_000  # characters from which a text is kept as Latin-1, a byte a character instead of up to four
#: How private keys begin in DER (PKCS #1, PKCS #8, encrypted PKCS #8, SEC 1, PKCS #12), in OpenSSH and Java key stores.
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


def is_private_key(content: bytes) -> bool:
    """Return whether bytes begin like a private key in binary form."""
    return _PRIVATE_KEY.match(content) is not None


def decoded(content: bytes) -> str | None:
    """Return the decoded text; None for binary content."""
    text = _decoded(content)
    if text is not None and len(text) > _LONG and not text.isascii():
        return text.encode("latin-1", "replace").decode("latin-1")
    return text


def _decoded(content: bytes) -> str | None:
    if content.startswith(_UTF_32):  # before UTF-16, whose byte order mark is the beginning of that of UTF-32
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


def texts_in(content: bytes) -> str:
    """Return the strings in binary content, each followed by itself without its first character.

    Many formats write a string's length before it, which may be a letter by coincidence. An empty line separates the
    strings, since a value on the line after a name would count as the value of that name.
    """
    found = bytearray()
    for match in _TEXT.finditer(content):
        if text := match["narrow"] or (match["wide"] or b"").replace(b"\0", b""):
            found += text + b"\n\n" + text[1:_AGAIN] + b"\n\n"
    return found.decode()
