"""Ways to make a client, options of calls, and what errors and bodies tell a developer."""

import json
import re
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
import requests_oauthlib

from extrahorizon import ExtraHorizon, bodies, rql
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, IllegalArgumentError, ServerError
from extrahorizon.login import OAuth2Authentication
from extrahorizon.query import RQLSyntaxError
from extrahorizon.transport import Headers, Response

pytestmark = pytest.mark.usefixtures("over_requests")

HOST = "https://api.acme.io"
KEYS = {"consumer_key": "key", "consumer_secret": "cs", "token": "t", "token_secret": "ts"}


@pytest.fixture
def exh():
    return ExtraHorizon(host="acme.io", **KEYS)


def timeout_of(call):
    return call.request.req_kwargs["timeout"].read_timeout


@pytest.mark.parametrize("host", ["acme.io", "https://api.acme.io/"])
def test_credentials_can_be_given_with_any_spelling_of_the_host(http, host):
    http.get(f"{HOST}/users/v1/me", json={"id": "1"})
    for exh in (ExtraHorizon(host=host, **KEYS), ExtraHorizon(Credentials(host, *KEYS.values()))):
        assert exh.users.me()["id"] == "1"
        assert 'oauth_token="t"' in http.calls[-1].request.headers["Authorization"]


@pytest.mark.parametrize("missing", ["host", *KEYS])
def test_a_part_of_the_credentials_is_refused_and_names_what_is_missing(missing):
    given = {"host": "acme.io", **KEYS}
    del given[missing]
    with pytest.raises(ConfigurationError, match=f"^{missing} missing: host, consumer_key, .* come together"):
        ExtraHorizon(**given)


@pytest.mark.parametrize("wrong", [{"host": "acme.io"}, "acme.io", 5])
def test_something_else_for_credentials_is_refused_and_says_how(wrong):
    with pytest.raises(TypeError, match=r"credentials is a Credentials, .* ExtraHorizon\(host=..., consumer_key=..."):
        ExtraHorizon(wrong)


def test_credentials_given_in_two_ways_are_refused():
    with pytest.raises(TypeError, match="two ways"):
        ExtraHorizon(Credentials("acme.io", *KEYS.values()), host="acme.io")


class Recorder:
    """A transport that answers everything with one object."""

    def __init__(self):
        self.sent = []
        self.closed = False

    def send(self, request, deadline):
        self.sent.append(request)
        headers = Headers({"Content-Length": "11"})
        return Response(request, 200, headers, iter([b'{"id": "1"}']), deadline=deadline, close=lambda: None)

    def close(self):
        self.closed = True


def test_a_client_sends_through_the_transport_it_is_given_and_closes_it_at_the_end_of_a_with():
    transport = Recorder()
    with ExtraHorizon(host="acme.io", **KEYS, transport=transport) as exh:
        assert exh.with_options(timeout=7).users.me() == {"id": "1"}
    [request] = transport.sent
    assert (request.method, request.url, request.timeout) == ("GET", f"{HOST}/users/v1/me", 7)
    assert request.headers["authorization"].startswith("OAuth ")
    assert transport.closed


def test_what_a_call_says_itself_goes_before_the_options_of_its_client():
    transport = Recorder()
    exh = ExtraHorizon(host="acme.io", **KEYS, transport=transport, timeout=7)
    audit = exh.with_options(headers={"X-Reason": "audit", "X-Own": "client"})
    audit.tasks.api.request("POST", "f", "p", content=b"a,b", content_type="text/csv")
    audit.session.request("GET", "/x", headers={"X-Own": "call"}, timeout=5)
    exh.tasks.functions.execute("f")
    exh.with_options(timeout=9).tasks.functions.execute("f")
    first, second, third, fourth = transport.sent
    assert (first.headers["content-type"], first.headers["x-reason"]) == ("text/csv", "audit")
    assert (second.headers["x-own"], second.headers["x-reason"], second.timeout) == ("call", "audit", 5)
    assert (third.timeout, fourth.timeout) == (7, 9)


def test_a_client_with_options_keeps_the_deadline_of_each_invocation():
    exh = ExtraHorizon(host="acme.io", **KEYS, transport=Recorder())
    kept = exh.with_options(timeout=120)
    exh.session.deadline = Deadline(0)
    with pytest.raises(DeadlineExceededError):
        kept.users.me()
    exh.session.deadline = Deadline(60)
    assert kept.users.me() == {"id": "1"}


