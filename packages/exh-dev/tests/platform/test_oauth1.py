import re
import time
from dataclasses import replace

import oauthlib.oauth1
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_oauthlib import OAuth1Session
from rfc5849 import encode, header, signature
from signed_requests import (
    BAD_METHOD,
    BAD_SIGNATURE,
    BAD_TIMESTAMP,
    MALFORMED,
    NOW,
    UNKNOWN_KEY,
    UNKNOWN_TOKEN,
    UNQUOTED,
    URL,
    parameters,
    refusal,
    signed,
    unsigned,
)

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.oauth1 import WINDOW, OAuth1Verifier, SignedRequest
from extrahorizon.oauth1 import parse_query

# What must be accepted


def test_the_example_of_rfc_5849_section_1_2(store):
    store.put(
        "application_versions",
        {"id": "v", "applicationId": "photos", "consumerKey": "dpf43f3p2l4k3l03", "consumerSecret": "kd94hf93k423kf44"},
    )
    store.put(
        "oauth1_tokens",
        {
            "id": "t",
            "applicationId": "photos",
            "userId": "jane",
            "token": "nnch734d00sl2jdk",
            "tokenSecret": "pfkkdhi9sl3r4s00",
        },
    )
    authorization = (
        'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", '
        'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"'
    )
    verifier = OAuth1Verifier(store, clock=lambda: 137131202)
    query = "file=vacation.jpg&size=original"
    request = SignedRequest(authorization, "GET", "http://photos.example.net/photos", query)
    assert verifier.verify(request).user_id == "jane"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "eq(name,a)&limit(1)",
        "eq(email,a%2540b.c)&select(id,name)&sort(-name)",
        "eq(data.a.b,c=d)",
        "gt(a,1)&gt(a,1)",
        "a=b+c%20d",
        "timestamp>=2021-12-10T23:30:00.000Z",
        "timestamp%3E=2021-12-10T23%3A30%3A00.000Z",
        "%65q(name,%61)",
        "x=%C3%BC&y=%F0%9D%84%9E",
        "a&&b",
    ],
)
def test_every_way_to_write_a_query_is_accepted(verifier, known, query):
    caller = verifier.verify(signed(known, query=query))
    assert (caller.user_id, caller.application_id) == (known.user_id, known.application_id)


@pytest.mark.parametrize(
    ("called", "signed_for"),
    [
        ("http://localhost:80/x", "http://localhost/x"),
        ("https://api.acme.io:443/x", "https://api.acme.io/x"),
        ("HTTP://LocalHost:8420/x", "http://localhost:8420/x"),
        ("http://localhost:8420/caf%C3%A9/%2F", "http://localhost:8420/caf%C3%A9/%2F"),
        ("http://localhost:8420/a;", "http://localhost:8420/a;"),
    ],
)
def test_host_case_and_default_ports_do_not_matter(verifier, known, called, signed_for):
    request = signed(known, url=signed_for)
    assert verifier.verify(SignedRequest(request.authorization, "GET", called, "")).user_id == known.user_id


def test_the_version_is_optional_and_the_header_may_be_written_tightly(verifier, known):
    request = signed(known, oauth_version=None)
    tight = SignedRequest(request.authorization.replace(", ", ","), "GET", URL, "")
    assert verifier.verify(tight).user_id == known.user_id


def test_without_a_token_the_application_alone_is_known(verifier, known):
    caller = verifier.verify(signed(known, oauth_token=None, token_secret=""))
    assert (caller.application_id, caller.user_id) == (known.application_id, None)


@pytest.mark.slow
@given(query=st.text(st.characters(codec="utf-8")).map(encode), nonce=st.text('aZ09-._~ /&=%+"é', min_size=1))
@settings(max_examples=50)
def test_what_oauthlib_signs_is_accepted(store, known, query, nonce):
    verifier = OAuth1Verifier(store, clock=lambda: NOW)
    client = oauthlib.oauth1.Client(
        known.consumer_key,
        client_secret=known.consumer_secret,
        resource_owner_key=known.token,
        resource_owner_secret=known.token_secret,
        nonce=nonce,
        timestamp=str(NOW),
    )
    url, headers, _ = client.sign(f"{URL}?eq(name,{query})", http_method="PUT")
    request = SignedRequest(headers["Authorization"], "PUT", URL, url.partition("?")[2])
    assert verifier.verify(request).user_id == known.user_id


@given(query=st.text(st.characters(codec="utf-8")).map(encode))
@settings(max_examples=50)
def test_what_this_accepts_oauthlib_would_have_signed_the_same(known, query):
    client = oauthlib.oauth1.Client(known.consumer_key, client_secret=known.consumer_secret, nonce="n", timestamp="1")
    _, headers, _ = client.sign(f"{URL}?x={query}")
    theirs = re.search('oauth_signature="([^"]+)"', headers["Authorization"]).group(1)
    sent = parameters(known, oauth_token=None, oauth_nonce="n", oauth_timestamp="1")
    assert encode(signature("GET", f"{URL}?x={query}", sent, known.consumer_secret, "")) == theirs


# What must be refused, and in which order


