import pytest
import requests
from crashing import crash_at_every_call
from end_state import end_state, files_of
from exh_dev.testing import dispatcher_event, handle
from extrahorizon.errors import InvalidEventError, ResourceUnknownError, UnauthorizedTokenError
from extrahorizon.query import rql
from handlers.on_user_deleted import handler
from handlers.on_user_deleted.files import FileNotRemovedError, remove_file
from handlers.on_user_deleted.removal import remove_user
from waiting import wait_for

NAME = "on-user-deleted"
GONE, OTHER = "68498c63b1b0b8de8a6228a1", "68498c63b1b0b8de8a6228a2"
EVENT = "6968c2c1daa1233c99132a01"
OWN, SHARED = "6968c223f7f029ecb98abe11", "6968c223f7f029ecb98abe12"
CLINICS = "6968c223f7f029ecb98abe13"
KNOWN = f"{GONE} {OTHER} {EVENT}"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": "x"},
        {"event": {"id": EVENT, "type": "user_deleted"}},
        {"event": {"id": EVENT, "type": "user_deleted", "content": {"id": 5}}},
        {"event": {"type": "user_deleted", "content": {"id": GONE}}},
        {"event": {"id": EVENT, "type": "user_created", "content": {"id": GONE}}},
    ],
)
def test_an_event_that_names_nobody_is_refused(data, fake_exh):
    with pytest.raises(InvalidEventError):
        handle(handler, {"data": data}, fake_exh)
    assert fake_exh.calls == []


def test_what_goes_and_what_stays(exh, exh_of, seed):
    seed(NAME)
    done = remove_user(exh_of(NAME), GONE, EVENT)
    assert done == {"deleted": 1, "anonymised": 1, "unlinked": 1, "files": 3, "mails": 1}
    documents = exh.data.documents
    assert documents.find_by_id("blood-pressure-reading", OWN) is None
    shared = documents.find_by_id("blood-pressure-reading", SHARED)
    assert (shared["userIds"], shared["data"]["patient"]) == ([OTHER], OTHER)
    kept = documents.find_by_id("clinic-blood-pressure-reading", CLINICS)
    assert kept["userIds"] == []
    assert kept["data"].keys() == {"clinic", "timestamp", "systolic", "diastolic", "category"}
    assert files_of(exh) == 0
    profile = exh.profiles.find_first(rql.eq("id", GONE))
    assert {name: profile[name] for name in ("country", "birthday", "gender")} == {
        "country": "",
        "birthday": "1900-01-01",
        "gender": 0,
    }
    assert not profile.keys() & {"city", "physician"}
    (audit,) = documents.find("user-removal").items
    assert audit["data"] == {"event": EVENT}
    assert GONE not in str(audit)


def test_more_than_a_page_is_removed(exh, exh_of):
    for number in range(55):
        measured = {"timestamp": f"2026-01-15T10:{number:02}:00.000Z", "systolic": 120, "diastolic": 80}
        exh.data.documents.create("blood-pressure-reading", {"patient": GONE, **measured})
    assert remove_user(exh_of(NAME), GONE, EVENT)["deleted"] == 55
    assert exh.data.documents.find("blood-pressure-reading").total == 0


def test_a_user_who_is_still_there_loses_nothing(exh, exh_of, seed):
    seed(NAME)
    before = end_state(exh, KNOWN)
    assert remove_user(exh_of(NAME), OTHER, EVENT) == {"still_there": True}
    assert end_state(exh, KNOWN) == before


def test_a_file_is_deleted_though_the_document_may_only_read_it(exh, exh_of, seed):
    seed(NAME)
    (file,) = exh.files.find(rql.eq("creatorId", GONE)).items
    token = exh.files.generate_token(file["tokens"][0]["token"], accessLevel="read")["token"]
    exh.data.documents.update("blood-pressure-reading", OWN, {"report": token})
    remove_user(exh_of(NAME), GONE, EVENT)
    assert file["tokens"][0]["token"] not in str(exh.files.find().items)


def test_a_file_that_is_not_in_the_list_is_not_passed_over(fake_exh):
    fake_exh.files.remove.raises(UnauthorizedTokenError(status=401, code=2606))
    fake_exh.files.find_first.returns(None)
    with pytest.raises(FileNotRemovedError, match="the file 6968c223f7f029ecb98abf01 has"):
        remove_file(fake_exh, "6968c223f7f029ecb98abf01-3f0e6a52-9c1b-4d7e-8a52-0d6c1b7e4f01")


