"""The Authorization header: the parameters of RFC 5849 in their order, each with the value it has to have."""

import re

from extrahorizon.oauth1 import OAuth1Signer


def test_the_header_has_the_parameters_of_the_protocol_with_time_and_nonce():
    signer = OAuth1Signer("key", "secret", "tok en", "token secret", nonce=lambda: "n1", clock=lambda: 1_700_000_000.9)
    header = signer.authorization("GET", "https://api.acme.io/users/v1/me?b=2&a=1")
    assert re.sub(r'oauth_signature="[^"]+"', 'oauth_signature="…"', header) == (
        'OAuth oauth_consumer_key="key", oauth_nonce="n1", oauth_signature="…", oauth_signature_method="HMAC-SHA1", '
        'oauth_timestamp="1700000000", oauth_token="tok%20en", oauth_version="1.0"'
    )


def test_an_application_alone_has_no_token_in_its_header():
    assert "oauth_token" not in OAuth1Signer("key", "secret").authorization("GET", "https://api.acme.io/")