def test_an_unknown_consumer_key_is_107_before_anything_else(verifier, known):
    request = signed(known, oauth_consumer_key="other", oauth_token="other", oauth_timestamp="1")
    assert refusal(verifier, request) == UNKNOWN_KEY
    assert refusal(verifier, signed(known, oauth_consumer_key=None)) == UNKNOWN_KEY


def test_an_unknown_token_is_108_before_the_timestamp(verifier, known):
    assert refusal(verifier, signed(known, oauth_token="other", oauth_timestamp="1")) == UNKNOWN_TOKEN


def test_the_token_of_another_application_is_108(verifier, known, store):
    store.put("oauth1_tokens", {"id": "o", "applicationId": "other", "userId": "u", "token": "ot", "tokenSecret": "os"})
    assert refusal(verifier, signed(known, oauth_token="ot", token_secret="os")) == UNKNOWN_TOKEN


@pytest.mark.parametrize(
    "timestamp",
    [None, "", "soon", "-1", "1e9", "²", "9" * 400, "9" * 5000, str(NOW - WINDOW - 1), str(NOW + WINDOW + 1)],
)
def test_a_timestamp_that_is_missing_invalid_old_or_ahead_is_109(verifier, known, timestamp):
    assert refusal(verifier, signed(known, oauth_timestamp=timestamp)) == BAD_TIMESTAMP


@pytest.mark.parametrize("offset", [-WINDOW, WINDOW])
def test_the_edges_of_the_window_are_inside(verifier, known, offset):
    assert verifier.verify(signed(known, oauth_timestamp=str(NOW + offset)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"consumer_secret": "wrong"}, BAD_SIGNATURE),
        ({"token_secret": "wrong"}, BAD_SIGNATURE),
        ({"oauth_signature": "bm90IGl0"}, BAD_SIGNATURE),
        ({"oauth_signature_method": "PLAINTEXT"}, BAD_METHOD),
        ({"oauth_signature_method": "HMAC-SHA256"}, BAD_METHOD),
        ({"oauth_signature_method": None}, BAD_METHOD),
        ({"oauth_version": "2.0"}, BAD_METHOD),
    ],
)
def test_a_wrong_signature_is_109(verifier, known, change, reason):
    assert refusal(verifier, signed(known, **change)) == reason


def test_a_request_without_a_signature_is_109(verifier, known):
    request = signed(known)
    without = re.sub(', oauth_signature="[^"]*"', "", request.authorization)
    assert refusal(verifier, replace(request, authorization=without)) == BAD_SIGNATURE


@pytest.mark.parametrize(
    ("method", "url", "query"),
    [
        ("POST", URL, "eq(a,b)"),
        ("GET", URL + "x", "eq(a,b)"),
        ("GET", URL.replace("8420", "8421"), "eq(a,b)"),
        ("GET", URL.replace("http:", "https:"), "eq(a,b)"),
        ("GET", URL, "eq(a,c)"),
        ("GET", URL, "eq(a,b)&limit(1)"),
        ("GET", URL, "eq(a,b)="),
        ("GET", URL, ""),
        ("GET", "http://[/data/v1", "eq(a,b)"),  # no URL
    ],
)
def test_any_change_on_the_way_is_109_except_an_empty_value_spelled_out(verifier, known, method, url, query):
    request = signed(known, query="eq(a,b)")
    changed = SignedRequest(request.authorization, method, url, query)
    if query == "eq(a,b)=":  # a name with an empty value, the same parameter
        assert verifier.verify(changed)
    else:
        assert refusal(verifier, changed) == BAD_SIGNATURE


NAMES = ["consumer_key", "token", "nonce", "signature_method", "timestamp", "version", "signature"]


@pytest.mark.parametrize(
    ("name", "same", "first"),
    [
        *((name, False, True) for name in NAMES),
        *(("token", *each) for each in ((False, False), (True, True), (True, False))),
    ],
)
def test_a_parameter_that_comes_twice_is_refused_by_name(verifier, known, name, same, first):
    """RFC 5849, 3.2: else two readers of the header could each take another one."""
    request = signed(known)
    head, _, rest = request.authorization.partition(" ")
    value = re.search(f'oauth_{name}="([^"]*)"', rest)[1] if same else "another"
    again = f'oauth_{name}="{value}"'
    authorization = f"{head} {again}, {rest}" if first else f"{head} {rest}, {again}"
    twice = unsigned(f"oauth_{name} comes more than once")
    assert refusal(verifier, SignedRequest(authorization, "GET", URL, "")) == twice
    assert verifier.verify(request)  # it was not taken for a replay


@pytest.mark.parametrize(
    ("query", "name"),
    [("oauth_token=another", "token"), ("a=1&oauth%5Fnonce=x", "nonce"), ("oauth_signature=", "signature")],
)
def test_a_parameter_in_the_header_and_in_the_query_is_refused(verifier, known, query, name):
    assert refusal(verifier, signed(known, query=query)) == unsigned(f"oauth_{name} comes more than once")


