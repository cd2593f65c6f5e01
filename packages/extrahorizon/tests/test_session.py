import io
import json
import re
import ssl
import traceback
from datetime import datetime, timedelta, timezone

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from rfc5849 import parse_header, signature
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

import extrahorizon
from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.errors import ConfigurationError, OAuthSignatureError, PlatformError, PlatformUnreachableError
from extrahorizon.session import PlatformSession

pytestmark = pytest.mark.usefixtures("over_requests")

REFUSED = NewConnectionError(None, "refused")
CREDENTIALS = Credentials("https://api.acme.io", "the key", "consumer/secret", "the+token", "token&secret")


@pytest.fixture
def http():
    with responses.RequestsMock() as mock:
        yield mock


def session(credentials=CREDENTIALS):
    return ExtraHorizon(credentials).session


def sent_by(http, index=0):
    return http.calls[index].request


def expected_signature(request, credentials=CREDENTIALS):
    parameters = parse_header(request.headers["Authorization"])
    parameters.pop("oauth_signature")
    return signature(request.method, request.url, parameters, credentials.consumer_secret, credentials.token_secret)


def test_a_request_is_signed_with_all_parameters_of_the_credentials(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    session().get("/users/v1/me")
    sent = parse_header(sent_by(http).headers["Authorization"])
    assert (sent["oauth_consumer_key"], sent["oauth_token"]) == ("the key", "the+token")
    assert (sent["oauth_signature_method"], sent["oauth_version"]) == ("HMAC-SHA1", "1.0")
    assert sent["oauth_signature"] == expected_signature(sent_by(http))


@pytest.mark.parametrize(
    "path",
    [
        "/data/v1/s/documents?eq(name,a)&limit(1)",
        "/users/v1/?eq(email,a%2540b.c)&select(id,name)&sort(-name)",
        "/x?eq(data.a.b,c=d)",
        "/x?gt(a,1)&gt(a,1)",
        "/x?timestamp>=2021-12-10T23:30:00.000Z&y<=2",
        "/x?in(a[0],'b')&\"q\"|{p}",
        "/x?a=100%&b=%zz&é=ü 𝄞#no-fragment",
        "/tä st/%41?~tilde",
    ],
)
def test_the_signature_covers_the_query_exactly_as_it_is_sent(http, path):
    http.get(re.compile("https://api.acme.io/.*"), json={})
    session().get(path)
    sent = sent_by(http)
    assert parse_header(sent.headers["Authorization"])["oauth_signature"] == expected_signature(sent)
    assert "#" not in sent.url


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_any_query_can_be_signed_and_sent(query):
    with responses.RequestsMock() as http:
        http.get(re.compile("https://api.acme.io/.*"), json={})
        session().get(f"/x?{query}")
        sent = sent_by(http)
        assert parse_header(sent.headers["Authorization"])["oauth_signature"] == expected_signature(sent)
        assert sent.url.isascii()


def test_each_request_has_its_own_nonce(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    calls = session()
    for _ in range(20):
        calls.get("/users/v1/me")
    assert len({parse_header(call.request.headers["Authorization"])["oauth_nonce"] for call in http.calls}) == 20


def test_the_body_is_not_part_of_the_signature(http):
    http.post("https://api.acme.io/tasks/v1/", json={})
    session().post("/tasks/v1/", json={"a": "b"})
    assert sent_by(http).headers["Content-Type"] == "application/json"
    assert parse_header(sent_by(http).headers["Authorization"])["oauth_signature"] == expected_signature(sent_by(http))


def test_requests_identify_this_client(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    session().get("/users/v1/me")
    agent = sent_by(http).headers["X-User-Agent"]
    assert re.match(r"Python/3\.\d+\.\d+ OS/[a-z0-9]+-\w+ SDK/", agent)
    assert agent.endswith(f"SDK/{extrahorizon.__version__}")
    assert sent_by(http).headers["User-Agent"] == agent


def test_requests_say_what_they_take(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    session().get("/users/v1/me")
    sent = sent_by(http).headers
    assert (sent["Accept"], sent["Accept-Encoding"]) == ("application/json, */*;q=0.8", "gzip, deflate")


def test_a_body_is_compact_utf8(http):
    http.post("https://api.acme.io/x", json={})
    session().post("/x", json={"name": "Zo\u00eb", "values": [1, 2.5, None]})
    assert sent_by(http).body == '{"name":"Zo\u00eb","values":[1,2.5,null]}'.encode()
    assert sent_by(http).headers["Content-Length"] == str(len(sent_by(http).body))


@pytest.mark.parametrize(
    ("method", "length"), [("POST", "0"), ("PUT", "0"), ("DELETE", "0"), ("GET", None), ("HEAD", None)]
)
def test_a_write_without_a_body_says_so(http, method, length):
    http.add(method, "https://api.acme.io/x")
    session().request(method, "/x")
    assert sent_by(http).headers.get("Content-Length") == length


def test_every_request_has_timeouts(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    session().get("/users/v1/me")
    timeout = sent_by(http).req_kwargs["timeout"]
    assert (timeout.connect_timeout, timeout._read, timeout.total) == (5.0, 30.0, None)


def test_changed_credentials_count_from_the_next_request_on(http, monkeypatch):
    chain = CredentialChain(given=CREDENTIALS)
    calls = PlatformSession(OAuth1Authentication(chain))
    other = Credentials("https://api.other.io", "k2", "cs2", "t2", "ts2")
    http.get("https://api.acme.io/users/v1/me", json={})
    http.get("https://api.other.io/users/v1/me", json={})
    calls.get("/users/v1/me")
    monkeypatch.setattr(chain, "current", lambda _: other)
    calls.get("/users/v1/me")
    assert sent_by(http, 1).url == "https://api.other.io/users/v1/me"
    sent = parse_header(sent_by(http, 1).headers["Authorization"])
    assert sent["oauth_signature"] == expected_signature(sent_by(http, 1), other)


def test_an_error_answer_is_a_typed_error(http):
    body = {"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION", "message": "m"}
    http.get("https://api.acme.io/users/v1/me", status=401, json=body, headers={"X-Request-Id": "r-1"})
    with pytest.raises(OAuthSignatureError) as raised:
        session().get("/users/v1/me?eq(a,b)")
    assert (raised.value.status, raised.value.request_id) == (401, "r-1")
    assert raised.value.url == "https://api.acme.io/users/v1/me"
    assert str(raised.value).startswith("OAUTH_SIGNATURE_EXCEPTION (code 109), HTTP 401, on GET /users/v1/me. Check")


@pytest.mark.parametrize("status", [300, 304, 400, 404, 500, 503])
def test_an_error_without_a_platform_body_is_typed_too(http, status):
    http.post("https://api.acme.io/tasks/v1/", status=status, body="<html>")
    with pytest.raises(PlatformError) as raised:
        session().post("/tasks/v1/")
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("status", "target"),
    [
        (302, "https://evil.example/?secret"),
        (302, "http://api.acme.io/users/v1/me"),
        *((status, "//evil.example") for status in (301, 302, 307, 308)),
    ],
)
def test_a_redirect_to_another_host_or_to_http_is_refused_naming_both(http, status, target):
    http.get("https://api.acme.io/users/v1/me", status=status, headers={"Location": target})
    with pytest.raises(PlatformUnreachableError) as raised:
        session().get("/users/v1/me")
    assert "https://api.acme.io could not be reached: it redirects to http" in str(raised.value)
    assert "evil.example" in str(raised.value) or "http://api.acme.io" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert (raised.value.method, raised.value.sent, raised.value.permanent) == ("GET", False, True)
    assert len(http.calls) == 1


def test_a_redirect_within_the_host_is_followed_for_reads_with_a_new_signature(http):
    http.get("https://api.acme.io/old", status=308, headers={"Location": "/new?eq(a,b)"})
    http.get("https://api.acme.io/new", json={"ok": True})
    assert session().call("GET", "/old") == {"ok": True}
    sent = parse_header(sent_by(http, 1).headers["Authorization"])
    assert sent["oauth_signature"] == expected_signature(sent_by(http, 1))
    assert sent["oauth_nonce"] != parse_header(sent_by(http).headers["Authorization"])["oauth_nonce"]


def test_a_redirect_is_followed_on_a_host_with_a_path(http):
    http.get("https://api.acme.io/eu/old", status=308, headers={"Location": "/eu/new"})
    http.get("https://api.acme.io/eu/new", json={"ok": True})
    assert session(Credentials("https://api.acme.io/eu", "k", "cs", "t", "ts")).call("GET", "/old") == {"ok": True}


@pytest.mark.parametrize(("status", "sent"), [(301, True), (302, True), (303, True), (307, False), (308, False)])
def test_a_write_does_not_follow_a_redirect_and_may_have_been_done_unless_it_asks_to_repeat_it(status, sent, http):
    http.post("https://api.acme.io/old", status=status, headers={"Location": "/new"})
    with pytest.raises(PlatformUnreachableError) as raised:
        session().post("/old")
    assert raised.value.sent is sent
    assert str(raised.value) == (
        "https://api.acme.io could not be reached: it redirects a POST to another path, which is not followed: call "
        f"that one (POST /old){'. It may have been done all the same' if sent else ''}"
    )


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/moved#part", "/moved"),
        ("/a b?c=d e", "/a%20b?c=d%20e"),
        ("/\u00e9", "/%C3%A9"),
        ("https://API.acme.io/other", "/other"),
        ("https://api.acme.io?x=/abc", "/?x=/abc"),
    ],
)
def test_where_a_redirect_goes_is_written_as_a_url_can_carry_it(location, path, http):
    http.get("https://api.acme.io/old", status=302, headers={"Location": location})
    http.get(f"https://api.acme.io{path}", json={"ok": True})
    assert session().call("GET", "/old") == {"ok": True}
    assert http.calls[1].request.url == f"https://api.acme.io{path}"


def test_endless_redirects_end(http):
    http.get("https://api.acme.io/old", status=302, headers={"Location": "/old"})
    with pytest.raises(PlatformError):
        session().get("/old")
    assert len(http.calls) == 4


@pytest.mark.parametrize(
    ("failure", "reason", "sent"),
    [
        (requests.ConnectTimeout(), "no connection within 5 s", False),
        (requests.ReadTimeout(), "no answer within 30 s", True),
        (
            requests.exceptions.SSLError(ssl.SSLCertVerificationError("x")),
            "its TLS certificate was not accepted",
            False,
        ),
        (requests.exceptions.SSLError(ssl.SSLError("bad record")), "the connection was cut off", True),
        (
            requests.exceptions.ProxyError(OSError("Tunnel connection failed: 407 No")),
            "its proxy refused the connection (407)",
            False,
        ),
        (requests.exceptions.ProxyError("x"), "the connection was cut off", True),
        (requests.exceptions.ChunkedEncodingError("x"), "the connection was cut off", True),
        (requests.ConnectionError("x"), "the connection was cut off", True),
    ],
)
def test_transport_failures_say_why_in_plain_words(http, failure, reason, sent):
    http.put("https://api.acme.io/users/v1/me", body=failure)
    with pytest.raises(PlatformUnreachableError) as raised:
        session().put("/users/v1/me?eq(email,jan)")
    assert raised.value.reason == reason
    assert raised.value.sent is sent
    assert ("It may have been done all the same" in str(raised.value)) is sent
    assert "jan" not in "".join(traceback.format_exception(raised.value)).replace('("/users/v1/me?eq(email,jan)")', "")


def test_a_lost_write_is_lost_even_while_another_error_is_handled(http):
    http.post(
        "https://api.acme.io/tasks/v1/", body=requests.ConnectionError(ProtocolError("x", ConnectionResetError()))
    )
    http.get("https://api.acme.io/tasks/v1/", body=requests.ConnectionError(MaxRetryError(None, "/", REFUSED)))

    def report_a_failed_read():
        try:
            session().get("/tasks/v1/")
        except PlatformUnreachableError:
            session().post("/tasks/v1/")

    with pytest.raises(PlatformUnreachableError) as raised:
        report_a_failed_read()
    assert raised.value.sent
    assert [call.request.method for call in http.calls].count("POST") == 1


@pytest.mark.parametrize("path", ["users/v1/me", "@evil.example/x", "https://api.acme.io/users/v1/me", ""])
def test_a_path_that_could_name_another_host_is_refused(path):
    with pytest.raises(
        ValueError, match="^a path begins with a slash, as in /users/v1/me; the host comes from the cred"
    ):
        session().get(path)


@pytest.mark.parametrize("data", ["text", {"a": "b"}, [b"x"], io.BytesIO(b"x")])
def test_a_body_that_cannot_be_measured_is_refused(data):
    with pytest.raises(TypeError, match="^data is bytes or a Multipart; use json= for anything that becomes JSON$"):
        session().post("/tasks/v1/", data=data)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_each_method_has_its_own_name_and_takes_the_options_of_a_call(http, method):
    http.add(method, "https://api.acme.io/x")
    getattr(session(), method.lower())("/x", headers={"X-Reason": "test"})
    assert (sent_by(http).method, sent_by(http).headers["X-Reason"]) == (method, "test")


def test_the_method_may_be_written_in_small_letters(http):
    http.get("https://api.acme.io/users/v1/me", json={})
    session().call("get", "/users/v1/me")
    assert sent_by(http).method == "GET"


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://[", "what is no URL"),
        ("https://user:hunter2@evil.example/", "https://evil.example"),
        ("https://evil.example:8443/login?token=hunter2", "https://evil.example:8443"),
        ("//api.acme.io:8443/", "https://api.acme.io:8443"),
    ],
)
def test_a_refused_redirect_is_named_without_its_password_and_query(http, location, told):
    http.get("https://api.acme.io/users/v1/me", status=302, headers={"Location": location})
    with pytest.raises(PlatformUnreachableError) as raised:
        session().get("/users/v1/me")
    assert raised.value.reason == f"it redirects to {told}, and a signed request is not sent on; check API_HOST"


