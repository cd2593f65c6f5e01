"""API functions: what they get from an event, who sent it, and what may leave them."""

import base64
import io
import json
import sys

import pytest
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from aws_lambda_powertools.event_handler.exceptions import InternalServerError, NotFoundError
from hypothesis import example, given
from hypothesis import strategies as st

from exh_dev.platform.tasks.api import parse_reply
from exh_dev.runtime.events import APPLICATION_ID, USER_ID, api_event
from extrahorizon.api import (
    LARGEST_FILE,
    ApiError,
    ApiFunction,
    ApiRequest,
    Caller,
    InvalidApiResponseError,
    Response,
)
from extrahorizon.errors import InvalidEventError
from extrahorizon.log import logger

OTHER_ID = "68498c63b1b0b8de8a622800"
CLINIC, PORTAL = "https://clinic.example.com", "https://portal.example.com:8443"


def aws_event(method="GET", path="/", *, query="", headers=None, claims=None, stage="$default", **members):
    authorizer = {} if claims is None else {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", **(headers or {})},
        "requestContext": {"apiId": "a1b2c3d4e5", "stage": stage, "http": http, **authorizer},
        "isBase64Encoded": False,
        **members,
    }


def answer_of(function, event=None, *, method="GET", rule="/", public=True, **options):
    """What the one route of an app answers."""
    app = ApiFunction(**{"origins": [], **options})
    app.route(method, rule, public=public)(function)
    return app.answer(event or api_event(method), None)


def echo(request, exh, **parameters):
    return {**parameters, "query": request.query, "user": request.caller and request.caller.user_id}


def content(answer):
    return json.loads(answer["body"])


# Events


@pytest.mark.parametrize(
    "event",
    [None, [], "x", {}, {"data": {}, "functionName": "patient-api"}, {"requestContext": {"elb": {}}, "rawPath": "/"},
     {**api_event(), "rawPath": None}, {**api_event(), "headers": {"a": 1}}, {**api_event(), "body": {"a": "Ada"}},
     {**api_event(), "isBase64Encoded": "yes"}, {**api_event(), "requestContext": {"http": {"method": 1}}}],
)  # fmt: skip
def test_what_is_no_request_is_an_error_that_quotes_nothing(event):
    with pytest.raises(InvalidEventError) as raised:
        ApiFunction(origins=[]).answer(event, None)
    assert "Ada" not in str(raised.value)


@pytest.mark.parametrize("query", ["a=1&a=2&b=%C3%A9+%26&c", "?a=1&a=2&b=%C3%A9+%26&c"])
def test_a_query_is_read_with_and_without_its_question_mark(query):
    event = {**api_event(), "rawQueryString": query}
    assert ApiRequest.from_event(event).query == {"a": ("1", "2"), "b": ("é &",), "c": ("",)}


def test_on_aws_a_question_mark_belongs_to_the_query():
    assert ApiRequest.from_event(aws_event(query="?a=1")).query == {"?a": ("1",)}


@pytest.mark.parametrize("query", ["a=%FF", "&".join(f"p{n}" for n in range(101))])
def test_a_query_that_cannot_be_read_is_refused(query):
    assert answer_of(echo, api_event(query=query))["statusCode"] == 400


@pytest.mark.parametrize(
    ("path", "parameter"),
    [("/a", "a"), ("/%2e%2e%2Fetc", "../etc"), ("/..%2F", "../"), ("/%C3%A9%F0%9F%A9%BA", "é🩺"), ("/a%252Fb", "a%2Fb"),
     ("/a%0Ab", "a\nb"), ("/%3Cscript%3E", "<script>"), ("/a;b=c,d:e@f", "a;b=c,d:e@f"), ('/"#^`\\', '"#^`\\'),
     ("/a%ZZ", "a%ZZ"), ("/é", "é")],
)  # fmt: skip
def test_a_parameter_of_the_path_is_decoded_once_and_stays_one_segment(path, parameter):
    assert content(answer_of(echo, api_event(path=path), rule="/<it>"))["it"] == parameter


@pytest.mark.parametrize(("path", "parameter"), [("/a b%2Fc", "a b%2Fc"), ("/é", "é"), ("/100%", "100%")])
def test_on_aws_the_path_comes_decoded_and_is_not_decoded_again(path, parameter):
    assert content(answer_of(echo, aws_event(path=path), rule="/<it>"))["it"] == parameter


