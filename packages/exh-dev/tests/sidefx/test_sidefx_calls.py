"""Calls: what goes over the wire, what comes back, and what is sent again."""

import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import pytest
import requests
import responses
from hypothesis import example, given
from hypothesis import strategies as st

from exh_dev.sidefx import failures
from exh_dev.sidefx.failures import django_page
from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError, ExtraHorizonError, PlatformUnreachableError
from extrahorizon.sidefx import APIError, File, service
from extrahorizon.sidefx.replies import traceback_of

API_URL = "https://www.sidefx.com/api/"
TRACEBACK = """Traceback:

File "/srv/api/views.py" in call
  40.     return function(*args, **kwargs)

Exception Type: KeyError at /api/
Exception Value: 'a < b & "c"'"""


def public(**kwargs):
    """A service of the public SideFX, with a token."""
    kept = {"access_token": "the-token", "access_token_expiry_time": 4e9}
    return service(client_id="i", client_secret_key="s", **kept, **kwargs)


# What is sent


def test_a_call_is_an_array_of_three_in_a_form_field(http):
    http.post(API_URL, json=[])
    public().download.get_daily_builds_list("houdini", version="20.5", only_production=True, platform="é")
    sent = http.calls[0].request
    assert sent.headers["Authorization"] == "Bearer the-token"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    name, args, kwargs = json.loads(parse_qs(sent.body)["json"][0])
    assert (name, args) == ("download.get_daily_builds_list", ["houdini"])
    assert kwargs == {"version": "20.5", "only_production": True, "platform": "é"}


def test_timeouts_are_always_set(http):
    http.post(API_URL, json=[])
    public().ping()
    public(timeout=7).ping()
    public(timeout=(1, 2)).ping()
    public(timeout=7, remaining=lambda: 3.0).ping()
    timeouts = [call.request.req_kwargs["timeout"] for call in http.calls]
    assert timeouts == [(5.0, 30.0), (7, 7), (1, 2), (3.0, 3.0)]


def test_a_netrc_entry_does_not_displace_the_token(api, sidefx, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\ndefault login x password y\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert api.bugs.get_submission_options()
    assert sidefx.token_requests == 1


def test_connections_are_kept_between_calls_and_services(make, monkeypatch):
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: (opened.append(address), connect(self, address))
    )
    for _ in range(5):
        make().bugs.get_submission_options()
    assert len(opened) <= 2  # ::1 may be tried before 127.0.0.1


def test_cookies_are_not_kept(http):
    http.post(API_URL, json=[], headers={"Set-Cookie": "sessionid=abc; Path=/"})
    public().ping()
    public().ping()
    assert "Cookie" not in http.calls[1].request.headers


# Files


def test_files_are_parts_named_after_their_keyword(api, sidefx, tmp_path):
    content = b"\r\n--x\r\n\x00\xff\n" * 1000
    path = tmp_path / "my scène.hip"
    path.write_bytes(content)
    sidefx.functions["upload"] = lambda *args, **files: [args, {name: len(data) for name, data in files.items()}]
    kwargs = {"scene": File(path), "raw": b"abc", "empty": bytearray()}
    assert api.upload("é", **kwargs) == [["é"], {"scene": len(content), "raw": 3, "empty": 0}]
    assert isinstance(kwargs["scene"], File)
    (call,) = sidefx.calls
    assert call.kwargs == {"scene": content, "raw": b"abc", "empty": b""}
    assert call.filenames == {"scene": "my scène.hip", "raw": "unnamed.bin", "empty": "unnamed.bin"}


def test_a_file_and_other_arguments_arrive_together(api, sidefx):
    sidefx.functions["hpack.upload_chunk"] = lambda token, index, data: {"uploaded": len(data), "for": [token, index]}
    assert api.hpack.upload_chunk("t", 3, data=b"12345") == {"uploaded": 5, "for": ["t", 3]}


def test_a_file_is_sent_again_after_a_401(api, sidefx, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"content")
    sidefx.functions["measure"] = lambda data: {"bytes": len(data)}
    api.bugs.get_submission_options()
    sidefx.forget_tokens()
    assert api.measure(data=File(path)) == {"bytes": 7}


