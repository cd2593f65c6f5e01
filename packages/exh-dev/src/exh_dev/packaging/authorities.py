"""A folder of CA certificates in which OpenSSL looks up the one that it needs, instead of reading all 120 of them.

certifi has them in one file, which takes 15 ms of each cold start over TLS to read. OpenSSL finds a certificate in a
folder by its name: the hash of the certificate's subject, as `openssl rehash` computes it (X509_NAME_hash(3)).

Few machines have that command, `cryptography` does not give the hash, and asn1crypto has had no release since 2022. The
tests compare with the names that OpenSSL itself finds.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where `extrahorizon.transport.certificates` looks for the folder, and what it is made of; both in a bundle.
FOLDER, SOURCE = "extrahorizon/transport/authorities", "certifi/cacert.pem"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_SEQUENCE, _SET, _UTF8, _VERSION = 0x30, 0x31, 0x0C, 0xA0  # tags of ASN.1 (X.690)
_ISSUER_AND_VALIDITY = 4  # serial number, algorithm, issuer and validity come before the subject
#: The types of strings that count as the same text, by their tags, and how they are encoded.
_ENCODINGS = {
    _UTF8: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


class _Value(NamedTuple):
    """A value in DER: its tag, what it holds, and all of it."""

    tag: int
    content: bytes
    der: bytes


@cache
def authorities(text: str) -> dict[str, bytes]:
    """Return the certificates of certifi's file by the names that OpenSSL looks for in a folder.

    Raises:
        DevkitError: the file holds something else than certificates.
    """
    found: dict[str, bytes] = {}
    for pem in _certificates(text):
        try:
            name = subject_hash(ssl.PEM_cert_to_DER_cert(pem))
        except (ValueError, IndexError):
            raise DevkitError(
                f"{SOURCE} contains something that is not a certificate: is the package certifi damaged?"
            ) from None
        number = next(number for number in range(len(found) + 1) if f"{name}.{number}" not in found)
        found[f"{name}.{number}"] = pem.encode("ascii")
    return found


def subject_hash(certificate: bytes) -> str:
    """Return what OpenSSL looks a certificate up by: eight hexadecimal digits.

    Args:
        certificate: in DER.

    Raises:
        ValueError: it is none.
    """
    (value,) = _values(certificate)
    to_be_signed, *_ = _values(value.content)
    fields = [each for each in _values(to_be_signed.content) if each.tag != _VERSION]
    subject = fields[_ISSUER_AND_VALIDITY]
    canonical = b"".join(_canonical_set(each) for each in _values(subject.content))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _certificates(text: str) -> Iterator[str]:
    for part in text.split(_BEGIN)[1:]:
        encoded = base64.b64decode(part.partition(_END)[0])
        yield ssl.DER_cert_to_PEM_cert(encoded)


def _canonical_set(names: _Value) -> bytes:
    entries = []
    for each in _values(names.content):
        kind, value = _values(each.content)
        entries.append(_encoded(_SEQUENCE, kind.der + _canonical_text(value)))
    return _encoded(_SET, b"".join(sorted(entries)))


def _canonical_text(value: _Value) -> bytes:
    """Return a string in lower case and with single spaces, in UTF-8; another value as it is."""
    if value.tag not in _ENCODINGS:
        return value.der
    text = value.content.decode(_ENCODINGS[value.tag]).encode()
    return _encoded(_UTF8, b" ".join(text.split()).lower())


def _values(data: bytes) -> Iterator[_Value]:
    at = 0
    while at < len(data):
        start, size = at, data[at + 1]
        at += 2
        if size & 0x80:  # the length takes more than one byte
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError("a value that ends before its length")
        yield _Value(data[start], data[at : at + size], data[start : at + size])
        at += size


def _encoded(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content