def test_a_ca_bundle_that_does_not_exist_raises_at_once(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(ConfigurationError, match="/no/such/bundle.pem, which does not exist"):
        session()


def test_the_callers_headers_go_before_the_sessions_own(http):
    http.post("https://api.acme.io/x", json={})
    session().post("/x", data=b"a,b", headers={"Content-Type": "text/csv", "accept": "text/csv", "X-Reason": "test"})
    sent = sent_by(http).headers
    assert (sent["Content-Type"], sent["Accept"], sent["X-Reason"]) == ("text/csv", "text/csv", "test")
    assert sent["Content-Length"] == "3"
    assert parse_header(sent["Authorization"])["oauth_signature"] == expected_signature(sent_by(http))


@pytest.mark.parametrize("name", ["verify", "proxies", "cert", "params", "hooks", "auth", "cookies", "trust_env"])
def test_a_setting_of_requests_is_not_ignored_in_silence(name):
    with pytest.raises(AttributeError, match=f"no {name}: ExtraHorizon"):
        setattr(session(), name, "any")


def test_calls_carry_the_trace_id_of_their_invocation(http, monkeypatch):
    http.get("https://api.acme.io/users/v1/me", json={})
    calls = session()
    calls.get("/users/v1/me")
    for trace in ("Root=1-6968c1b4-8ab34b7d6e654701aaaaaaaa;Sampled=0", "Root=1-6968c1b4-8ab34b7d6e654702aaaaaaaa"):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
        calls.get("/users/v1/me")
        assert sent_by(http, -1).headers["X-Amzn-Trace-Id"] == trace
    assert "X-Amzn-Trace-Id" not in sent_by(http).headers


def test_timestamps_in_a_body_are_sent_in_utc_with_milliseconds(http):
    http.post("https://api.acme.io/x", json={})
    timestamp = datetime(2026, 1, 15, 11, 30, tzinfo=timezone(timedelta(hours=1)))
    session().call("POST", "/x", json={"at": timestamp, "on": timestamp.date()})
    assert json.loads(sent_by(http).body) == {"at": "2026-01-15T10:30:00.000Z", "on": "2026-01-15"}


@pytest.mark.parametrize("value", [{1, 2}, b"x", object()])
def test_what_json_cannot_express_is_refused_by_its_type(value):
    with pytest.raises(TypeError, match=f"holds a {type(value).__name__}"):
        session().call("POST", "/x", json={"value": value})