def test_a_file_that_is_not_there_is_known_before_anything_is_sent(api, sidefx, tmp_path):
    with pytest.raises(FileNotFoundError):
        api.upload(data=File(tmp_path / "none"))
    assert sidefx.token_requests == 0


def test_a_file_cannot_take_the_place_of_the_call(api):
    with pytest.raises(TypeError, match="keyword 'json'"):
        api.upload(json=b"x")


# What comes back


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", [], [1, {"a": None}], {"error": "this is a value too"}])
def test_a_result_is_the_value_itself(http, value):
    http.post(API_URL, body=json.dumps(value), content_type="application/json; charset=utf-8")
    assert public().ping() == value


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/octet-stream; charset=binary"])
def test_a_binary_result_is_read_in_a_with_block(api, sidefx, kind):
    content = bytes(range(256)) * 1000
    sidefx.fail(failures.binary(content, kind))
    with api.hpack.reserve_package_name("x") as file:
        assert file.read(10) == content[:10]
        assert file.read(0) == b""
        assert file.read() == content[10:]
        assert file.read(10) == b""


def test_a_binary_result_that_is_not_read_to_its_end_is_closed(api, sidefx):
    sidefx.fail(failures.binary(b"x" * 5_000_000))
    with api.hpack.reserve_package_name("x") as file:
        file.read(1)
    assert api.bugs.get_submission_options()


@pytest.mark.parametrize("failure", [failures.web_page(), failures.Failure(200), failures.Failure(200, b"[1,")])
def test_success_that_is_no_json_is_an_api_error(api, sidefx, failure):
    sidefx.fail(failure)
    with pytest.raises(APIError, match="the answer to download.get_daily_builds_list is not JSON") as raised:
        api.download.get_daily_builds_list("houdini")
    assert raised.value.http_code == 200


def test_a_result_without_end_is_given_up(http, monkeypatch):
    monkeypatch.setattr("extrahorizon.sidefx.replies.LONGEST_RESULT", 100)
    http.post(API_URL, json=["x" * 100])
    with pytest.raises(APIError, match="longer than 100 bytes"):
        public().ping()


def test_the_traceback_is_taken_out_of_a_debug_page_and_unescaped(api, sidefx):
    sidefx.fail(failures.debug_page(TRACEBACK))
    with pytest.raises(APIError) as raised:
        api.ping()
    assert raised.value.http_code == 500
    assert raised.value.args[0] == TRACEBACK


def test_the_debug_page_of_a_real_exception_is_read(api, sidefx):
    sidefx.debug = True
    with pytest.raises(APIError) as raised:
        api.download.get_daily_builds_list(prodcut="houdini")
    text = raised.value.args[0]
    assert text.startswith("Traceback:\n")
    assert text.endswith("Exception Value: missing a required argument: 'product'")
    assert "textarea" not in text


@pytest.mark.parametrize("first", ["Traceback:", "  \tTraceback: ", "Traceback (most recent call last):"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_spelling_of_the_first_line_is_known(first, newline):
    page = django_page(TRACEBACK).replace("Traceback:", first).replace("\n", newline)
    text = traceback_of(page, is_html=True)
    assert text.startswith(first.strip())
    assert text.endswith("Exception Value: 'a < b & \"c\"'")


def test_what_was_escaped_twice_is_unescaped_once():
    page = django_page("Traceback:\nException Value: &lt;")
    assert traceback_of(page, is_html=True) == "Traceback:\nException Value: &lt;"


def test_a_500_without_a_section_is_shown_completely(api, sidefx):
    sidefx.fail(failures.Failure(500, b"<h1>Server Error &amp; more</h1>", "text/html"))
    with pytest.raises(APIError) as raised:
        api.ping()
    assert raised.value.args[0] == "<h1>Server Error & more</h1>"


def test_a_plain_500_is_shown_unchanged(api, sidefx):
    text = 'Traceback (most recent call last):\n  File "x.py"\nValueError: &lt; is no </b>\n'
    sidefx.fail(failures.crashed(text))
    with pytest.raises(APIError) as raised:
        api.ping()
    assert raised.value.args[0] == text


@pytest.mark.parametrize("status", [400, 402, 404, 409, 422])
def test_other_errors_are_shown_unchanged(api, sidefx, status):
    page = django_page(TRACEBACK)
    sidefx.fail(failures.Failure(status, page.encode(), "text/html"))
    with pytest.raises(APIError) as raised:
        api.ping()
    assert (raised.value.http_code, raised.value.args[0]) == (status, page)


def test_an_unaccepted_eula_is_named(api, sidefx):
    sidefx.fail(failures.eula_not_accepted())
    with pytest.raises(APIError, match="403 EULA not accepted"):
        api.download.get_daily_builds_list("houdini")
    assert sidefx.token_requests == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=latin-1", b"\xe9"),
        ("text/plain", "é".encode()),
        ("text/plain; charset=nothing", "é".encode()),
    ],
)
def test_the_charset_of_an_error_counts(http, kind, body):
    http.post(API_URL, status=422, body=body, content_type=kind)
    with pytest.raises(APIError, match="422 é"):
        public().ping()