def test_options_hold_for_services_that_were_touched_before_also_of_a_subclass():
    class Ours(ExtraHorizon):
        pass

    transport = Recorder()
    exh = Ours(host="acme.io", **KEYS, transport=transport)
    exh.users.me()
    exh.with_options(headers={"X-Reason": "audit"}).users.me()
    assert [request.headers.get("x-reason") for request in transport.sent] == [None, "audit"]


@pytest.mark.parametrize("name", ["Authorization", "content-length", "Host", "Transfer-Encoding"])
def test_headers_that_the_call_makes_are_not_for_callers(name):
    with pytest.raises(ValueError, match="not for callers"):
        ExtraHorizon(host="acme.io", **KEYS, transport=Recorder()).with_options(headers={name: "1"})


def test_no_header_can_write_another_one(monkeypatch):
    exh = ExtraHorizon(host="acme.io", **KEYS, transport=Recorder())
    exh.session.headers["X-A"] = "secret\r\nX-Injected: 1"
    with pytest.raises(ValueError, match="X-A cannot be sent") as raised:
        exh.users.me()
    assert "secret" not in str(raised.value)
    with pytest.raises(ValueError, match="a method is a word"):
        exh.tasks.api.request("GET /evil HTTP/1.1\r\nX: ", "f", "p")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"timeout": 0}, ValueError),
        ({"timeout": -1}, ValueError),
        ({"timeout": float("inf")}, ValueError),
        ({"timeout": "5"}, TypeError),
        ({"json": {}, "data": b"x"}, TypeError),
        ({"data": b"x", "gzip": True}, TypeError),
    ],
)
def test_options_of_a_call_are_checked_and_none_is_dropped(options, error):
    with pytest.raises(error):
        ExtraHorizon(host="acme.io", **KEYS, transport=Recorder()).session.call("POST", "/x", **options)


@pytest.mark.parametrize("setting", [{"verify": "/ca.pem"}, {"proxies": {}}, {"cert": "/cert.pem"}])
def test_a_setting_that_the_given_transport_would_not_see_is_refused(setting):
    with pytest.raises(TypeError, match="give them to your own one"):
        ExtraHorizon(host="acme.io", **KEYS, transport=Recorder(), **setting)


def test_options_hold_for_the_calls_of_the_client_that_they_were_given_to(http, exh):
    http.get(f"{HOST}/users/v1/me", json={"id": "1"})
    patient = exh.with_options(timeout=120, headers={"X-Reason": "audit"})
    twice = patient.with_options(headers={"X-Ticket": "7"})
    for client in (exh, patient, twice, exh):
        client.users.me()
    assert [timeout_of(call) for call in http.calls] == [30, 120, 120, 30]
    sent = [(call.request.headers.get("X-Reason"), call.request.headers.get("X-Ticket")) for call in http.calls]
    assert sent == [(None, None), ("audit", None), ("audit", "7"), (None, None)]
    assert patient.deadline is exh.deadline


def test_a_client_with_other_options_shares_its_connections():
    transport = Recorder()
    exh = ExtraHorizon(host="acme.io", **KEYS, transport=transport)
    exh.with_options(timeout=120).close()
    assert transport.closed


def test_a_call_that_may_be_done_twice_is_repeated_if_the_caller_says_so(http, exh):
    for _ in range(2):
        http.post(f"{HOST}/tasks/v1/", status=500, json={"code": 1})
    http.post(f"{HOST}/tasks/v1/", json={"id": "1"})
    with pytest.raises(ServerError):
        exh.tasks.create(functionName="a")
    assert exh.with_options(idempotent=True).tasks.create(functionName="a")["id"] == "1"
    assert len(http.calls) == 3


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"timeout": "30"}, TypeError),
        ({"timeout": (1, 2)}, TypeError),
        ({"timeout": 0}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"headers": {"X": 5}}, TypeError),
        ({"headers": {"X": "a\r\nAuthorization: b"}}, ValueError),
        ({"headers": {"X": "\u20ac"}}, ValueError),
        ({"headers": {"X: a\r\nY": "a"}}, ValueError),
        ({"retries": 5}, TypeError),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(exh, options, error):
    with pytest.raises(error, match=next(iter(options)).removesuffix("s")):
        exh.with_options(**options)


