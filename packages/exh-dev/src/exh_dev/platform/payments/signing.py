"""Keys shared between the platform and its local Stripe and stores, and their signatures.

Stripe signs the bytes of an event with HMAC-SHA256 and the endpoint's secret, and sends `Stripe-Signature:
t=SECONDS,v1=HEX` (docs.stripe.com/webhooks). A local store signs JWS in compact form (RFC 7515) with HS256. The real
stores' keys are not available, so these signatures are valid only here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.platform.storage.store import Store

#: Seconds that the time of Stripe's signature may be off, as in Stripe's own libraries.
TOLERANCE = 300

_KEYS = "payment_keys"


class ForgedError(ValueError):
    """The signature is missing or wrong."""


def signing_key(store: Store, name: str, prefix: str = "") -> str:
    """Return the key of this name, generated on first use and stored."""
    known = store.get(_KEYS, name)
    if known is None:
        known = {"id": name, "key": prefix + secrets.token_hex(24)}
        store.put(_KEYS, known)
    return str(known["key"])


def stripe_signature(payload: bytes, key: str, *, now: float) -> str:
    """Return the header `Stripe-Signature` for an event, sent at `now` in epoch seconds."""
    return f"t={int(now)},v1={_stripe_mac(payload, key, str(int(now)))}"


def check_stripe_signature(payload: bytes, header: str, key: str, *, now: float) -> None:
    """Check that an event was signed with `key` within the `TOLERANCE` of `now`, in epoch seconds.

    Raises:
        ForgedError: it was not.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        raise ForgedError("it has no time")
    expected = _stripe_mac(payload, key, timestamp)
    if not any(name == "v1" and hmac.compare_digest(value.encode(), expected.encode()) for name, _, value in parts):
        raise ForgedError("it was not made with the secret of this endpoint for this body")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise ForgedError(f"it was made more than {TOLERANCE} seconds from now")


def jws(claims: Mapping[str, Any], key: str) -> str:
    """Return the claims as a signed JWS."""
    signed = f"{_HEADER}.{_encoded(_json(claims))}"
    return f"{signed}.{_jws_mac(signed, key)}"


def claims_of(token: str, key: str) -> dict[str, Any]:
    """Return what a JWS says.

    Raises:
        ForgedError: it is none, or was not signed with this key.
    """
    signed, _, mac = token.rpartition(".")
    header, _, body = signed.partition(".")
    # The header is compared, not read: a signature of another algorithm, or of none, is no signature here.
    if header != _HEADER or not hmac.compare_digest(mac.encode(), _jws_mac(signed, key).encode()):
        raise ForgedError("it was not signed by the local store")
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


_HEADER = _encoded(_json({"alg": "HS256", "typ": "JWT"}))


def _jws_mac(signed: str, key: str) -> str:
    return _encoded(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))


def _stripe_mac(payload: bytes, key: str, timestamp: str) -> str:
    return hmac.new(key.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256).hexdigest()
