"""The routes against a local platform, as the function's own user; the function itself runs in this process."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from crashing import crash_at_every_call
from exh_dev.runtime.events import api_event
from extrahorizon.api import LARGEST_FILE
from extrahorizon.errors import PlatformUnreachableError, ServerError
from extrahorizon.log import logger
from extrahorizon.query import rql
from handlers.patient_api.routes import app

PATIENT, STAFF = "5f0a1b2c3d4e5f6071829301", "5f0a1b2c3d4e5f6071829302"
STRANGER, STRANGERS_STAFF = "5f0a1b2c3d4e5f6071829303", "5f0a1b2c3d4e5f6071829304"
CLINIC, NOBODY = "5f0a1b2c3d4e5f6071829310", "5f0a1b2c3d4e5f60718293ff"
OLDER, NEWER, STRANGERS = "5f0a1b2c3d4e5f6071829321", "5f0a1b2c3d4e5f6071829322", "5f0a1b2c3d4e5f6071829323"
MEASUREMENTS, PHOTOS = "blood-pressure-reading", "patient-photo"
PNG = b"\x89PNG\r\n\x1a\n" + b"a photo"
GOOD = {"systolic": 147, "diastolic": 93, "timestamp": "2026-01-15T11:25:00+01:00"}


@pytest.fixture
def own(prepared, exh_of):
    """The function's client."""
    return exh_of("patient-api")


@pytest.fixture
def call(own):
    def call(method, path, *, user=PATIENT, exh=None, **options):
        return app.answer(api_event(method, path, user_id=user, **options), exh or own)

    return call


def content(answer):
    return json.loads(answer["body"])


def ids(answer):
    assert answer["statusCode"] == 200
    return [item["id"] for item in content(answer)["items"]]


def stored_files(exh):
    """The files that the function stored; the seed's have no tags."""
    return exh.files.find(rql.eq("tags", PHOTOS))


def photo_options():
    return {"body": PNG, "headers": {"content-type": "image/png"}}


ROUTES = [
    ("GET", "measurements", {}),
    ("POST", "measurements", {"json": GOOD}),
    ("GET", f"measurements/{OLDER}", {}),
    ("GET", f"measurements/{OLDER}/report", {}),
    ("GET", "photos", {}),
    ("POST", "photos", photo_options()),
    ("GET", f"photos/{OLDER}", {}),
]


# Who may see whom


@pytest.mark.parametrize(("method", "path", "options"), ROUTES)
def test_somebody_elses_patient_and_one_there_is_not_look_alike(fake_exh, method, path, options):
    """Without a platform: the answers of the users service decide alone."""
    fake_exh.users.staff.returns([{"id": STAFF, "staff_enlistments": [{"group_id": CLINIC}]}])
    answers = []
    for patients in ([], [{"id": STRANGER, "patient_enlistments": [{"group_id": NOBODY, "expired": False}]}]):
        fake_exh.users.patients.returns(patients)
        fake_exh.calls.clear()
        answer = app.answer(api_event(method, f"/patients/{STRANGER}/{path}", user_id=STAFF, **options), fake_exh)
        answers.append((answer, [name for name, _ in fake_exh.calls]))
    assert answers[0] == answers[1]
    assert (answers[0][0]["statusCode"], answers[0][1]) == (404, ["users.staff", "users.patients"])


@pytest.mark.parametrize(("method", "path", "options"), ROUTES)
def test_every_route_asks_who_calls_and_checks_ids_before_any_call(fake_exh, method, path, options):
    for user, patient, status in (
        (None, PATIENT, 401),
        (PATIENT, "..%2F..%2Fusers", 400),
        (PATIENT, "%F0%9F%A9%BA", 400),
    ):
        event = api_event(method, f"/patients/{patient}/{path}", user_id=user, **options)
        assert app.answer(event, fake_exh)["statusCode"] == status
    assert fake_exh.calls == []


@pytest.mark.parametrize("path", ["measurements/{}", "measurements/{}/report", "photos/{}"])
@pytest.mark.parametrize("bad", ["x", "%2e%2e", "..%2Fphotos", OLDER.upper(), f"{OLDER}%0A", "%C3%A9", "eq(id,1)"])
def test_hostile_ids_of_records_are_400_before_any_call(fake_exh, path, bad):
    event = api_event("GET", f"/patients/{PATIENT}/{path.format(bad)}", user_id=PATIENT)
    assert app.answer(event, fake_exh)["statusCode"] == 400
    assert fake_exh.calls == []


def test_a_patient_and_the_staff_of_the_clinic_see_the_same(call):
    path = f"/patients/{PATIENT}/measurements"
    assert ids(call("GET", path)) == ids(call("GET", path, user=STAFF)) == [NEWER, OLDER]