@pytest.mark.parametrize("path", ["/a/b", "//", "/a/", "/.."])
def test_a_parameter_never_spans_segments(path):
    answer = answer_of(echo, api_event(path=path), rule="/<it>")
    assert answer["statusCode"] == (200 if path == "/.." else 404)


def test_bytes_that_are_no_text_are_no_parameter():
    assert answer_of(echo, api_event(path="/%FF"), rule="/<it>")["statusCode"] == 400


@pytest.mark.parametrize(("stage", "path"), [("prod", "/prod/a"), ("prod", "/a"), ("$default", "/a")])
def test_the_stage_is_no_part_of_the_path(stage, path):
    assert answer_of(echo, aws_event(path=path, stage=stage), rule="/a")["statusCode"] == 200


@pytest.mark.parametrize(
    ("domain", "rule"),
    [("api.clinic.example.com", "/beta/users"), ("a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", "/users")],
)
def test_the_path_on_a_custom_domain_has_no_stage_though_it_may_begin_as_one(domain, rule):
    event = aws_event(path="/beta/users", stage="beta")
    event["requestContext"]["domainName"] = domain
    assert answer_of(echo, event, rule=rule)["statusCode"] == 200


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: "/" not in text))
@example("%2F")
def test_any_text_comes_through_a_path_encoded_or_not(text):
    from urllib.parse import quote

    for event in (api_event(path="/" + quote(text, safe="")), aws_event(path="/" + text)):
        assert content(answer_of(echo, event, rule="/<it>"))["it"] == text


@given(st.binary())
def test_a_body_is_read_completely_with_and_without_base64(raw):
    assert ApiRequest.from_event(api_event("POST", body=raw)).body == raw
    text = raw.decode("latin-1")
    for encoded in (True, False):
        event = api_event("POST", body=text, base64_encoded=encoded)
        assert ApiRequest.from_event(event).body == text.encode()


@pytest.mark.parametrize("encoded", [True, False])
def test_json_is_read_in_base64_or_not(encoded):
    event = api_event("POST", json={"name": "é"}, base64_encoded=encoded)
    assert content(answer_of(lambda request, exh: request.json(), event, method="POST")) == {"name": "é"}


@pytest.mark.parametrize("encoded", [True, False])
def test_a_byte_order_mark_before_json_is_ignored(encoded):
    body = "\ufeff" + '{"name": "\ufeffé"}'
    sent = base64.b64encode(body.encode()).decode() if encoded else body
    event = {**api_event("POST"), "body": sent, "isBase64Encoded": encoded}
    assert content(answer_of(lambda request, exh: request.json(), event, method="POST")) == {"name": "\ufeffé"}


@pytest.mark.parametrize(
    "members",
    [{"body": "\ufeff"}, {"body": "\ufeff\ufeff{}"},
     {"body": "%%%", "isBase64Encoded": True}, {"body": "e30", "isBase64Encoded": True}, {"body": "{"}, {"body": ""},
     {"body": "NaN"}, {"body": "[" * 100_000}, {"body": "9" * 5000}, {"body": "\ud800"}, {},
     {"body": base64.b64encode(b'"\xff"').decode(), "isBase64Encoded": True}],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused_with_the_reason(members):
    answer = answer_of(lambda request, exh: request.json(), {**api_event("POST"), **members}, method="POST")
    assert (answer["statusCode"], list(content(answer))) == (400, ["message"])


@pytest.mark.parametrize("body", ["%%%", "e30", "e30=%", "e3 0=", "é", "e30==="])
def test_bytes_that_are_no_base64_are_refused(body):
    request = ApiRequest.from_event({**api_event("POST"), "body": body, "isBase64Encoded": True})
    with pytest.raises(ApiError, match="not base64"):
        _ = request.body


def test_a_repr_has_nothing_of_what_was_sent():
    request = ApiRequest.from_event(api_event("POST", "/Ada", query="name=Ada", headers={"x": "Ada"}, body="Ada"))
    assert "Ada" not in repr(request)


# Identity


def test_on_extra_horizon_the_gateways_headers_say_who_calls():
    request = ApiRequest.from_event(api_event(headers={"X-Other": "1"}))
    assert (request.caller, request.user_id) == (Caller(USER_ID, APPLICATION_ID), USER_ID)
    assert not any(name.startswith("x-exh") for name in request.headers)
    assert request.headers["x-other"] == "1"
    assert ApiRequest.from_event(api_event(user_id=None)).caller is None


FORGED = [
    "x-exh-requesting-user-id",
    "X-ExH-Requesting-User-Id",
    "X-EXH-REQUESTING-USER-ID",
    "x-exh-requesting-User-id",
]


@pytest.mark.parametrize("name", FORGED)
def test_on_extra_horizon_the_spelling_does_not_count(name):
    event = api_event(user_id=None)
    event["headers"][name] = USER_ID
    assert ApiRequest.from_event(event).user_id == USER_ID


def test_two_spellings_of_the_callers_header_are_nobody():
    event = api_event()
    event["headers"]["X-ExH-Requesting-User-Id"] = OTHER_ID
    assert ApiRequest.from_event(event).caller is None


@pytest.mark.parametrize("value", ["", "x", USER_ID.upper(), f"{USER_ID},{OTHER_ID}", f"{USER_ID}\n", f" {USER_ID}"])
def test_a_header_without_a_valid_id_is_no_caller(value):
    assert ApiRequest.from_event(api_event(headers={"x-exh-requesting-user-id": value})).caller is None


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        *((name, None) for name in FORGED),
        *((FORGED[0], each) for each in ({}, {"sub": USER_ID}, {"exh_user_id": "x"}, {"exh_user_id": [USER_ID]})),
    ],
)
def test_on_aws_a_header_is_nobody_without_a_token(name, claims):
    event = aws_event(headers={name: USER_ID, "x-exh-requesting-application-id": APPLICATION_ID}, claims=claims)
    answer = answer_of(echo, event, public=False)
    assert (answer["statusCode"], answer["headers"]["WWW-Authenticate"]) == (401, "Bearer")
    assert content(answer_of(echo, event))["user"] is None


