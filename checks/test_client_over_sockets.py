"""The examples of the client's page, for the services that the local platform has, over real sockets."""

import runpy
from datetime import UTC, datetime, timedelta

import pytest
from exh_dev.platform.storage.ids import object_id
from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import PlatformError
from extrahorizon.login import OAuth1Application
from extrahorizon.query import rql
from extrahorizon.timestamps import parse
from uploads import code
from waiting import wait_for


@pytest.fixture
def snippet(project_root):
    return lambda name: runpy.run_path(str(project_root / "docs" / "snippets" / f"client_{name}.py"))


@pytest.fixture
def ecg(exh):
    """A schema of measurements that are classified, reviewed and archived."""
    exh.data.schemas.create(name="ecg", description="Electrocardiograms")
    for name, kind in (("pulse", "number"), ("conclusion", "string"), ("device", "string"), ("note", "string")):
        exh.data.properties.create("ecg", name=name, configuration={"type": kind})
    for status in ("classified", "reviewed", "archived"):
        exh.data.statuses.create("ecg", name=status)
    exh.data.transitions.update_creation("ecg", type="manual", toStatus="classified", actions=[{"type": "linkCreator"}])
    for name, origin, target in (("review", "classified", "reviewed"), ("archive", "reviewed", "archived")):
        exh.data.transitions.create("ecg", name=name, type="manual", fromStatuses=[origin], toStatus=target)


def test_data_rql_and_paging(snippet, exh, ecg):
    me = exh.users.me()["id"]
    ids = [exh.data.documents.create("ecg", {"pulse": pulse})["id"] for pulse in range(60, 85)]
    newest = rql.sort("-creationTimestamp").limit(1)
    assert snippet("data")["review_newest"](exh, me, "fine") == exh.data.documents.find_first("ecg", newest)["id"]
    assert snippet("data")["review_newest"](exh, object_id(), "fine") is None
    page_of = snippet("paging")["page_of"]
    first, second = page_of(exh, 0), page_of(exh, 1)
    assert (len(first[0]), len(second[0]), first[1]) == (20, 5, 25)
    assert sorted(first[0] + second[0]) == sorted(ids)
    assert snippet("paging")["archive_reviewed"](exh) == 1
    created = exh.data.documents.find_by_id("ecg", ids[0])["creationTimestamp"]
    query = snippet("rql")["urgent_since"](parse(created), me)
    assert list(exh.data.documents.find_all("ecg", query)) == []
    urgent = exh.data.documents.create("ecg", {"pulse": 130})
    assert [document["id"] for document in exh.data.documents.find_all("ecg", query)] == [urgent["id"]]
    exh.data.documents.update("ecg", urgent["id"], {"device": "watch", "note": "x"})
    assert exh.data.documents.find("ecg", "eq(data.device,watch)&contains(data.note)").total == 1


def test_files(snippet, exh, tmp_path):
    report = tmp_path / "a.pdf"
    report.write_bytes(b"%PDF" * 100_000)
    full, read = snippet("files")["publish"](exh, report, "m1")
    assert snippet("files")["fetch"](exh, read, tmp_path) == 400_000
    assert (tmp_path / "report.pdf").read_bytes() == report.read_bytes()
    assert exh.files.find_by_name("a.pdf", rql.eq("tags", "m1"))["size"] == 400_000
    assert exh.files.remove(full) == 1


def test_users(snippet, exh):
    me, group = exh.users.me()["id"], object_id()
    assert snippet("users")["enlist"](exh, me, group) is True
    assert snippet("users")["enlist"](exh, me, group) is False
    assert exh.users.group_roles.add_users_to_staff(rql=rql.eq("id", me), groups=[group]) == 1
    assert snippet("users")["staff_ids"](exh, group) == [me]


def test_auth(snippet, exh):
    exh.auth.applications.create(type="oauth1", name="app", description="An application")
    kept = []
    version = snippet("auth")["new_key"](exh, "app", "2.0", lambda *pair: kept.append(pair))
    found = exh.auth.applications.find_by_name("app")
    assert [each["id"] for each in found["versions"]] == [version]
    assert kept[0][0] == found["versions"][0]["consumerKey"]
    assert snippet("auth")["end_logins"](exh, object_id()) == 0


def test_tasks(snippet, exh):
    program = code({"main.py": "def handler(event, context):\n    return {'of': event['data']['measurementId']}\n"})
    exh.tasks.functions.create(name="classify-ecg", code=program, entryPoint="main.handler", runtime="python3.11")
    assert snippet("tasks")["classify_now"](exh, "m1") == {"of": "m1"}
    task_id = snippet("tasks")["classify_later"](exh, "m1")
    assert exh.tasks.find_by_id(task_id)["tags"] == ["ecg", "m1"]


