"""OAuth 1.0 signatures written from the text of RFC 5849 alone, to hold the project's and oauthlib's against.

Shares no code with either: section numbers say which sentence each line follows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encode(text: str) -> str:
    """Section 3.6."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def decode(text: str) -> str:
    """Percent-decoding, with + as a space, as in a form-encoded query (section 3.4.1.3.1)."""
    raw = bytearray()
    data = text.replace("+", " ").encode()
    at = 0
    while at < len(data):
        if data[at : at + 1] == b"%":
            raw.append(int(data[at + 1 : at + 3], 16))
            at += 3
        else:
            raw.append(data[at])
            at += 1
    return raw.decode()


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Section 3.4.1.3.1: name and value at the first equals sign; no value is the empty value."""
    pairs = (piece.split("=", 1) for piece in query.split("&") if piece)
    return [(decode(pair[0]), decode(pair[1]) if len(pair) > 1 else "") for pair in pairs]


def signature(method: str, url: str, parameters: dict[str, str], consumer_secret: str, token_secret: str) -> str:
    """Sections 3.4.1 and 3.4.2; `parameters` are the protocol parameters without the signature."""
    match = re.fullmatch(r"(https?)://([^/?]+)([^?]*)(?:\?(.*))?", url, re.DOTALL)
    assert match
    scheme, host, path, query = match.groups()
    host = host.lower().removesuffix(":80" if scheme == "http" else ":443")  # section 3.4.1.2
    pairs = [(encode(name), encode(value)) for name, value in [*query_pairs(query or ""), *parameters.items()]]
    normalized = "&".join(f"{name}={value}" for name, value in sorted(pairs))  # section 3.4.1.3.2
    base = "&".join([method.upper(), encode(f"{scheme}://{host}{path or '/'}"), encode(normalized)])
    key = f"{encode(consumer_secret)}&{encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def header(parameters: dict[str, str]) -> str:
    """Section 3.5.1."""
    return "OAuth " + ", ".join(f'{encode(name)}="{encode(value)}"' for name, value in parameters.items())


def parse_header(value: str | bytes) -> dict[str, str]:
    """The parameters of an Authorization header; requests-oauthlib writes it as bytes."""
    value = value.decode() if isinstance(value, bytes) else value
    return {name: decode(text) for name, text in re.findall(r'(\w+)="([^"]*)"', value)}
