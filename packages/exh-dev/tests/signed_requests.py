"""Requests signed as RFC 5849 says, and the refusals of those that are not."""

from __future__ import annotations

import pytest
from rfc5849 import header, signature

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.oauth1 import SignedRequest

NOW = 1_700_000_000
URL = "http://localhost:8420/data/v1/s/documents"


UNKNOWN_KEY = (107, "OAUTH_KEY_EXCEPTION", "The consumer key is unknown")
UNKNOWN_TOKEN = (108, "OAUTH_TOKEN_EXCEPTION", "The token is unknown for this consumer key")
REPLAYED = (110, "DUPLICATE_REQUEST_EXCEPTION", "A request with this nonce and timestamp was received before")


def unsigned(message):
    return 109, "OAUTH_SIGNATURE_EXCEPTION", message


BAD_TIMESTAMP = unsigned("The timestamp is missing, invalid, too old or in the future")
NO_NONCE = unsigned("The nonce is missing")
BAD_METHOD = unsigned("The signature method must be HMAC-SHA1, the version 1.0")
BAD_SIGNATURE = unsigned("The signature is not the one expected for this request")
MALFORMED = unsigned("The Authorization header is malformed")
UNQUOTED = unsigned("The Authorization header is malformed: each value must be quoted")


def parameters(known, **changes):
    every = {
        "oauth_consumer_key": known.consumer_key,
        "oauth_token": known.token,
        "oauth_nonce": "0123456789abcdefghijABCDEFGHIJ01",  # 32 characters, as the official SDK sends
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(NOW),
        "oauth_version": "1.0",
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def signed(known, *, method="GET", url=URL, query="", consumer_secret=None, token_secret=None, **changes):
    sent = parameters(known, **changes)
    secrets = (consumer_secret or known.consumer_secret, known.token_secret if token_secret is None else token_secret)
    sent["oauth_signature"] = changes.get("oauth_signature") or signature(method, f"{url}?{query}", sent, *secrets)
    return SignedRequest(header(sent), method, url, query)


def refusal(verifier, request):
    """Return code, name and message of the refused request."""
    with pytest.raises(ErrorAnswer) as raised:
        verifier.verify(request)
    assert raised.value.status == 401
    return tuple(raised.value.body[member] for member in ("code", "name", "message"))