def test_a_long_error_is_cut(http):
    http.post(API_URL, status=422, body="x" * 3_000_000)
    with pytest.raises(APIError) as raised:
        public().ping()
    assert len(raised.value.args[0]) == 1 << 20


@given(st.text())
@example("Traceback:\n" * 50)
@example("Traceback:\n</textarea>")
def test_any_page_has_some_text(page):
    assert isinstance(traceback_of(page, is_html=True), str)


@pytest.mark.slow
@given(
    st.sampled_from([200, 204, 302, 400, 401, 403, 422, 429, 500, 503, 599]),
    st.sampled_from(["application/json", "text/html; charset=utf-16", "text/html", "", ";;", "x; charset=\x7f"]),
    st.binary() | st.text().map(lambda text: json.dumps(text).encode()),
)
def test_any_answer_is_a_value_or_an_error_of_ours(status, kind, body):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as http:
        http.post(API_URL, status=status, body=body, content_type=kind)
        http.post("https://www.sidefx.com/oauth2/application_token", json={"access_token": "t", "expires_in": 9})
        try:
            value = public().ping()
        except ExtraHorizonError:
            return
        assert status == 200
        assert value == json.loads(body)


# What is sent again


def test_an_issue_reaches_sidefx_once_when_the_connection_is_cut(api, sidefx, issue, waits):
    sidefx.fail(failures.cut_connection())
    with pytest.raises(PlatformUnreachableError) as raised:
        api.bugs.submit_issue(**issue)
    assert raised.value.sent
    assert "in bugs.submit_issue" in str(raised.value)
    assert len(sidefx.issues) == 1
    assert waits == []
    assert api.bugs.get_submission_options()


@pytest.mark.parametrize("failure", [failures.cut_connection(), failures.unavailable(502), failures.unavailable()])
def test_a_licence_is_never_asked_for_twice(api, sidefx, failure):
    sidefx.fail(failure)
    with pytest.raises((PlatformUnreachableError, APIError)):
        api.license.get_non_commercial_license("render01", "12345678", "20.5", "HOUDINI-NC")
    assert sidefx.licenses_issued <= 1
    assert sidefx.next_failure("api") is None


@pytest.mark.parametrize(
    "failure", [failures.cut_connection(), *(failures.unavailable(status) for status in (502, 503, 504))]
)
def test_a_read_is_sent_again(api, sidefx, waits, failure):
    sidefx.fail(failure, times=3)
    assert api.download.get_daily_builds_list("houdini")
    assert len(waits) == 3
    assert all(0 <= wait <= 2 for wait in waits)


def test_a_read_is_not_sent_again_for_ever(api, sidefx, waits):
    sidefx.fail(failures.unavailable(), times=9)
    with pytest.raises(APIError, match="503"):
        api.changelog.get_latest_changelog_entries("20.5")
    assert len(waits) == 3


def test_a_lost_connection_is_reported_with_the_number_of_attempts(api, sidefx):
    api.bugs.get_submission_options()
    sidefx.fail(failures.cut_connection(), times=9)
    with pytest.raises(PlatformUnreachableError) as raised:
        api.bugs.get_submission_options()
    assert raised.value.attempts == 4
    assert not raised.value.sent  # nothing is done by reading


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_refusal_or_a_failed_function_is_not_repeated(api, sidefx, waits, status):
    sidefx.fail(failures.Failure(status, b"no"), times=2)
    with pytest.raises(APIError):
        api.download.get_daily_builds_list("houdini")
    assert waits == []
    assert sidefx.next_failure("api")


