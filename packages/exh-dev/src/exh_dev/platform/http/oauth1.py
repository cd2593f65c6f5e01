"""Verification of OAuth1 signatures (RFC 5849, HMAC-SHA1 in the Authorization header), as the gateway does it.

Checked in this order, all HTTP 401: consumer key (107), token (108), timestamp (109), signature (109), replay (110).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from urllib.request import parse_http_list

from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.timestamps import iso
from extrahorizon.oauth1 import parse_query, signature_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.platform.storage.store import Document, Store

_LONGEST_TIMESTAMP = 12  # digits
WINDOW = 300  # seconds a timestamp may be off, either way
_SWEEP = 30  # seconds between two times at which expired nonces are dropped
_NOTED_EVERY = 60  # seconds between two writes of when a token was used
_SIGNATURE = "oauth_signature"
_QUOTED = re.compile(r'"[^"]*"')
_PAIR = re.compile(r'(oauth_[a-z_]+)="([A-Za-z0-9\-._~%]*)"')
_USUAL = re.compile(rf"OAuth {_PAIR.pattern}(, ?{_PAIR.pattern})*")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*")
_PROTOCOL_PARAMETER = re.compile(r"oauth_[a-z_]+")


@dataclass(frozen=True)
class Caller:
    """The sender of a request: an application, and a user if a token was sent."""

    application_id: str
    user_id: str | None


@dataclass(frozen=True)
class SignedRequest:
    """The signed parts of a request.

    Attributes:
        authorization: the Authorization header, starting with `OAuth`.
        method: HTTP method.
        url: scheme, host and path as sent, without the query.
        query: the raw query string, without its question mark.
    """

    authorization: str
    method: str
    url: str
    query: str


class OAuth1Verifier:
    """Verifies signatures, raising the platform's `ErrorAnswer`."""

    def __init__(self, store: Store, *, clock: Callable[[], float], skew: Callable[[], float] = lambda: 0.0) -> None:
        """Verify with the keys and tokens in `store`.

        Args:
            store: the store of keys, tokens and secrets.
            clock: returns the time in epoch seconds.
            skew: seconds added to the clock when checking timestamps.
        """
        self._store = store
        self._clock = clock
        self._skew = skew
        # By timestamp: digests of nonces, a tenth of the memory of the strings; and until when the timestamp is good.
        self._seen: dict[int, tuple[set[bytes], float]] = {}
        self._swept = clock()

    def verify(self, request: SignedRequest) -> Caller:
        """Return the caller who signed this request.

        Raises:
            ErrorAnswer: 107 to 110.
        """
        protocol = _usual_parameters(request)
        if protocol is None:
            protocol = _protocol_parameters(request.authorization)
            _check_once(request)
        consumer_key = protocol.get("oauth_consumer_key", "")
        version = self._known("application_versions", "consumerKey", consumer_key)
        if version is None:
            raise ErrorAnswer(107, "The consumer key is unknown")
        token = self._token(protocol, version["applicationId"])
        timestamp, until = self._timestamp(protocol.get("oauth_timestamp", ""))
        _check_signature(request, protocol, version["consumerSecret"], token["tokenSecret"] if token else None)
        nonce = (consumer_key, protocol.get("oauth_token", ""), protocol.get("oauth_nonce", ""))
        self._check_replay(timestamp, until, nonce)
        if token:
            self._note_use(token)
        return Caller(version["applicationId"], token["userId"] if token else None)

    def _token(self, protocol: dict[str, str], application_id: str) -> Document | None:
        if not protocol.get("oauth_token"):  # two-legged: the application alone
            return None
        token = self._known("oauth1_tokens", "token", protocol["oauth_token"])
        if token is None or token["applicationId"] != application_id:
            raise ErrorAnswer(108, "The token is unknown for this consumer key")
        return token

    def _known(self, collection: str, member: str, value: str) -> Document | None:
        key = (collection, member, value)
        return self._store.remembered(key, lambda: self._store.one(collection, member, value), collection)

    def _note_use(self, token: Document) -> None:
        """Write down that a token was used: now and then, for most calls are reads and a write costs more."""
        now = self._clock()
        if token.get("lastUsedTimestamp", "") <= iso(now - _NOTED_EVERY):
            self._store.put("oauth1_tokens", {**token, "lastUsedTimestamp": iso(now)})

    def _timestamp(self, text: str) -> tuple[int, float]:
        """Return a timestamp, and until when by the clock it is good, with the skew of this request or without it."""
        plausible = text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP
        skew = self._skew()  # which a fault rule sets for some requests alone
        if not plausible or abs(self._clock() + skew - int(text)) > WINDOW:
            raise ErrorAnswer(109, "The timestamp is missing, invalid, too old or in the future")
        return int(text), int(text) + WINDOW - min(skew, 0.0)

    def _check_replay(self, timestamp: int, until: float, nonce: tuple[str, str, str]) -> None:
        if not nonce[-1]:
            raise ErrorAnswer(109, "The nonce is missing")
        digest = hashlib.blake2b(ascii(nonce).encode(), digest_size=12).digest()
        seen, before = self._seen.get(timestamp, (set(), 0.0))
        if digest in seen:
            raise ErrorAnswer(110, "A request with this nonce and timestamp was received before")
        seen.add(digest)
        self._seen[timestamp] = seen, max(until, before)
        self._forget_expired()

    def _forget_expired(self) -> None:
        # After the check: its timestamp was good when it was checked, and may not be any more.
        now = self._clock()
        if now - self._swept > _SWEEP:
            self._seen = {timestamp: each for timestamp, each in self._seen.items() if each[1] >= now}
            self._swept = now


