"""The Authorization header: the parameters of RFC 5849 in their order, each with the value it has to have."""

import re

import pytest
from rfc5849 import parse_header, signature

from extrahorizon.oauth1 import OAuth1Signer, parse_query


def test_the_header_has_the_parameters_of_the_protocol_with_time_and_nonce():
    signer = OAuth1Signer("key", "secret", "tok en", "token secret", nonce=lambda: "n1", clock=lambda: 1_700_000_000.9)
    header = signer.authorization("GET", "https://api.acme.io/users/v1/me?b=2&a=1")
    assert re.sub(r'oauth_signature="[^"]+"', 'oauth_signature="…"', header) == (
        'OAuth oauth_consumer_key="key", oauth_nonce="n1", oauth_signature="…", oauth_signature_method="HMAC-SHA1", '
        'oauth_timestamp="1700000000", oauth_token="tok%20en", oauth_version="1.0"'
    )


def test_an_application_alone_has_no_token_in_its_header():
    header = OAuth1Signer("key", "secret").authorization("GET", "https://api.acme.io/")
    sent = parse_header(header)
    assert "oauth_token" not in sent
    assert sent.pop("oauth_signature") == signature("GET", "https://api.acme.io/", sent, "secret", "")


@pytest.mark.parametrize(
    ("called", "signed", "same"),
    [
        ("http://localhost:80/x", "http://localhost/x", True),
        ("https://API.acme.io:443/x", "https://api.acme.io/x", True),
        ("https://api.acme.io:80/x", "https://api.acme.io/x", False),
        ("https://api.acme.io?a=1", "https://api.acme.io/?a=1", True),
    ],
)
def test_the_default_port_of_a_scheme_is_not_signed_and_no_path_is_the_root(called, signed, same):
    signer = OAuth1Signer("key", "secret", nonce=lambda: "n1", clock=lambda: 1_700_000_000)
    assert (signer.authorization("GET", called) == signer.authorization("GET", signed)) is same


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("a=%FF%41", [("a", "%FF%41")]),
        ("a=%zz%41&b=%41", [("a", "%zz%41"), ("b", "A")]),
        ("a=b=c&=d", [("a", "b=c"), ("", "d")]),
        ("a[b]=c]=d=e", [("a[b]", "c]=d=e")]),
        ("a[b=c]=d", [("a[b=c]", "d")]),
    ],
)
def test_a_query_is_signed_as_the_platforms_url_parser_reads_it(query, pairs):
    """Invalid escapes are signed as they are, and brackets are part of a name, or the signature would be refused."""
    assert parse_query(query) == pairs