def test_everybody_else_is_told_that_there_is_nothing(call):
    for user, patient in (
        (PATIENT, STRANGER), (STRANGER, PATIENT), (STAFF, STRANGER), (STRANGERS_STAFF, PATIENT), (NOBODY, PATIENT),
        (STAFF, NOBODY), (STAFF, STRANGERS_STAFF), (PATIENT, STAFF),
    ):  # fmt: skip
        for method, path, options in ROUTES:
            answer = call(method, f"/patients/{patient}/{path}", user=user, **options)
            assert answer["statusCode"] == 404
            assert content(answer) == {"message": "there is no such patient, or you may not see them"}


def test_an_enlistment_counts_until_it_expires(call, exh):
    path = f"/patients/{STRANGER}/measurements"
    exh.users.add_patient_enlistment(STRANGER, group_id=CLINIC, expiry_timestamp=4102444800000)
    assert ids(call("GET", path, user=STAFF)) == [STRANGERS]
    exh.users.remove_patient_enlistment(STRANGER, CLINIC)
    exh.users.add_patient_enlistment(STRANGER, group_id=CLINIC, expiry_timestamp=1577836800000)
    assert call("GET", path, user=STAFF)["statusCode"] == 404


def test_an_enlistment_that_does_not_say_whether_it_expired_does_not_count(fake_exh):
    fake_exh.users.staff.returns([{"id": STAFF, "staff_enlistments": [{"group_id": CLINIC}]}])
    fake_exh.users.patients.returns([{"id": PATIENT, "patient_enlistments": [{"group_id": CLINIC}]}])
    answer = app.answer(api_event("GET", f"/patients/{PATIENT}/measurements", user_id=STAFF), fake_exh)
    assert answer["statusCode"] == 404


def test_another_patients_records_are_not_under_ones_own_path(call, exh):
    stored = call("POST", f"/patients/{STRANGER}/photos", user=STRANGER, **photo_options())
    for path in (f"measurements/{STRANGERS}", f"measurements/{STRANGERS}/report", f"photos/{content(stored)['id']}"):
        foreign, unknown = (call("GET", f"/patients/{PATIENT}/{each}") for each in (path, path.replace("5f0a", "0000")))
        assert (foreign["statusCode"], foreign["body"]) == (404, unknown["body"])


# Measurements


def test_measurements_come_in_pages_newest_first(call):
    path = f"/patients/{PATIENT}/measurements"
    first, second = (content(call("GET", path, query=f"limit=1&offset={offset}")) for offset in (0, 1))
    assert (first["page"], second["page"]) == (
        {"total": 2, "offset": 0, "limit": 1}, {"total": 2, "offset": 1, "limit": 1},
    )  # fmt: skip
    assert [*first["items"], *second["items"]] == content(call("GET", path))["items"]
    assert first["items"] == [
        {"id": NEWER, "status": "created", "systolic": 128.9, "diastolic": 77.7,
         "timestamp": "2026-01-12T08:00:00.000Z", "hasReport": False},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [("from=2026-01-11", [NEWER]), ("to=2026-01-11T00:00:00Z", [OLDER]), ("from=2026-01-12T08:00:00Z", [NEWER]),
     ("to=2026-01-12T08:00:00Z", [OLDER]), ("from=2026-01-10T09:00:00%2B01:00&to=2026-01-13", [NEWER, OLDER]),
     ("from=2027-01-01", [])],
)  # fmt: skip
def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(call, query, found):
    assert ids(call("GET", f"/patients/{PATIENT}/measurements", query=query)) == found


def test_a_bad_query_makes_no_call(fake_exh):
    event = api_event("GET", f"/patients/{PATIENT}/measurements", query="limit=0&from=x&from=y&z=1", user_id=PATIENT)
    answer = app.answer(event, fake_exh)
    assert [reason["field"] for reason in content(answer)["reasons"]] == ["query", "from", "limit"]
    assert fake_exh.calls == []


def test_a_measurement_is_stored_for_the_patient_of_the_path(call, exh):
    answer = call("POST", f"/patients/{PATIENT}/measurements", user=STAFF, json=GOOD, base64_encoded=True)
    assert answer["statusCode"] == 201
    place = urljoin(f"/patients/{PATIENT}/measurements", answer["headers"]["Location"])
    assert content(call("GET", place)) == content(answer)
    document = exh.data.documents.find_by_id(MEASUREMENTS, content(answer)["id"])
    assert (document["userIds"], document["data"]["patient"]) == ([PATIENT], PATIENT)
    assert document["data"]["timestamp"] == "2026-01-15T10:25:00.000Z"