def _check_signature(
    request: SignedRequest, protocol: dict[str, str], consumer_secret: str, token_secret: str | None
) -> None:
    if protocol.get("oauth_signature_method") != "HMAC-SHA1" or protocol.get("oauth_version", "1.0") != "1.0":
        raise ErrorAnswer(109, "The signature method must be HMAC-SHA1, the version 1.0")
    signed = sorted((_encoded(name), _encoded(value)) for name, value in protocol.items() if name != _SIGNATURE)
    try:
        base = signature_base(request.method, f"{request.url}?{request.query}", signed)
    except ValueError:  # the URL cannot be one that was signed
        base = ""
    key = f"{_encoded(consumer_secret)}&{_encoded(token_secret or '')}"
    expected = base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1))
    genuine = base and hmac.compare_digest(expected, protocol.get(_SIGNATURE, "").encode())
    if not genuine:
        raise ErrorAnswer(109, "The signature is not the one expected for this request")


def _encoded(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def _usual_parameters(request: SignedRequest) -> dict[str, str] | None:
    """Return the parameters of an Authorization header in the form that clients usually write.

    Return None for any other header, or with OAuth parameters in the query: those need the slower parser.
    """
    if "oauth_" in unquote(request.query) or not _USUAL.fullmatch(request.authorization):
        return None
    pairs = _PAIR.findall(request.authorization)
    found = {name: unquote(value) if "%" in value else value for name, value in pairs}
    return found if len(found) == len(pairs) else None


def _protocol_parameters(authorization: str) -> dict[str, str]:
    try:
        pairs = parse_authorization_header(authorization)
    except ValueError:
        raise ErrorAnswer(109, "The Authorization header is malformed") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name == "realm":
            continue
        if not _PROTOCOL_PARAMETER.fullmatch(name):
            raise ErrorAnswer(109, "The Authorization header is malformed")
        parameters[name] = unquote(value)
    return parameters


def _check_once(request: SignedRequest) -> None:
    """Refuse duplicate protocol parameters in header and query (RFC 5849, 3.2), and unquoted values (3.5.1).

    Parsers differ in which duplicate they use.
    """
    # oauthlib's parser returns the last one of a name, and takes values without quotation marks, too.
    items = [item.partition("=") for item in parse_http_list(request.authorization[len("OAuth ") :])]
    if any(not _QUOTED.fullmatch(value.strip()) for _, _, value in items):
        raise ErrorAnswer(109, "The Authorization header is malformed: each value must be quoted")
    names = [name for name, _, _ in items]
    names += [name for name, _ in parse_query(request.query) if _PROTOCOL_PARAMETER.fullmatch(name)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ErrorAnswer(109, f"{twice} comes more than once")
