"""ID tokens of OpenID Connect: signed by the local provider, verified for any provider.

A JWS in compact form (RFC 7515) with HS256, whose key is the client's secret, or with RS256, whose keys the provider
publishes (RFC 7518, sections 3.2 and 3.3). RSA is only used to verify, which needs no private key. By hand, because
PyJWT and its like need `cryptography` for it: 15 MB in each project. The tests sign with that.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.bodies import parse_json
from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HS256, RS256 = "HS256", "RS256"
#: DER prefix of the hash in an RSA signature with SHA-256 (RFC 8017, section 9.2, note 1).
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_MODULUS_BITS = range(2048, 16_385)  # RFC 7518, section 3.3, asks for 2048 at least
_MOST_EXPONENT_BITS = 64  # 65537 is usual; a longer one makes each check slow


class IdTokenError(ValueError):
    """The ID token is none, or not for this client, or not valid now."""


@dataclass(frozen=True)
class IdToken:
    """A parsed ID token; untrusted until `check_signature` succeeds.

    Attributes:
        algorithm: its claimed signature algorithm.
        key_id: its claimed key of the provider; None if missing.
        claims: its claims.
    """

    algorithm: str
    key_id: Any
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def read(cls, text: str) -> IdToken:
        """Parse a token.

        Raises:
            IdTokenError: it is not a JWS.
        """
        signed, _, signature = text.rpartition(".")
        header, _, body = signed.partition(".")
        parameters, claims = _object(header), _object(body)
        try:
            return cls(str(parameters.get("alg")), parameters.get("kid"), claims, signed.encode(), _decoded(signature))
        except ValueError:
            raise _no_token() from None

    def check_signature(self, *, secret: str, keys: Iterable[Mapping[str, Any]]) -> None:
        """Check that the provider signed a token.

        Args:
            secret: the client secret, for HS256.
            keys: the JSON Web Keys (RFC 7517) of the provider, for RS256.

        Raises:
            IdTokenError: the signature is wrong, or the algorithm is not supported.
        """
        if self.algorithm == HS256:
            verified = hmac.compare_digest(self.signature, _mac(self.signed, secret))
        elif self.algorithm == RS256:
            verified = any(_is_signed(self, key) for key in keys if _may_be(key, self.key_id))
        else:
            raise IdTokenError(f"it is signed with {self.algorithm[:20]}, and {HS256} and {RS256} are verified here")
        if not verified:
            raise IdTokenError("its signature is not one of the provider's")

    def check_claims(self, *, issuer: str, client_id: str, now: float) -> str:
        """Return the subject of a token that is for this client and valid `now`, in epoch seconds (OpenID Connect
        Core 1.0, section 3.1.3.7).

        Raises:
            IdTokenError: it is not.
        """
        claims = self.claims
        audience = claims.get("aud")
        if claims.get("iss") != issuer:
            raise IdTokenError("its issuer (iss) is not the issuerId of the provider")
        if client_id not in (audience if isinstance(audience, list) else [audience]):
            raise IdTokenError("its audience (aud) is not the clientId of the provider")
        if claims.get("azp", client_id) != client_id:
            raise IdTokenError("it is for another client (azp)")
        expiry = claims.get("exp")
        if isinstance(expiry, bool) or not isinstance(expiry, int | float) or expiry <= now:
            raise IdTokenError("it has expired (exp)")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise IdTokenError("it has no subject (sub)")
        return subject


def signed_with(secret: str, claims: Mapping[str, Any]) -> str:
    """Return an ID token that is signed with HS256 and the secret of the client."""
    signed = ".".join(_encoded(_json(part)) for part in ({"alg": HS256, "typ": "JWT"}, claims))
    return f"{signed}.{_encoded(_mac(signed.encode(), secret))}"


def _may_be(key: Mapping[str, Any], key_id: Any) -> bool:
    return key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key_id in (None, key.get("kid"))


def _is_signed(token: IdToken, key: Mapping[str, Any]) -> bool:
    """Verify RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2): compute the expected encoded message and compare."""
    try:
        modulus, exponent = (int.from_bytes(_decoded(key[name])) for name in ("n", "e"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    size = (modulus.bit_length() + 7) // 8
    value = int.from_bytes(token.signature)
    if modulus.bit_length() not in _MODULUS_BITS or exponent.bit_length() > _MOST_EXPONENT_BITS:
        return False
    if len(token.signature) != size or value >= modulus:
        return False
    info = _DIGEST_INFO + hashlib.sha256(token.signed).digest()
    padding = b"\xff" * (size - len(info) - 3)
    return hmac.compare_digest(pow(value, exponent, modulus).to_bytes(size), b"\0\1" + padding + b"\0" + info)


def _object(part: str) -> dict[str, Any]:
    """Return what a part of a token says."""
    try:
        value = parse_json(_decoded(part))
    except (ValueError, ErrorAnswer):
        raise _no_token() from None
    if not isinstance(value, dict):
        raise _no_token()
    return value


def _no_token() -> IdTokenError:
    return IdTokenError("it is not a signed JSON Web Token")


def _mac(signed: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed, hashlib.sha256)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Decode base64url without padding. Raises ValueError for other strings."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