def test_the_same_measurement_again_is_the_one_there_is(call, exh):
    path = f"/patients/{PATIENT}/measurements"
    first = call("POST", path, json=GOOD)
    again = call("POST", path, json={**GOOD, "timestamp": "2026-01-15T10:25:00Z", "systolic": 147.0}, user=STAFF)
    assert (again["statusCode"], content(again)["id"]) == (200, content(first)["id"])
    assert again["headers"]["Location"] == first["headers"]["Location"]
    other = call("POST", path, json={**GOOD, "systolic": 148})
    assert other["statusCode"] == 409
    assert exh.data.documents.find(MEASUREMENTS, rql.eq("data.patient", PATIENT)).total == 3
    assert call("POST", f"/patients/{STRANGER}/measurements", user=STRANGER, json=GOOD)["statusCode"] == 201


def test_the_same_measurement_many_times_at_once_is_one_document(call, exh_of, exh):
    def post(_):
        return call("POST", f"/patients/{PATIENT}/measurements", json=GOOD, exh=exh_of("patient-api"))

    from handlers.patient_api import measurements

    with ThreadPoolExecutor(4) as pool:  # the router answers one request at a time, as a Lambda does
        clients = [exh_of("patient-api") for _ in range(4)]
        data = {"systolic": 147, "diastolic": 93, "timestamp": "2026-01-15T10:25:00.000Z"}
        stored = list(pool.map(lambda client: measurements.add(client, PATIENT, data), clients))
    assert len({record["id"] for record, _ in stored}) == 1
    assert sorted(is_new for _, is_new in stored) == [False, False, False, True]
    assert post(None)["statusCode"] == 200


def test_a_body_never_names_the_patient(call, exh):
    answer = call("POST", f"/patients/{PATIENT}/measurements", json={**GOOD, "patient": STRANGER})
    assert (answer["statusCode"], content(answer)["reasons"][0]["field"]) == (400, "patient")
    assert exh.data.documents.find(MEASUREMENTS).total == 3


# Reports


@pytest.fixture
def with_report(exh):
    def store(report):
        token = exh.files.create(report, name="r.pdf", mimetype="application/pdf")["tokens"][0]["token"]
        exh.data.documents.update(MEASUREMENTS, NEWER, {"report": token})
        return token

    return store


def test_a_report_is_sent_as_a_pdf_and_its_token_never(call, with_report):
    token = with_report(b"%PDF-1.7 \xff\x00")
    answer = call("GET", f"/patients/{PATIENT}/measurements/{NEWER}/report", user=STAFF)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "application/pdf")
    assert (answer["body"], answer["isBase64Encoded"]) == ("JVBERi0xLjcg/wA=", True)
    assert f'filename="blood-pressure-{NEWER}.pdf"' in answer["headers"]["Content-Disposition"]
    for path in ("measurements", f"measurements/{NEWER}"):
        answer = call("GET", f"/patients/{PATIENT}/{path}")
        assert '"hasReport":true' in answer["body"]
        assert token not in answer["body"]


def test_a_report_that_is_not_there_or_too_large_is_said_to_be(call, with_report, exh):
    path = f"/patients/{PATIENT}/measurements/{NEWER}/report"
    assert content(call("GET", path)) == {"message": "there is no report on this measurement yet"}
    exh.files.remove(with_report(b"%PDF"))
    assert content(call("GET", path)) == {"message": "the report on this measurement was deleted"}
    with_report(b"x" * (LARGEST_FILE + 1))
    answer = call("GET", path)
    assert answer["statusCode"] == 413
    assert f"at most {LARGEST_FILE}" in content(answer)["message"]
    with_report(b"x" * LARGEST_FILE)
    assert call("GET", path)["statusCode"] == 200
    assert call("HEAD", path)["body"] == ""


# Photos


def test_a_photo_is_stored_and_sent_back_as_it_was(call, exh):
    answer = call("POST", f"/patients/{PATIENT}/photos", user=STAFF, **photo_options())
    assert answer["statusCode"] == 201
    place = urljoin(f"/patients/{PATIENT}/photos", answer["headers"]["Location"])
    image = call("GET", place)
    assert (image["headers"]["Content-Type"], image["isBase64Encoded"]) == ("image/png", True)
    assert image["body"] == api_event(body=PNG)["body"]
    listed = call("GET", f"/patients/{PATIENT}/photos", query="limit=1")
    assert content(listed)["items"] == [content(answer)]
    (file,) = exh.files.find(rql.eq("tags", PATIENT))
    assert file["tokens"][0]["token"] not in answer["body"] + listed["body"]


