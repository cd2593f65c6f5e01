"""Half characters, and numbers that JSON does not have: in what is sent, logged and received."""

import io
import json
import math
import re
from decimal import Decimal

import pytest
import responses

from extrahorizon.api import ApiFunction, InvalidApiResponseError, Response
from extrahorizon.api_request import ApiError, ApiRequest
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import ConfigurationError, ExtraHorizonError, InvalidEventError, InvalidResponseError
from extrahorizon.handler_checks import check_result
from extrahorizon.log import logger
from extrahorizon.login import OAuth2Authentication
from extrahorizon.multipart import Multipart
from extrahorizon.query import RQLSyntaxError, rql
from extrahorizon.queue import UnsentTasksError, send_tasks
from extrahorizon.queue import _task as task_of

pytestmark = pytest.mark.usefixtures("over_requests")

HOST = "https://api.acme.io"
DEEP = "[" * 100_000
#: What of a text is cut, and what JSON.stringify makes of it.
HALVES = {"cut \ud83d": b'"cut \\ud83d"', "\ude00 cut": b'"\\ude00 cut"', "\ud83d\ude00": b'"\\ud83d\\ude00"'}
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".5"]


def chained(error):
    """What can be read of an error, and of what hangs on it."""
    texts = []
    while error is not None:
        texts.append(f"{error!r} {error.args!r} {vars(error)!r}")
        error = error.__cause__ or error.__context__
    return " ".join(texts)


@pytest.fixture
def exh():
    return ExtraHorizon(Credentials(HOST, "k", "cs", "t", "ts"))


@pytest.fixture
def http():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add(responses.POST, f"{HOST}/data/v1/s/documents", json={"id": "1"})
        mock.add(responses.POST, f"{HOST}/files/v1/", json={"tokens": []})
        mock.add(responses.POST, f"{HOST}/mail/v1/", json={"id": "1"})
        yield mock


# What is sent


@pytest.mark.parametrize(("text", "sent"), HALVES.items())
def test_a_lone_surrogate_in_a_body_is_sent_as_javascript_sends_it(text, sent, exh, http):
    exh.data.documents.create("s", {"t": text, text: 1})
    body = http.calls[0].request.body
    assert body == b'{"t":' + sent + b"," + sent + b":1}"
    assert json.loads(body)["t"] in (text, text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@pytest.mark.parametrize("text", HALVES)
def test_a_mail_may_have_a_lone_surrogate(text, exh, http):
    exh.mails.send(recipients={"to": ["jan@example.com"]}, subject=text, body=text)
    assert json.loads(http.calls[0].request.body)["subject"].isprintable() is (text == "\ud83d\ude00")


@pytest.mark.parametrize(("text", "sent"), [("cut \ud83d", "cut \ufffd"), ("\udc00", "\ufffd"), ("\ud83d\ude00", "😀")])
def test_a_lone_surrogate_in_a_form_is_sent_as_browsers_send_it(text, sent, exh, http):
    exh.files.create(b"content", name=text, tags=[text])
    exh.files.create_from_text(text)
    named, plain = (b"".join(call.request.body) for call in http.calls)
    assert f'filename="{sent}"'.encode() in named
    assert sent.encode() in plain
    part = b"".join(Multipart(b"", filename="f", before=[("a", text)], after=[(text, "b")]))
    assert part.count(sent.encode()) == 2


@pytest.mark.parametrize("half", ["\ud83d", "Doe \udc00"])
def test_a_lone_surrogate_that_cannot_be_sent_is_refused_without_quoting_the_value(half, exh):
    calls = [
        lambda: exh.session.get(f"/data/v1/{half}"),
        lambda: exh.session.get(f"/data/v1/s/documents?eq(data.name,{half})"),
        lambda: exh.data.documents.remove("s", half),
        lambda: exh.data.documents.find("s", rql.eq("data.name", half)),
        lambda: Credentials(HOST, "k", half, "t", "ts"),
        lambda: OAuth2Authentication(HOST, "client", half),
        lambda: check_result({"a": half}),
    ]
    for call in calls:
        with pytest.raises((ValueError, ConfigurationError, RQLSyntaxError), match="half ") as raised:
            call()
        assert not isinstance(raised.value, UnicodeError)
        assert "Doe" not in chained(raised.value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN")])
def test_a_body_with_nan_or_infinity_is_refused_before_it_is_sent(number, exh, http):
    with pytest.raises(ValueError, match="JSON"):
        exh.session.post("/data/v1/s/documents", json={"v": [number]})
    assert not http.calls


def test_a_body_that_is_nested_too_deeply_is_refused(exh, http):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        exh.session.post("/data/v1/s/documents", json=deep)
    assert not http.calls


# What is received


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000, '{"message": "Doe"'])
@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_nested_too_deeply_or_cut_short_is_a_typed_error(text, status, exh):
    with responses.RequestsMock() as http:
        http.post(f"{HOST}/data/v1/s/documents", status=status, body=text)
        with pytest.raises(ExtraHorizonError) as raised:
            exh.data.documents.create("s", {})
    assert isinstance(raised.value, InvalidResponseError) is (status == 200)
    assert "Doe" not in chained(raised.value)