@pytest.mark.slow
def test_a_read_that_is_not_answered_in_time_is_sent_again(make, sidefx):
    sidefx.fail(failures.slow(1.0))
    assert make(timeout=0.3).bugs.get_submission_options()


def test_a_certificate_that_is_refused_is_not_tried_again(http, waits):
    http.post(API_URL, body=requests.exceptions.SSLError(ssl.SSLCertVerificationError("bad")))
    with pytest.raises(PlatformUnreachableError, match="TLS certificate"):
        public().download.get_daily_builds_list("houdini")
    assert waits == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_naming_both(api, sidefx, waits, status):
    sidefx.fail(failures.redirect("https://user:pw@other.example:8443/login?sig=x#y", status), times=2)
    with pytest.raises(PlatformUnreachableError) as raised:
        api.download.get_daily_builds_list("houdini")
    assert f"redirects (HTTP {status}) to https://other.example:8443/login, which is not followed" in str(raised.value)
    assert raised.value.url == api.endpoint_url
    assert waits == []
    assert sidefx.next_failure("api")


@pytest.mark.parametrize("location", ["https://[", "", "javascript:x", "//other.example", "/login"])
def test_a_redirect_to_anything_is_refused(api, sidefx, location):
    sidefx.fail(failures.redirect(location))
    with pytest.raises(PlatformUnreachableError, match="it redirects"):
        api.ping()


# Rate limits


@pytest.mark.parametrize("function", ["submit", "read"])
def test_after_429_any_call_is_sent_again_as_asked(api, sidefx, waits, issue, function):
    for asked in ("7", None, "0"):
        sidefx.fail(failures.rate_limited(asked))
    assert api.bugs.submit_issue(**issue) if function == "submit" else api.bugs.get_submission_options()
    assert waits == [7, 30, 0]
    assert len(sidefx.issues) == (function == "submit")


def test_a_date_to_come_back_at_is_honoured(api, sidefx, waits):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    sidefx.fail(failures.rate_limited(at))
    assert api.bugs.get_submission_options()
    assert 15 < waits[0] <= 20


def test_429_ends_as_an_api_error(api, sidefx, waits):
    sidefx.fail(failures.rate_limited(), times=9)
    with pytest.raises(APIError) as raised:
        api.bugs.get_submission_options()
    assert raised.value.http_code == 429
    assert waits == [30, 30, 30]


def test_a_wait_beyond_two_minutes_is_refused(api, sidefx, waits):
    sidefx.fail(failures.rate_limited("86400"))
    with pytest.raises(APIError, match="429"):
        api.bugs.get_submission_options()
    assert waits == []


def test_nobody_waits_past_the_time_left(make, sidefx, waits):
    sidefx.fail(failures.rate_limited("60"), times=2)
    with pytest.raises(APIError, match="429"):
        make(remaining=lambda: 59.0).bugs.get_submission_options()
    assert waits == []
    assert make(remaining=lambda: 600.0).bugs.get_submission_options()
    assert waits == [60]


# The time left


def test_without_time_nothing_is_sent(make, sidefx):
    with pytest.raises(DeadlineExceededError):
        make(remaining=lambda: 0.0).ping()
    assert sidefx.token_requests == 0


@pytest.mark.slow
def test_a_call_ends_before_the_time_is_up(make, sidefx, issue):
    make().bugs.get_submission_options()
    sidefx.fail(failures.slow(2.0))
    with pytest.raises(DeadlineExceededError, match="no answer to bugs.submit_issue .* may have been done"):
        make(remaining=Deadline(0.3).remaining).bugs.submit_issue(**issue)


@pytest.mark.slow
@pytest.mark.parametrize("cut", [False, True])
def test_an_answer_that_does_not_end_is_given_up(cut):
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def answer():
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(65536)
            accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[")
            while not cut and not stop.wait(0.05):
                try:
                    accepted.sendall(b" ")
                except OSError:
                    break

    thread = threading.Thread(target=answer)
    thread.start()
    url = f"http://localhost:{listener.getsockname()[1]}/"
    remaining = Deadline(0.5).remaining if not cut else None
    with listener, pytest.raises(PlatformUnreachableError if cut else DeadlineExceededError):
        public(endpoint_url=url, remaining=remaining).ping()
    stop.set()
    thread.join()