def test_the_same_photo_again_is_the_one_there_is(call, exh):
    answers = [call("POST", f"/patients/{PATIENT}/photos", **photo_options()) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [201, 200]
    assert content(answers[0]) == content(answers[1])
    assert stored_files(exh).total == 1
    other = call("POST", f"/patients/{STRANGER}/photos", user=STRANGER, **photo_options())
    assert other["statusCode"] == 201


def test_a_photo_that_was_deleted_is_said_to_be(call, exh):
    record = exh.data.documents.find_first(PHOTOS)
    path = f"/patients/{PATIENT}/photos/{record['id']}"
    assert call("GET", path)["statusCode"] == 200
    exh.files.remove(record["data"]["file"])
    answer = call("GET", path)
    assert (answer["statusCode"], content(answer)) == (404, {"message": "the photo was deleted"})


def test_the_same_photo_twice_at_once_leaves_one_file(own, exh, monkeypatch):
    """The other request stores it between this one's look and its own storing."""
    from handlers.patient_api import photos

    photo = photos.Photo(PNG, "image/png")
    find_first, looks = own.data.documents.find_first, []

    def look(schema, query):
        looks.append(query)
        known = find_first(schema, query)
        if len(looks) == 1:
            photos.add(own, PATIENT, photo)
        return None if len(looks) == 1 else known

    monkeypatch.setattr(own.data.documents, "find_first", look)
    record, is_new = photos.add(own, PATIENT, photo)
    assert is_new is False
    assert stored_files(exh).total == 1
    assert exh.data.documents.find(PHOTOS, rql.eq("data.patient", PATIENT)).total == 2
    assert record["size"] == len(PNG)


@pytest.mark.parametrize(
    "error", [PlatformUnreachableError("cut off", method="POST", url="/"), ServerError(status=500)]
)
def test_a_file_that_may_be_in_use_stays_and_is_logged(own, exh, monkeypatch, error):
    from handlers.patient_api import photos

    log = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", log)

    def fail(schema, data):
        raise error

    monkeypatch.setattr(own.data.documents, "create", fail)
    with pytest.raises(type(error)):
        photos.add(own, PATIENT, photos.Photo(PNG, "image/png"))
    assert stored_files(exh).total == 1
    last = json.loads(log.getvalue().splitlines()[-1])
    assert (last["level"], last["message"]) == ("WARNING", "a file may be left that nothing refers to")
    assert exh.files.find_by_name(last["digest"]) is not None


def test_photos_go_with_the_user(call, exh, exh_of):
    from handlers.on_user_deleted.removal import remove_user

    assert call("POST", f"/patients/{PATIENT}/photos", **photo_options())["statusCode"] == 201
    exh.users.remove(PATIENT)
    remove_user(exh_of("on-user-deleted"), PATIENT, "6968c27029c638eee478c90c")
    assert exh.data.documents.find(PHOTOS).total == 0
    assert stored_files(exh).total == 0


def test_a_file_whose_record_was_refused_goes(own, exh):
    from extrahorizon.errors import IllegalArgumentError
    from handlers.patient_api import photos

    with pytest.raises(IllegalArgumentError):
        photos.add(own, PATIENT, photos.Photo(b"GIF89a", "image/gif"))  # the schema knows no such type
    assert stored_files(exh).total == 0


@pytest.mark.parametrize(("collection", "options"), [("measurements", {"json": GOOD}), ("photos", photo_options())])
def test_a_crash_anywhere_and_the_same_request_again_end_the_same(prepared, exh, exh_of, collection, options):
    schema = {"measurements": MEASUREMENTS, "photos": PHOTOS}[collection]
    unreferenced = []

    def prepare():
        for document in exh.data.documents.find_all(schema):
            exh.data.documents.remove(schema, document["id"])
        for file in list(exh.files.find()):
            exh.files.remove(file["tokens"][0]["token"])
        prepared()

    def run(client):
        event = api_event("POST", f"/patients/{PATIENT}/{collection}", user_id=STAFF, **options)
        assert app.answer(event, client)["statusCode"] in {200, 201}

    def state():
        documents = list(exh.data.documents.find(schema))
        files = {file["tokens"][0]["token"] for file in stored_files(exh)}
        used = {document["data"].get("file") for document in documents} & files
        unreferenced.append(len(files - used))
        data = sorted(json.dumps({**document["data"], "file": None}, sort_keys=True) for document in documents)
        return data, len(used)

    crashes, states = crash_at_every_call(run, lambda: exh_of("patient-api"), prepare, state)
    assert crashes == {"measurements": 3, "photos": 5}[collection]
    assert all(each == states[0] for each in states)
    assert max(unreferenced) <= 1