def test_what_a_doctor_uploaded_for_others_stays(exh, exh_of, seed):
    seed(NAME)
    (upload,) = exh.files.find(rql.eq("creatorId", GONE)).items
    exh.data.documents.update("blood-pressure-reading", SHARED, {"report": upload["tokens"][0]["token"]})
    remove_user(exh_of(NAME), GONE, EVENT)
    assert exh.files.retrieve(upload["tokens"][0]["token"])


def test_a_file_with_the_users_id_as_its_tag_goes_too(exh, exh_of):
    exh.files.create(b"photo", name="left over", tags=[GONE])
    exh.files.create(b"photo", name="of another", tags=[OTHER])
    assert remove_user(exh_of(NAME), GONE, EVENT)["files"] == 1
    assert [file["name"] for file in exh.files.find()] == ["of another"]


def test_mails_about_the_users_documents_go(exh, exh_of, seed):
    seed(NAME)
    content = {
        "firstName": "x",
        "timestamp": "2026-01-10T08:00:00.000Z",
        "systolic": 1,
        "diastolic": 2,
        "category": "x",
    }
    for document_id in (OWN, CLINICS, SHARED):
        exh.mails.send(
            recipients={"to": ["somebody@example.com"]},
            template_name="mail-analysis",
            content={"documentId": document_id, **content},
        )
    assert remove_user(exh_of(NAME), GONE, EVENT)["mails"] == 3  # one is the seed's
    assert [mail["content"]["documentId"] for mail in exh.mails.find()] == [SHARED]


def test_what_the_clinics_staff_sees_too_goes_when_it_is_the_users(exh, exh_of, platform, project):
    recording = {
        "id": "6968c223f7f029ecb98abe14",
        "creatorId": GONE,
        "groupIds": ["67c81290fe7042cb74a5576f"],
        "data": {"file": "6968c223f7f029ecb98abf04-3f0e6a52-9c1b-4d7e-8a52-0d6c1b7e4f04"},
    }
    body = {"documents": {"psg-recording": [recording]}}
    assert requests.post(f"{platform.url}/_dev/seed", json=body, timeout=5).ok
    assert remove_user(exh_of(NAME), GONE, EVENT)["deleted"] == 1
    for schema in exh.data.schemas.find_all():
        assert GONE not in str(exh.data.documents.find(schema["id"]).items)


def test_the_same_event_twice_is_done_once(exh, exh_of, seed):
    seed(NAME)
    remove_user(exh_of(NAME), GONE, EVENT)
    before = end_state(exh, KNOWN)
    assert not any(remove_user(exh_of(NAME), GONE, EVENT).values())
    assert end_state(exh, KNOWN) == before


@pytest.mark.slow
def test_a_crash_after_any_call_changes_nothing_in_the_end(exh, exh_of, seed):
    def prepare():
        for audit in exh.data.documents.find_all("user-removal"):
            exh.data.documents.remove("user-removal", audit["id"])
        seed(NAME)

    crashes, states = crash_at_every_call(
        lambda client: remove_user(client, GONE, EVENT),
        lambda: exh_of(NAME),
        prepare,
        lambda: (end_state(exh, KNOWN), files_of(exh)),
    )
    assert crashes > 20
    assert all(state == states[0] for state in states)


def test_deleting_an_account_sets_it_off(exh, seed):
    seed("assess-blood-pressure")
    exh.users.remove("68498c63b1b0b8de8a6228f6")
    finished = rql.eq("functionName", NAME).in_("status", ["complete", "failed"])
    (task,) = wait_for(lambda: exh.tasks.find(finished).items)
    assert task["status"] == "complete"
    assert exh.data.documents.find("blood-pressure-reading").total == 0
    with pytest.raises(ResourceUnknownError):
        exh.users.find_by_id("68498c63b1b0b8de8a6228f6")


def test_the_event_builder_gives_what_it_takes(exh_of):
    event = dispatcher_event("user_deleted", {"id": GONE})
    assert handle(handler, event, exh_of(NAME))["deleted"] == 0