@pytest.mark.parametrize("query", ["a=1&a=2", "eq(oauth_token,x)", "Oauth_token=x"])
def test_what_is_no_parameter_of_the_protocol_may_come_twice(verifier, known, query):
    assert verifier.verify(signed(known, query=query)).user_id == known.user_id


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("OAuth", MALFORMED),
        ("OAuth rubbish", MALFORMED),
        ("OAuth oauth_consumer_key", MALFORMED),
        ('OAuth oauth_consumer_key="a', UNQUOTED),
        ("OAuth oauth_consumer_key='a'", UNQUOTED),
        ('OAuth oauth_consumer_key="a", oauth_consumer_key="a"', unsigned("oauth_consumer_key comes more than once")),
        ('OAuth realm="a", realm="b"', unsigned("realm comes more than once")),
        ('OAuth evil="1"', MALFORMED),
        ('OAuth oauth_Version="1.0"', MALFORMED),
    ],
)
def test_a_malformed_header_is_refused_with_the_reason(verifier, authorization, reason):
    assert refusal(verifier, SignedRequest(authorization, "GET", URL, "")) == reason


@pytest.mark.parametrize("name", ["consumer_key", "token", "nonce", "timestamp", "version", "signature_method"])
def test_a_value_without_quotation_marks_is_refused(verifier, known, name):
    request = signed(known)
    loose = re.sub(rf'oauth_{name}="([^"]*)"', rf"oauth_{name}=\1", request.authorization)
    assert loose != request.authorization
    assert refusal(verifier, replace(request, authorization=loose)) == UNQUOTED
    spaced = request.authorization.replace('", ', '"  ,  ')
    assert verifier.verify(replace(request, authorization=spaced)).user_id == known.user_id


@pytest.mark.parametrize("query", ["", "eq(a,b)", "oauth_x=1", "a%6Fauth_x=1"])
@pytest.mark.parametrize(
    ("old", "new"),
    [('="', '= "'), ('", ', '",'), ('", ', '" , '), ('", ', '" '), ('"1.0"', '"1.0" '),
     ("oauth_version", "Oauth_version"), ("oauth_version", "oauth_Version"), ("oauth_version", "oauth_other"),
     ("1.0", "1%2E0"), ("1.0", "1%2e0"), ("1.0", "1%zz0"), ("1.0", ""), ("1.0", "1+0"), ('"1.0"', "1.0")],
)  # fmt: skip
def test_how_a_header_is_written_makes_no_difference_to_what_is_read(verifier, known, query, old, new):
    """One that every client writes so is read in one go; with a realm in front of it, it is looked at closely."""
    answers = []
    for nonce, start in (("a", "OAuth "), ("b", 'OAuth realm="here=there", ')):
        request = signed(known, query=query, oauth_nonce=nonce)
        changed = request.authorization.replace(old, new).replace("OAuth ", start)
        try:
            answers.append(verifier.verify(replace(request, authorization=changed)))
        except ErrorAnswer as error:
            answers.append(error.body)
    assert answers[0] == answers[1]


@given(st.text())
def test_no_header_makes_anything_but_a_platform_error(store, text):
    with pytest.raises(ErrorAnswer):
        OAuth1Verifier(store, clock=lambda: NOW).verify(SignedRequest(f"OAuth {text}", "GET", URL, ""))


# How the platform's URL parser reads a query


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("eq(name,a)&limit(1)", [("eq(name,a)", ""), ("limit(1)", "")]),
        (
            "eq(email,a%2540b.c)&select(id,name)&sort(-name)",
            [("eq(email,a%40b.c)", ""), ("select(id,name)", ""), ("sort(-name)", "")],
        ),
        ("eq(data.a.b,c=d)", [("eq(data.a.b,c", "d)")]),
        ("gt(a,1)&gt(a,1)", [("gt(a,1)", ""), ("gt(a,1)", "")]),
        ("a=b+c%20d", [("a", "b c d")]),
        ("a[b]=c=d", [("a[b]", "c=d")]),
        ("x=1&&y", [("x", "1"), ("y", "")]),
        ("a=100%&b=%FF&c=%zz+d", [("a", "100%"), ("b", "%FF"), ("c", "%zz d")]),
        ("", []),
    ],
)
def test_queries_are_read_as_the_platform_reads_them(query, pairs):
    assert parse_query(query) == pairs


# Over a socket


def test_a_plain_oauth1session_is_accepted(platform):
    known = platform.credentials
    with OAuth1Session(
        known.consumer_key,
        client_secret=known.consumer_secret,
        resource_owner_key=known.token,
        resource_owner_secret=known.token_secret,
    ) as session:
        answer = session.get(f"{platform.url}/users/v1/me?eq(name,a%2540b)&limit(1)")
    assert (answer.status_code, answer.json()["id"]) == (200, known.user_id)


def test_a_request_sent_twice_over_the_wire_is_refused_the_second_time(platform):
    sent = parameters(platform.credentials, oauth_timestamp=str(int(time.time())))
    url = f"{platform.url}/users/v1/me"
    sent["oauth_signature"] = signature(
        "GET", url, sent, platform.credentials.consumer_secret, platform.credentials.token_secret
    )
    first, second = (requests.get(url, headers={"Authorization": header(sent)}, timeout=5) for _ in range(2))
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (401, 110)