def test_configurations(snippet, exh):
    me, group = exh.users.me()["id"], object_id()
    exh.users.add_patient_enlistment(me, group_id=group)
    exh.configurations.general.update({"patientConfiguration": {"reminderHour": 8, "units": "kg"}})
    exh.configurations.groups.update(group, {"patientConfiguration": {"units": "lb"}})
    assert snippet("configurations")["remind_at"](exh, me, group, 21) == 1
    assert snippet("configurations")["patient_settings"](exh, me, group) == {"reminderHour": 21, "units": "lb"}


def test_events_and_dispatchers(snippet, exh):
    program = code({"main.py": "def handler(event, context):\n    return {}\n"})
    exh.tasks.functions.create(name="review", code=program, entryPoint="main.handler", runtime="python3.11")
    run_at_each_review = snippet("dispatchers")["run_at_each_review"]
    assert run_at_each_review(exh, "review") == run_at_each_review(exh, "review")
    assert snippet("events")["last_review"](exh) is None
    event_id = snippet("events")["reviewed"](exh, "m1")
    assert snippet("events")["last_review"](exh).year >= 2026
    (task,) = wait_for(lambda: exh.tasks.find(rql.eq("functionName", "review")).items, seconds=20)
    assert (task["data"]["channel"], task["data"]["event"]["id"]) == ("mail", event_id)


def test_localizations(snippet, exh):
    assert snippet("localizations")["add_texts"](exh, {"greeting": "Hello", "bye": "Bye"}) == []
    assert snippet("localizations")["add_texts"](exh, {"greeting": "Hi"}) == ["greeting"]
    exh.localizations.update(localizations=[{"key": "bye", "text": {"NL": "Dag"}}])
    assert snippet("localizations")["texts"](exh, "NL", ["greeting", "bye", "none"]) == {
        "greeting": "Hello", "bye": "Dag", "none": "none",
    }  # fmt: skip


def test_logs(snippet, exh, platform):
    with pytest.raises(PlatformError):
        ExtraHorizon(OAuth1Application(platform.url, platform.credentials.consumer_key, "wrong")).users.me()
    before = datetime.now(UTC) - timedelta(minutes=5)
    refused = wait_for(lambda: list(exh.logs.access.find_all(rql.eq("httpStatus", 401))), seconds=20)
    assert len(refused) == 1
    assert snippet("logs")["refusals"](exh, object_id(), before) == {}


def test_mails_and_templates(snippet, exh):
    me = exh.users.me()
    exh.templates_v2.create(
        name="reminder", inputs={"firstName": {"type": "string"}},
        outputs={"subject": "{{@inputs.firstName}}", "body": "<b>{{@inputs.firstName}}</b>"},
    )  # fmt: skip
    mail_id = snippet("mails")["remind"](exh, me["id"], "clinic@example.com")
    assert exh.mails.find_by_id(mail_id)["subject"] == me["first_name"]
    exh.templates_v2.create(
        name="advice", inputs={"heartRate": {"type": "number"}}, outputs={"body": "{{number @inputs.heartRate}}"}
    )
    assert snippet("templates_v2")["advice"](exh, 1234, "NL") == "1.234"


def test_a_report(snippet, exh):
    pytest.importorskip("weasyprint", exc_type=OSError, reason="its libraries are not here")
    exh.templates_v2.create(
        name="report", inputs={"heartRate": {"type": "number"}}, outputs={"body": "<h1>{{@inputs.heartRate}}</h1>"}
    )
    assert exh.files.retrieve(snippet("templates_v2")["report"](exh, 72)).startswith(b"%PDF")


def test_notifications_and_profiles(snippet, exh):
    me, group = exh.users.me()["id"], object_id()
    assert snippet("notifications_v2")["tell_reviewed"](exh, me, "m1") is False
    assert snippet("notifications_v2")["register_phone"](exh, me, "firebase token") == 1
    assert snippet("notifications_v2")["tell_reviewed"](exh, me, "m1") is True
    exh.notifications.create(type="message", fields={"title": "t", "body": "b"}, user_id=me)
    assert snippet("notifications")["unseen"](exh) == {"message": 1}
    assert snippet("notifications")["see_all"](exh) == 1
    exh.profiles.create(id=me, country="BE", birthday="1980-01-01", gender=1)
    exh.profiles.groups.create(me, group_id=group, reason="x")
    exh.profiles.update(rql.eq("id", me), smoker=True)
    assert snippet("profiles")["smokers"](exh, group) == [me]
    assert snippet("profiles")["weigh"](exh, me, 71.5) == 1
    assert exh.profiles.find_by_id(me)["weight"] == 71.5