def test_a_function_is_waited_for_longer_than_it_may_run(http, exh):
    """30 s are the function's own; before them Lambda may load it for 10."""
    http.post(f"{HOST}/tasks/v1/functions/slow/execute", json={"id": "1"})
    http.get(f"{HOST}/tasks/v1/api/slow/report", json={})
    exh.tasks.functions.execute("slow", data={})
    exh.tasks.api.get("slow", "report")
    exh.with_options(timeout=5).tasks.functions.execute("slow", data={})
    assert [timeout_of(call) for call in http.calls] == [60, 60, 5]


def test_an_api_function_may_answer_with_anything(http, exh):
    http.put(f"{HOST}/tasks/v1/api/lab/import", body=b"%PDF", status=201, headers={"X-Rows": "2"})
    answer = exh.tasks.api.request("PUT", "lab", "import", content=b"a,b\n1,2\n", content_type="text/csv")
    assert (answer.status, answer.headers["x-rows"], answer.content) == (201, "2", b"%PDF")
    assert http.calls[0].request.headers["Content-Type"] == "text/csv"
    with pytest.raises(ValueError, match="content_type is required"):
        exh.tasks.api.request("PUT", "lab", "import", content=b"a")


class Status(Enum):
    NEW = "new"


class Rank(Enum):
    ONE = 1


def test_uuid_decimal_and_enum_are_alike_in_queries_and_bodies(http, exh):
    http.post(f"{HOST}/data/v1/visit/documents", json={"id": "1"})
    uuid = UUID("12345678-1234-5678-1234-567812345678")
    exh.data.documents.create("visit", {"a": uuid, "b": Decimal("36.6"), "c": Status.NEW, "d": Rank.ONE})
    assert json.loads(http.calls[0].request.body) == {"a": str(uuid), "b": 36.6, "c": "new", "d": 1}
    assert str(rql.eq("a", uuid).eq("b", Decimal("36.6")).eq("c", Status.NEW).eq("d", Rank.ONE)).count("eq(") == 4
    with pytest.raises(ValueError, match="more digits than a JSON number keeps"):
        exh.data.documents.create("visit", {"b": Decimal("0.1234567890123456789")})


def test_a_timestamp_is_a_datetime_where_a_service_takes_strings_and_where_it_takes_milliseconds(http, exh):
    timestamp = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC).astimezone(timezone(timedelta(hours=2)))
    http.post(f"{HOST}/tasks/v1/", json={"id": "1"})
    http.post(f"{HOST}/users/v1/57f3/patient_enlistments", json={"affected_records": 1, "records_affected": 1})
    exh.tasks.create(functionName="a", startTimestamp=timestamp)
    exh.users.add_patient_enlistment("57f3", group_id="g", expiry_timestamp=timestamp)
    bodies = [json.loads(call.request.body) for call in http.calls]
    assert bodies[0]["startTimestamp"] == "2026-01-02T03:04:05.678Z"
    assert bodies[1]["expiry_timestamp"] == 1767323045678
    with pytest.raises(ValueError, match="time zone"):
        exh.tasks.create(functionName="a", startTimestamp=datetime(2026, 1, 2))  # noqa: DTZ001 - what is refused


def test_a_misspelt_member_is_refused_with_the_one_that_was_meant(exh):
    with pytest.raises(TypeError, match=r"no member start_timestamp; did you mean startTimestamp\? It has: func"):
        exh.tasks.create(functionName="a", start_timestamp="2099-01-01T00:00:00Z")
    with pytest.raises(TypeError, match="did you mean first_name"):
        exh.users.update("57f3", firstName="Ada")


@pytest.mark.parametrize("body", [{}, {"userIds": None}, {"user_ids": ["57f3"]}, {"userIds": "57f3"}])
def test_unlinking_without_user_ids_is_refused(exh, body):
    """A body without userIds would unlink everybody."""
    with pytest.raises(TypeError, match="userIds"):
        exh.data.documents.unlink_users("visit", "68", **body)