def request(body):
    http = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/x", "headers": {}}
    return ApiRequest.from_event({**http, "body": body, "isBase64Encoded": False})


@pytest.mark.parametrize("body", [*(f'{{"v":{number}}}' for number in NO_NUMBERS), "NaN", '{"v":[1,{"w":1e999}]}'])
def test_a_request_with_nan_infinity_or_a_number_out_of_range_is_refused(body):
    with pytest.raises(ApiError) as raised:
        request(body).json()
    assert raised.value.status == 400


@pytest.mark.parametrize("body", [DEEP, '{"name": "Doe"', '{"name": "Doe \ud83d"}', '{"name": "Doe", "v": 1e999}'])
def test_a_request_that_is_not_json_is_refused_without_quoting_it(body):
    with pytest.raises(ApiError) as raised:
        request(body).json()
    assert "Doe" not in chained(raised.value)


@pytest.mark.parametrize(("text", "sent"), HALVES.items())
def test_a_lone_surrogate_in_a_request_is_answered_as_its_escape(text, sent, exh):
    app = ApiFunction()

    @app.post("/x", public=True)
    def echo(request, exh):
        return {"t": request.json()["t"]}

    event = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/x", "headers": {}}
    answer = app.answer({**event, "body": json.dumps({"t": text})}, exh)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"t": json.loads(sent)}
    answer["body"].encode()


def test_an_answer_of_text_with_a_lone_surrogate_raises(exh):
    app = ApiFunction()

    @app.get("/x", public=True)
    def cut(request, exh):
        return Response(200, "text/plain", "cut \ud83d")

    event = {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/x", "headers": {}}
    with pytest.raises(InvalidApiResponseError, match="half a character"):
        app.answer(event, exh)


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_message_with_nan_or_infinity_is_poison(number):
    with pytest.raises(InvalidEventError) as raised:
        task_of(f'{{"id": "1", "data": {{"name": "Doe", "v": {number}}}}}')
    assert "Doe" not in chained(raised.value)


# The queue


class Queue:
    def __init__(self):
        self.bodies = []

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803 - boto3's names
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {}


@pytest.fixture
def queue(monkeypatch):
    queue = Queue()
    monkeypatch.setenv("WORK_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/work")
    monkeypatch.setattr("extrahorizon.queue._aws", lambda _: queue)
    return queue


@pytest.mark.parametrize("text", ["\uffff", "a\ufffeb", "\x00", "\x1f\x7f\x85", *HALVES, "é 😀"])
def test_tasks_hold_no_character_that_sqs_refuses(text, queue):
    assert send_tasks([{"id": text, "data": {"t": text}}]) == 1
    (body,) = queue.bodies
    allowed = "[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"  # the documentation of SendMessage
    assert re.fullmatch(allowed, body)
    assert json.loads(body) == json.loads(json.dumps({"id": text, "data": {"t": text}}))


@pytest.mark.parametrize(
    ("number", "at"), [(math.nan, 0), (math.nan, 3), (math.nan, 25), (math.inf, 3), (-math.inf, 3)]
)
def test_a_task_with_nan_or_infinity_is_not_sent_and_the_tasks_before_it_are_counted(number, at, queue):
    tasks = [{"id": str(each), "data": {"v": number if each == at else 1}} for each in range(30)]
    with pytest.raises(UnsentTasksError, match="NaN, Infinity") as raised:
        send_tasks(tasks)
    sent = at // 10 * 10
    assert (raised.value.sent, len(queue.bodies)) == (sent, sent)
    assert raised.value.unsent == tuple(str(each) for each in range(sent, at + 1))


# The log


def logged(**extra):
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    before = logger.logger_handler.stream
    logger.logger_handler.setStream(stream)
    try:
        logger.info("n", extra=extra)
    finally:
        logger.logger_handler.setStream(before)

    def refuse(constant):
        raise ValueError(constant)

    (line,) = out.getvalue().splitlines()
    return json.loads(line, parse_constant=refuse)


@pytest.mark.parametrize(("number", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_nan_and_infinity_are_logged_as_strings(number, text):
    line = logged(x=number, y={"z": [1.5, number, (number,)]}, fine=2)
    assert (line["message"], line["x"], line["y"], line["fine"]) == ("n", text, {"z": [1.5, text, [text]]}, 2)


@pytest.mark.parametrize("value", [10**5000, -(10**5000), Decimal("NaN"), {math.nan: 1}, {10**20: "x"}], ids=range(5))
def test_a_number_that_cannot_be_written_loses_no_log_line(value):
    assert logged(x=value)["message"] == "n"


@pytest.mark.parametrize("text", HALVES)
def test_a_lone_surrogate_is_logged_as_its_escape(text, capsys):
    assert logged(x=text)["x"] == json.loads(json.dumps(text))
    assert "Logging error" not in capsys.readouterr().err


def test_what_cannot_be_printed_is_logged_by_its_class():
    class Broken:
        def __str__(self):
            raise RuntimeError("no")

    assert logged(x=Broken())["x"] == "<Broken>"
