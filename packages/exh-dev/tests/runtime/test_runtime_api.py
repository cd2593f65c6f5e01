"""The Runtime API refuses what no runtime client sends."""

import json

import pytest

from exh_dev.runtime.api import RuntimeApi, Work
from exh_dev.runtime.reports import InitFailed, Raised, Ready, Returned

BASE = "/2018-06-01/runtime"


@pytest.fixture
def reports():
    return []


@pytest.fixture
def api(reports):
    api = RuntimeApi(reports.append)
    yield api
    api.close()


def work():
    return Work(request_id="id-1", event=b'{"a": 1}', function_arn="arn:f", deadline=1_700_000_000.5)


def test_an_invocation_comes_with_the_headers_of_lambda(api, reports):
    api.offer(work())

    answer = api.answer("GET", f"{BASE}/invocation/next", b"")

    assert [type(report) for report in reports] == [Ready]
    assert answer.body == b'{"a": 1}'
    trace = answer.headers["Lambda-Runtime-Trace-Id"]
    assert answer.headers == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "1700000000500",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:f",
        "Lambda-Runtime-Trace-Id": trace,
    }


@pytest.mark.parametrize(
    ("path", "body", "report"),
    [
        ("invocation/id-1/response", b"1", Returned),
        ("invocation/id-1/error", b'{"errorType": "E"}', Raised),
        ("init/error", b'{"errorType": "E"}', InitFailed),
    ],
)
def test_the_runtime_api_accepts_results_and_errors(api, reports, path, body, report):
    api.offer(work())
    api.answer("GET", f"{BASE}/invocation/next", b"")

    assert api.answer("POST", f"{BASE}/{path}", body).status == 202
    assert isinstance(reports[-1], report)


def test_an_outcome_is_accepted_once(api):
    api.offer(work())
    api.answer("GET", f"{BASE}/invocation/next", b"")
    api.answer("POST", f"{BASE}/invocation/id-1/response", b"1")

    again = api.answer("POST", f"{BASE}/invocation/id-1/response", b"1")

    assert again.status == 400


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_wrong_request_id_is_refused(api, reports, kind):
    answer = api.answer("POST", f"{BASE}/invocation/other/{kind}", b"{}")

    assert answer.status == 400
    assert json.loads(answer.body)["errorType"] == "InvalidRequestID"
    assert reports == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", f"{BASE}/invocation/next"), ("GET", f"{BASE}/init/error")]
)
def test_an_unknown_path_of_the_runtime_api_is_refused(api, method, path):
    assert api.answer(method, path, b"").status == 404


def test_nothing_waits_for_work_after_closing(reports):
    api = RuntimeApi(reports.append)
    api.close()

    assert api.answer("GET", f"{BASE}/invocation/next", b"") is None