@pytest.mark.parametrize("name", FORGED)
def test_on_aws_a_header_changes_nothing_beside_a_token(name):
    event = aws_event(headers={name: OTHER_ID}, claims={"sub": OTHER_ID, "exh_user_id": USER_ID})
    assert ApiRequest.from_event(event).caller == Caller(USER_ID)
    assert not any(each.startswith("x-exh") for each in ApiRequest.from_event(event).headers)


@pytest.mark.parametrize("member", ["accountId", "apiId", "authorizer", "domainName", "routeKey", "stage"])
def test_whatever_shows_that_an_event_is_from_aws_is_enough(member):
    event = api_event()
    event["requestContext"][member] = {} if member == "authorizer" else "x"
    assert ApiRequest.from_event(event).caller is None
    assert ApiRequest.from_event({**api_event(), "routeKey": "$default"}).caller is None


@pytest.mark.parametrize("authorizer", ["x", [], {"jwt": None}, {"jwt": {"claims": "x"}}, {"lambda": {}}, {"iam": {}}])
def test_other_authorizers_name_nobody(authorizer):
    event = aws_event(headers={"x-exh-requesting-user-id": USER_ID})
    event["requestContext"]["authorizer"] = authorizer
    assert ApiRequest.from_event(event).caller is None


def test_the_claim_can_be_chosen():
    event = aws_event(claims={"custom:exh_id": USER_ID, "exh_user_id": OTHER_ID})
    assert content(answer_of(echo, event, public=False, user_id_claim="custom:exh_id"))["user"] == USER_ID


def test_a_request_without_a_user_is_answered_with_401_before_the_function_runs():
    answer = answer_of(lambda request, exh: pytest.fail("called"), api_event(user_id=None), public=False)
    assert (answer["statusCode"], content(answer)) == (401, {"message": "this needs an authenticated user"})


def test_two_requests_on_a_warm_worker_know_nothing_of_each_other(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", log)
    app = ApiFunction(origins=[])
    app.get("/<it>", public=True)(echo)
    first = app.handler(api_event(path="/one", query="a=1"), None)
    held = [value for value in vars(BaseRouter).values() if "one" in str(getattr(value, "raw_event", ""))]
    assert (held, app._router.context) == ([], {})
    second = app.handler(api_event(path="/two", user_id=None), None)
    third = app.handler(api_event("GET", "/"), None)
    assert (content(first)["user"], content(second), third["statusCode"]) == (
        USER_ID, {"it": "two", "query": {}, "user": None}, 404,
    )  # fmt: skip
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line.get("user_id"), line.get("route"), line["cold_start"]) for line in lines] == [
        (USER_ID, "/<it>", True), (None, "/<it>", False), (USER_ID, None, False),
    ]  # fmt: skip