@pytest.mark.parametrize(
    "rql",
    [
        "", "?", "limit(1)", "sort(-id)&select(name)", "and(limit(1))", "skipCount()", "skip_count()", "not(limit(1))",
        "out(id,)", "and(out(id,),skip_count())", "or()",
    ],
)  # fmt: skip
def test_nothing_is_removed_by_a_query_without_a_condition(exh, rql):
    """A `limit` is none: the platform would pick the records itself."""
    for remove in (exh.users.remove_users, exh.localizations.remove, exh.notifications.remove):
        with pytest.raises(RQLSyntaxError, match="without a condition it would pick all"):
            remove(rql)


@pytest.mark.parametrize(
    "rql",
    ["contains(id)", "out(id,a)", "and(out(id,),eq(a,1))", "id=5f&limit(1)", "in(id,a,b)", "or(eq(id,1),eq(id,2))"],
)
def test_a_query_with_a_condition_removes(http, exh, rql):
    http.delete(f"{HOST}/notifications/v1/notifications", json={"records_affected": 1})
    assert exh.notifications.remove(rql) == 1


@pytest.mark.parametrize("rql", ["foo:bar", "eq(a,%zz)", "eq(a,1)&eq(b,2)|eq(c,3)", "eq(a,1"])
def test_a_plain_query_that_the_platform_would_not_read_is_not_sent(exh, rql):
    for refused in (
        lambda: exh.users.find(rql),
        lambda: exh.users.find_all(rql),  # when it is called, not when its first record is asked for
        lambda: exh.users.find_first(rql),
        lambda: exh.users.find_by_email("a@b.io", rql),
        lambda: exh.data.documents.update("visit", "5f", {}, rql=rql),
        lambda: exh.tasks.logs.find("5f", rql),
        lambda: exh.localizations.remove(rql),
    ):
        with pytest.raises(RQLSyntaxError):
            refused()


def test_no_value_of_a_body_is_in_a_message(exh):
    for body in ({"subject": 5, "body": "Jan is ill"}, {"template_name": ["Jan is ill"]}, {"Jan is ill": 1}):
        with pytest.raises(TypeError) as refused:
            exh.mails.send(recipients={"to": ["a@example.com"]}, **body)
        if "Jan is ill" not in body:
            assert "Jan" not in str(refused.value)


def test_on_this_machine_the_platforms_explanation_is_in_the_traceback_and_nowhere_else(http, exh):
    answer = {"code": 26, "name": "ILLEGAL_ARGUMENT_EXCEPTION", "message": "x has to be a number"}
    for host, client in ((HOST, exh), ("http://localhost:8420", ExtraHorizon(host="http://localhost:8420", **KEYS))):
        http.post(f"{host}/data/v1/visit/documents", status=400, json=answer)
        with pytest.raises(IllegalArgumentError) as refused:
            client.data.documents.create("visit", {"x": "abc"})
        shown = "".join(traceback.format_exception(refused.value))
        assert ("x has to be a number" in shown) is (host != HOST)
        assert "x has to be a number" not in str(refused.value)


class CanceledError(Exception):
    """Somebody pressed a button."""


def test_an_upload_reports_its_progress_and_can_be_canceled(exh):
    """Over a socket: only there is a body read while it is sent."""
    content, steps = b"x" * 200_000, []
    with answering() as (url, bodies):
        client = ExtraHorizon(host=url, **KEYS)
        assert client.files.create(content, name="x.bin", on_progress=lambda *step: steps.append(step))["name"] == "x"
        assert steps == [(65_536, 200_000), (131_072, 200_000), (196_608, 200_000), (200_000, 200_000)]
        assert content in bodies[0]

        def cancel(sent, size):
            if sent > size / 2:
                raise CanceledError

        with pytest.raises(CanceledError):
            client.files.create(content, name="x.bin", on_progress=cancel)
        assert len(bodies) == 1


@contextmanager
def answering():
    """A server that takes uploads: its URL, and the bodies that came whole."""
    bodies = []

    class Uploads(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) == length:
                bodies.append(body)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"name": "x"}')

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("localhost", 0), Uploads)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://localhost:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_can_be_indexed_and_turned_back(http, exh):
    def page(offset, limit):
        return {"data": [{"id": str(n)} for n in range(offset, offset + limit)],
                "page": {"offset": offset, "limit": limit, "total": 7}}  # fmt: skip

    http.get(f"{HOST}/tasks/v1/?limit(3,3)", json=page(3, 3))
    http.get(f"{HOST}/tasks/v1/?limit(3)", json=page(0, 3))
    second = exh.tasks.find(rql.limit(3, 3))
    assert (second[0]["id"], [task["id"] for task in second[1:]]) == ("3", ["4", "5"])
    first = second.previous()
    assert (first.offset, first[-1]["id"], first.previous()) == (0, "2", None)


