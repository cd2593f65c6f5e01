"""The function behind the platform's gateway: real sockets, a process of its own, its own user."""

import json

import httpx
import pytest
from exh_dev.testing import api_event
from extrahorizon.api import LARGEST_FILE
from extrahorizon.errors import BadRequestError, NotFoundError, PlatformError

API = "/tasks/v1/api/patient-api/patients"
PATIENT = "5f0a1b2c3d4e5f6071829301"
GOOD = {"systolic": 147, "diastolic": 93, "timestamp": "2026-01-15T11:25:00+01:00"}
PNG = b"\x89PNG\r\n\x1a\n\xff\x00"
FORGED = ["x-exh-requesting-user-id", "X-ExH-Requesting-User-Id", "X-EXH-REQUESTING-USER-ID"]


@pytest.fixture
def me(prepared, platform):
    return platform.credentials.user_id


def test_a_patient_stores_and_reads_over_http(exh, me):
    mine = f"{API}/{me}/measurements"
    created = exh.session.request("POST", mine, json=GOOD)
    assert created.status_code == 201
    place = httpx.URL(f"http://localhost{mine}").join(created.headers["location"]).path
    assert exh.session.call("GET", place) == created.json()
    assert exh.session.request("POST", mine, json=GOOD).status_code == 200
    page = exh.session.request("GET", f"{mine}?limit=1&from=2026-01-15T11:00:00%2B01:00")
    assert (page.json()["items"], page.headers["cache-control"]) == ([created.json()], "no-store")
    head = exh.session.request("HEAD", mine)
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/json")

    photo = exh.session.request("POST", f"{API}/{me}/photos", data=PNG, headers={"Content-Type": "image/png"})
    image = exh.session.request("GET", f"{API}/{me}/{photo.headers['location']}")
    assert (image.content, image.headers["content-type"]) == (PNG, "image/png")


def test_the_largest_photo_goes_both_ways(exh, me):
    content, headers = PNG.ljust(LARGEST_FILE, b"\xff"), {"Content-Type": "image/png"}
    photo = exh.session.request("POST", f"{API}/{me}/photos", data=content, headers=headers)
    assert exh.session.request("GET", f"{API}/{me}/{photo.headers['location']}").content == content
    with pytest.raises(PlatformError) as raised:
        exh.session.request("POST", f"{API}/{me}/photos", data=content + b"\xff", headers=headers)
    assert raised.value.status == 413


def test_refusals_arrive_with_their_reasons(exh, me):
    with pytest.raises(BadRequestError) as raised:
        exh.session.request("GET", f"{API}/{me}/measurements?limit=1&limit=2")
    assert raised.value.body["reasons"] == [{"field": "limit", "reason": "expected once"}]
    with pytest.raises(BadRequestError) as raised:
        exh.session.request("POST", f"{API}/{me}/measurements", data=b"{", headers={"Content-Type": "application/json"})
    assert raised.value.body["message"] == "the body is expected to be JSON, in UTF-8"
    for bad in ("..%2F..%2Fusers", "%F0%9F%A9%BA", "x"):
        with pytest.raises(BadRequestError) as raised:
            exh.session.request("GET", f"{API}/{bad}/measurements")
        assert raised.value.body["reasons"][0]["field"] == "patient_id"


@pytest.mark.parametrize("name", FORGED)
def test_the_gateway_takes_forged_headers_away(exh, platform, me, name):
    forged = {name: PATIENT, "x-exh-requesting-application-id": PATIENT}
    assert exh.session.request("GET", f"{API}/{me}/measurements", headers=forged).status_code == 200
    with pytest.raises(NotFoundError):
        exh.session.request("GET", f"{API}/{PATIENT}/measurements", headers=forged)
    nobody = httpx.get(f"{platform.url}{API}/{PATIENT}/measurements", headers=forged)
    assert (nobody.status_code, nobody.json()["code"]) == (401, 104)


def test_without_a_login_the_platform_answers_even_a_preflight(platform, me):
    """Its permission mode is `allUsers`; `docs/functions.md` says what that means for pages of other origins."""
    headers = {"Origin": "https://clinic.example.com", "Access-Control-Request-Method": "GET"}
    assert httpx.options(f"{platform.url}{API}/{me}/measurements", headers=headers).status_code == 401


def test_pages_may_read_nothing_while_no_origin_is_configured(exh, me):
    headers = {"Origin": "https://clinic.example.com"}
    answer = exh.session.request("GET", f"{API}/{me}/measurements", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://clinic.example.com", True), ("https://evil.example.com", False)]
)
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_pages_of_the_configured_origin_alone_may_read(run_function, me, method, origin, allowed):
    event = api_event(method, f"/patients/{me}/measurements", headers={"origin": origin}, user_id=me)
    answer = run_function("patient-api", event, env={"CORS_ORIGINS": "https://clinic.example.com"}).result
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert (headers.get("access-control-allow-origin") == origin) is allowed


@pytest.mark.parametrize(
    ("case", "status"),
    [(None, 200), ("create", 201), ("photo", 201), ("photo-known", 200), ("report", 200), ("foreign", 404),
     ("aws", 200), ("aws-unauthenticated", 401)],
)  # fmt: skip
def test_each_sample_event_is_answered(run_function, sample, me, case, status):
    invocation = run_function("patient-api", sample("patient-api", case))
    assert invocation.result["statusCode"] == status


def test_a_measurement_that_is_stored_is_analyzed(run_function, sample, seed, exh):
    seed("patient-api")
    answer = run_function("patient-api", sample("patient-api", "create")).result
    schema = exh.data.schemas.find_first("eq(name,blood-pressure-reading)")
    (task,) = exh.tasks.find("eq(functionName,assess-blood-pressure)")
    assert task["data"] == {"schemaId": schema["id"], "documentId": json.loads(answer["body"])["id"]}


def test_a_failure_is_the_platforms_1406_with_the_name_of_the_exception(exh, me):
    exh.data.schemas.disable("blood-pressure-reading")
    with pytest.raises(PlatformError) as raised:
        exh.session.request("POST", f"{API}/{me}/measurements", json=GOOD)
    assert (raised.value.code, raised.value.body["runtimeError"]["name"]) == (1406, "IllegalStateError")