def test_the_client_has_the_deadline_of_each_invocation():
    class Context:
        aws_request_id = "r"
        milliseconds = 29_000

        def get_remaining_time_in_millis(self):
            return self.milliseconds

    app, context, clients = ApiFunction(origins=[]), Context(), []
    app.get("/")(lambda request, exh: clients.append((exh, exh.deadline.remaining())))
    for context.milliseconds in (29_000, 5_000):
        app.handler(api_event(), context)
    (first, long), (second, short) = clients
    assert first is second
    assert 28 < long < 29
    assert 4 < short < 5


def test_a_request_that_fails_leaves_nothing_for_the_next():
    app = ApiFunction(origins=[])

    @app.get("/fail")
    def fail(request, exh):
        raise KeyError(request.user_id)

    app.get("/", public=True)(echo)
    with pytest.raises(KeyError):
        app.answer(api_event(path="/fail"), None)
    assert "current_event" not in vars(BaseRouter)
    assert content(app.answer(api_event(user_id=None), None))["user"] is None


# Routes


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_each_method_has_its_routes(method):
    app = ApiFunction(origins=[])
    getattr(app, method)("/a")(lambda request, exh: {"method": request.method})
    assert content(app.answer(api_event(method.upper(), "/a"), None)) == {"method": method.upper()}
    other = "POST" if method == "get" else "GET"
    assert app.answer(api_event(other, "/a"), None)["statusCode"] == 404


@pytest.mark.parametrize(
    "result", [{"a": 1}, Response(200, "application/pdf", b"%PDF"), Response(200, "text/plain", "a")]
)
def test_head_is_answered_as_get_without_the_body(result):
    get = answer_of(lambda request, exh: result)
    head = answer_of(lambda request, exh: result, api_event("HEAD"), method="GET")
    assert head == {**get, "body": "", "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("result", "status", "kind", "body"),
    [({"a": 1}, 200, "application/json", '{"a":1}'), ([], 200, "application/json", "[]"), (None, 204, None, ""),
     (({"id": 1}, 201), 201, "application/json", '{"id":1}'),
     (Response(200, "text/csv", "a,b"), 200, "text/csv", "a,b"),
     (Response(202, body=[1]), 202, "application/json", "[1]"), (Response(304), 304, None, ""),
     (Response(200, "application/json", b"{}"), 200, "application/json", "{}"),
     (Response(204, "application/json"), 204, "application/json", ""), (Response(499), 499, None, ""),
     (Response(200, body=1.5), 200, "application/json", "1.5")],
)  # fmt: skip
def test_what_a_route_may_return(result, status, kind, body):
    answer = answer_of(lambda request, exh: result)
    assert (answer["statusCode"], answer["headers"].get("Content-Type"), answer["body"]) == (status, kind, body)
    assert answer["isBase64Encoded"] is False
    assert parse_reply(answer).status == status


def test_bytes_are_answered_in_base64():
    answer = answer_of(lambda request, exh: Response(200, "application/octet-stream", b"\xff\x00"))
    assert (answer["body"], answer["isBase64Encoded"]) == ("/wA=", True)
    assert parse_reply(answer).body == b"\xff\x00"


def test_the_largest_file_fits_into_an_answer():
    answer = answer_of(lambda request, exh: Response(200, "application/pdf", b"x" * LARGEST_FILE))
    assert 6 * 1024 * 1024 - 10_000 < len(json.dumps(answer)) <= 6 * 1024 * 1024


def test_no_answer_is_cached_unless_it_says_so():
    assert answer_of(lambda request, exh: {})["headers"]["Cache-Control"] == "no-store"
    mine = Response(200, headers={"cache-control": "max-age=60"})
    assert answer_of(lambda request, exh: mine)["headers"]["cache-control"] == "max-age=60"
    assert "Cache-Control" not in answer_of(lambda request, exh: mine)["headers"]


@pytest.mark.parametrize(
    "result",
    [Response(199), Response(100), Response(500), Response(503), Response("200"), Response(True), Response(0),
     ({}, 500), ({}, "201"), "text", 1, b"x", object(), ({}, 200, {}), Response(200, "text/html", {"a": 1}),
     Response(200, headers={"X-Name": "Zoë"}), Response(200, headers={"X": "a\r\nSet-Cookie: b"}),
     Response(200, headers={"X": "a\\b"}), Response(200, headers={"X": 1}), Response(200, headers={"X": None}),
     Response(200, headers={"X": ["a"]}), Response(200, headers={"X Y": "a"}), Response(200, headers={"": "a"}),
     Response(200, headers={1: "a"}), Response(200, "text/ö"), Response(200, cookies=["a=b"])],
)  # fmt: skip
def test_what_the_platform_cannot_send_is_an_error(result):
    with pytest.raises(InvalidApiResponseError):
        answer_of(lambda request, exh: result)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"x"])