def test_hooks_see_every_request_and_answer_without_personal_data(http, waits):
    seen = []
    exh = ExtraHorizon(host="acme.io", **KEYS, on_request=seen.append, on_response=seen.append)
    address = re.compile(f"{HOST}/users/v1/.*")
    http.get(address, status=503, json={})
    http.get(address, json={"data": [], "page": {"offset": 0, "limit": 1, "total": 0}})
    exh.users.find("eq(email,a%2540b.c)")
    assert [(type(each).__name__, each.method, each.url) for each in seen] == [
        (kind, "GET", f"{HOST}/users/v1/") for kind in ("RequestInfo", "ResponseInfo") * 2
    ]
    assert [each.status for each in seen[1::2]] == [503, 200]
    assert all(0 <= each.seconds < 60 for each in seen[1::2])
    assert len(waits) == 1


def test_what_a_hook_raises_ends_the_call(http):
    def refuse(request):
        raise PermissionError(request.method)

    exh = ExtraHorizon(host="acme.io", **KEYS, on_request=refuse)
    with pytest.raises(PermissionError, match="DELETE"):
        exh.mails.remove("5f")
    assert len(http.calls) == 0


@pytest.mark.parametrize("setting", [{"verify": "/no/such/ca.pem"}, {"cert": "/no/such/cert.pem"}])
def test_a_certificate_that_is_not_there_is_refused_at_once(setting):
    with pytest.raises(ConfigurationError, match="names /no/such/.*, which does not exist"):
        ExtraHorizon(host="acme.io", **KEYS, **setting)


def test_proxies_certificates_and_time_outs_of_the_client_are_used(http, certificates):
    ca, pair = str(certificates / "ca.pem"), (str(certificates / "client.pem"), str(certificates / "client.pem"))
    proxies = {"https": "http://proxy.acme.io:3128"}
    exh = ExtraHorizon(host="acme.io", **KEYS, proxies=proxies, verify=ca, cert=pair, timeout=7)
    http.get(f"{HOST}/users/v1/me", json={"id": "1"})
    exh.users.me()
    used = http.calls[0].request.req_kwargs
    assert (used["proxies"], used["verify"], used["cert"]) == (proxies, ca, pair)
    assert timeout_of(http.calls[0]) == 7


def test_a_session_of_requests_has_the_credentials_and_keeps_its_own_promises(http, exh):
    session, seen = exh.oauth1_session(), []
    assert type(session) is requests_oauthlib.OAuth1Session
    session.hooks["response"].append(lambda answer, **_: seen.append(answer.status_code))
    http.get(f"{HOST}/users/v1/health", json={})
    session.get(f"{exh.host}/users/v1/health", params={"a": "b c"})
    sent = http.calls[0].request
    assert seen == [200]
    assert sent.url.endswith("?a=b+c")
    assert 'oauth_token="t"' in str(sent.headers["Authorization"])
    with pytest.raises(ConfigurationError, match="does not sign"):
        ExtraHorizon(OAuth2Authentication("acme.io", "client", "secret")).oauth1_session()


@pytest.mark.slow
def test_many_threads_may_check_a_kind_of_body_for_the_first_time_at_once(request):
    """The types of a service are read then; nobody may see a half of what comes of it."""
    interval = sys.getswitchinterval()
    request.addfinalizer(lambda: sys.setswitchinterval(interval))
    sys.setswitchinterval(1e-6)
    for _ in range(20):
        bodies._checks.clear()
        start = threading.Barrier(8)

        def check(start=start):
            start.wait()
            inputs = {"who": {"type": "object", "properties": {"name": {"type": "string"}}}}
            return bodies.check(
                "extrahorizon.services.templates_v2", "TemplateCreation", {"name": "a", "inputs": inputs, "outputs": {}}
            )

        with ThreadPoolExecutor(8) as pool:
            assert len([each.result() for each in [pool.submit(check) for _ in range(8)]]) == 8