def test_what_is_no_json_is_an_error(value):
    with pytest.raises((TypeError, ValueError)):
        answer_of(lambda request, exh: {"value": value})


@given(st.text())
def test_a_header_is_sent_only_as_the_platform_takes_it(value):
    try:
        answer = answer_of(lambda request, exh: Response(200, headers={"X": value}))
    except InvalidApiResponseError:
        return
    assert parse_reply(answer).headers["X"] == value


# Refusals and failures


def test_a_refusal_is_answered_with_its_reasons():
    def refuse(request, exh):
        raise ApiError(409, "no", [("a", "expected b"), ("c", "expected d")], headers={"Retry-After": "5"})

    answer = answer_of(refuse)
    reasons = [{"field": "a", "reason": "expected b"}, {"field": "c", "reason": "expected d"}]
    assert (answer["statusCode"], content(answer)) == (409, {"message": "no", "reasons": reasons})
    assert answer["headers"]["Retry-After"] == "5"


@pytest.mark.parametrize("status", [200, 399, 500, 503, 0])
def test_a_refusal_has_a_status_that_says_so(status):
    with pytest.raises(ValueError, match="400 to 499"):
        ApiError(status, "no")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), InternalServerError("x"), ZeroDivisionError()])
def test_an_exception_passes_through_as_it_is(error, capfd):
    def fail(request, exh):
        raise error

    with pytest.raises(type(error)) as raised:
        answer_of(fail)
    assert raised.value is error
    assert raised.traceback[-1].name == "fail"
    assert capfd.readouterr() == ("", "")  # Lambda logs it; the router would have, too


def test_system_exit_ends_the_process_of_a_function():
    with pytest.raises(SystemExit):
        answer_of(lambda request, exh: sys.exit(1))


def test_a_client_error_of_the_router_is_a_refusal():
    def refuse(request, exh):
        raise NotFoundError("gone")

    assert (answer_of(refuse)["statusCode"], content(answer_of(refuse))) == (404, {"message": "gone"})


# Pages of other origins


def preflight(origin):
    return api_event("OPTIONS", "/a", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}, user_id=None)


def app_for_pages(**options):
    app = ApiFunction(**options)
    app.post("/a")(echo)
    return app


@pytest.mark.parametrize("origin", [CLINIC, PORTAL])
def test_a_page_of_a_configured_origin_may_call(origin):
    app = app_for_pages(origins=[CLINIC, PORTAL], allow_headers=["If-Match"])
    asked = app.answer(preflight(origin), None)
    assert asked["statusCode"] == 204
    assert asked["headers"]["Access-Control-Allow-Origin"] == origin
    assert asked["headers"]["Access-Control-Allow-Methods"] == "OPTIONS,POST"
    assert {"If-Match", "Authorization"} <= set(asked["headers"]["Access-Control-Allow-Headers"].split(","))
    for event in (
        api_event("POST", "/a", headers={"origin": origin}),
        api_event("GET", "/x", headers={"origin": origin}),
    ):
        headers = app.answer(event, None)["headers"]
        assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (origin, "Origin")
    assert parse_reply(asked).status == 204


@pytest.mark.parametrize(
    ("origins", "origin"),
    [
        *(([CLINIC, PORTAL], each) for each in ("https://evil.example.com", f"{CLINIC}.evil.com")),
        *(([CLINIC, PORTAL], each) for each in ("null", "*", CLINIC.upper())),
        ([], CLINIC),
    ],
)
def test_a_page_of_another_origin_may_not(origins, origin):
    app = app_for_pages(origins=origins)
    for event in (preflight(origin), api_event("POST", "/a", headers={"origin": origin})):
        assert "Access-Control-Allow-Origin" not in app.answer(event, None)["headers"]


def test_origins_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("CORS_ORIGINS", f" {CLINIC}, {PORTAL},")
    assert app_for_pages().answer(preflight(PORTAL), None)["headers"]["Access-Control-Allow-Origin"] == PORTAL
    monkeypatch.delenv("CORS_ORIGINS")
    assert app_for_pages().answer(preflight(PORTAL), None)["statusCode"] == 404


@pytest.mark.parametrize("origin", ["*", "clinic.example.com", f"{CLINIC}/", "null", "", "https://*.example.com"])
def test_an_invalid_origin_raises_at_once(origin):
    with pytest.raises(ValueError, match="is not an origin"):
        ApiFunction(origins=[origin])
