"""The page about the client shows files that run."""

import runpy
from datetime import UTC, datetime

import pytest
from doc_blocks import check_blocks
from extrahorizon.errors import ResourceAlreadyExistsError, ResourceUnknownError
from extrahorizon.paging import Page
from extrahorizon.query import rql


@pytest.fixture
def snippet(project_root):
    return lambda name: runpy.run_path(str(project_root / "docs" / "snippets" / f"client_{name}.py"))


def queries(calls):
    return [str(call["rql"]) for call in calls]


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "client.md", "client")


def test_auth(snippet, fake_exh):
    functions = snippet("auth")
    kept = []
    applications, tokens = fake_exh.auth.applications, fake_exh.auth.oauth1.tokens
    applications.find_by_name.returns({"id": "a1", "versions": []}, None)
    applications.create_version.returns({"id": "v2", "consumerKey": "key", "consumerSecret": "secret"})
    assert functions["new_key"](fake_exh, "app", "2.0", lambda *pair: kept.append(pair)) == "v2"
    assert kept == [("key", "secret")]
    assert applications.create_version.calls == [{"application_id": "a1", "name": "2.0"}]
    with pytest.raises(LookupError):
        functions["new_key"](fake_exh, "none", "2.0", print)

    tokens.find_all.returns([{"id": "t1"}, {"id": "t2"}])
    tokens.remove.returns(1)
    assert functions["end_logins"](fake_exh, "u1") == 2
    assert queries(tokens.find_all.calls) == ["eq(userId,u1)"]
    assert tokens.remove.calls == [{"token_id": "t1"}, {"token_id": "t2"}]


def test_configurations(snippet, fake_exh):
    functions = snippet("configurations")
    configurations = fake_exh.configurations
    configurations.general.get.returns({"patientConfiguration": {"reminderHour": 8, "units": "kg", "tips": True}})
    configurations.groups.get.returns({"patientConfiguration": {"reminderHour": 9, "units": "lb"}})
    configurations.users.get.returns(
        {
            "patientConfigurations": [
                {"groupId": "g0", "data": {"units": "st"}},
                {"groupId": "g1", "data": {"reminderHour": 20}},
            ]
        },
        {},
    )
    assert functions["patient_settings"](fake_exh, "u1", "g1") == {"reminderHour": 20, "units": "lb", "tips": True}
    assert functions["patient_settings"](fake_exh, "u2", "g1") == {"reminderHour": 9, "units": "lb", "tips": True}
    assert configurations.groups.get.calls == [{"group_id": "g1"}] * 2
    assert configurations.users.get.calls == [{"user_id": "u1"}, {"user_id": "u2"}]

    configurations.patients.update.returns(1)
    assert functions["remind_at"](fake_exh, "u1", "g1", 7) == 1
    assert fake_exh.calls[-1] == (
        "configurations.patients.update",
        {"user_id": "u1", "group_id": "g1", "sections": {"data": {"reminderHour": 7}}},
    )


def test_data(snippet, fake_exh):
    review = snippet("data")["review_newest"]
    documents = fake_exh.data.documents
    documents.find_first.returns(None)
    assert review(fake_exh, "p1", "fine") is None
    documents.find_first.returns({"id": "d1", "data": {}})
    documents.wait_until_unlocked.returns({"id": "d1", "data": {}})
    documents.transition.returns(1)
    assert review(fake_exh, "p1", "fine") == "d1"
    assert fake_exh.calls[1:] == [
        (
            "data.documents.find_first",
            {
                "schema": "ecg",
                "rql": rql.eq("status", "classified").eq("creatorId", "p1").sort("-creationTimestamp"),
            },
        ),
        ("data.documents.wait_until_unlocked", {"schema": "ecg", "document_id": "d1"}),
        (
            "data.documents.transition",
            {
                "schema": "ecg",
                "document_id": "d1",
                "rql": rql.eq("status", "classified"),
                "name": "review",
                "data": {"conclusion": "fine"},
            },
        ),
    ]
    documents.transition.returns(0)
    assert review(fake_exh, "p1", "fine") is None
    documents.transition.raises(ResourceUnknownError(status=404, code=16))
    assert review(fake_exh, "p1", "fine") is None


def test_dispatchers(snippet, fake_exh):
    run_at_each_review = snippet("dispatchers")["run_at_each_review"]
    fake_exh.dispatchers.find_first.returns(None, {"id": "x1", "eventType": "measurement_reviewed"})
    fake_exh.dispatchers.create.returns({"id": "x1", "eventType": "measurement_reviewed"})
    assert [run_at_each_review(fake_exh, "tell") for _ in range(2)] == ["x1", "x1"]
    assert fake_exh.dispatchers.find_first.calls == [{"rql": rql.eq("name", "tell-at-review")}] * 2
    action = {"type": "task", "name": "run", "functionName": "tell", "data": {"channel": "mail"}}
    assert fake_exh.dispatchers.create.calls == [
        {"name": "tell-at-review", "eventType": "measurement_reviewed", "actions": [action]}
    ]


def test_events(snippet, fake_exh):
    functions = snippet("events")
    fake_exh.events.create.returns({"id": "e1", "type": "measurement_reviewed"})
    assert functions["reviewed"](fake_exh, "m1") == "e1"
    assert fake_exh.events.create.calls == [{"type": "measurement_reviewed", "content": {"measurementId": "m1"}}]
    fake_exh.events.find_first.returns({"id": "e1", "creation_timestamp": 1_639_179_000_000}, None)
    assert functions["last_review"](fake_exh) == datetime(2021, 12, 10, 23, 30, tzinfo=UTC)
    assert functions["last_review"](fake_exh) is None
    query = rql.eq("type", "measurement_reviewed").sort("-creation_timestamp")
    assert fake_exh.events.find_first.calls == [{"rql": query}] * 2


def test_files(snippet, fake_exh, tmp_path):
    functions = snippet("files")
    report = tmp_path / "report.pdf"
    fake_exh.files.create.returns({"name": "report.pdf", "tokens": [{"token": "full-1", "accessLevel": "full"}]})
    fake_exh.files.generate_token.returns({"token": "read-1", "accessLevel": "read"})
    assert functions["publish"](fake_exh, report, "m1") == ("full-1", "read-1")
    fake_exh.files.download.answers(lambda token, path: path.write_bytes(token.encode()) and path)
    assert functions["fetch"](fake_exh, "read-1", tmp_path) == 6
    assert fake_exh.calls == [
        ("files.create", {"file": report, "mimetype": "application/pdf", "tags": ["report", "m1"]}),
        ("files.generate_token", {"token": "full-1", "accessLevel": "read"}),
        ("files.download", {"token": "read-1", "path": report}),
    ]


def test_localizations(snippet, fake_exh):
    functions = snippet("localizations")
    fake_exh.localizations.get_by_keys.returns({"hi": {"NL": "hallo", "EN": "hello"}, "bye": {"EN": "goodbye"}})
    assert functions["texts"](fake_exh, "NL", ["hi", "bye", "what"]) == {
        "hi": "hallo",
        "bye": "goodbye",
        "what": "what",
    }
    fake_exh.localizations.create.returns({"created": 0, "existing": 1, "existing_ids": ["hi"]}, {"created": 1})
    assert functions["add_texts"](fake_exh, {"hi": "hello"}) == ["hi"]
    assert functions["add_texts"](fake_exh, {"yes": "yes"}) == []
    assert fake_exh.calls[:2] == [
        ("localizations.get_by_keys", {"localizations": ["hi", "bye", "what"], "localization_codes": ["NL"]}),
        ("localizations.create", {"localizations": [{"key": "hi", "text": {"EN": "hello"}}]}),
    ]


def test_logs(snippet, fake_exh):
    fake_exh.logs.access.find_all.returns([{"httpStatus": 401}, {"httpStatus": 403}, {"httpStatus": 401}])
    since = datetime(2021, 12, 10, tzinfo=UTC)
    assert snippet("logs")["refusals"](fake_exh, "a1", since) == {401: 2, 403: 1}
    query = rql.eq("applicationId", "a1").ge("timestamp", since).in_("httpStatus", [401, 403])
    assert fake_exh.calls == [("logs.access.find_all", {"rql": query})]


def test_mails(snippet, fake_exh):
    fake_exh.users.find_by_id.returns({"id": "u1", "email": "a@b.example", "first_name": "Ada", "language": "NL"})
    fake_exh.mails.send.returns({"id": "mail1"})
    assert snippet("mails")["remind"](fake_exh, "u1", "clinic@b.example") == "mail1"
    assert fake_exh.calls == [
        ("users.find_by_id", {"user_id": "u1"}),
        (
            "mails.send",
            {
                "from": "clinic@b.example",
                "recipients": {"to": ["a@b.example"]},
                "template_name": "reminder",
                "content": {"firstName": "Ada"},
                "language": "NL",
            },
        ),
    ]


def test_notifications(snippet, fake_exh):
    functions = snippet("notifications")
    fake_exh.notifications.find_all.returns([{"id": "1", "type": "link"}, {"id": "2", "type": "link"}])
    fake_exh.notifications.mark_as_viewed.returns(2)
    assert functions["unseen"](fake_exh) == {"link": 2}
    assert functions["see_all"](fake_exh) == 2
    new = rql.eq("viewed", False)
    assert fake_exh.calls == [
        ("notifications.find_all", {"rql": new.select(["id", "type"])}),
        ("notifications.mark_as_viewed", {"rql": new}),
    ]


def test_notifications_v2(snippet, fake_exh):
    functions = snippet("notifications_v2")
    fake_exh.notifications_v2.create.returns({"id": "n1", "sent": True}, {"id": "n2"})
    fake_exh.notifications_v2.user_settings.add_or_update_device.returns(1)
    assert [functions["tell_reviewed"](fake_exh, "u1", "m1") for _ in range(2)] == [True, False]
    assert functions["register_phone"](fake_exh, "u1", "firebase") == 1
    sent = fake_exh.notifications_v2.create.calls[0]
    assert (sent["targetUserId"], sent["data"]) == ("u1", {"measurementId": "m1"})
    assert fake_exh.calls[-1] == (
        "notifications_v2.user_settings.add_or_update_device",
        {"user_id": "u1", "device_name": "phone", "fcmToken": "firebase"},
    )


def test_payments(snippet, fake_exh):
    functions = snippet("payments")
    entitlements = fake_exh.payments.subscriptions.entitlements
    entitlements.find_first.returns({"id": "s1"}, None)
    fake_exh.payments.orders.add_tags_to_order.returns(2)
    assert [functions["has_premium"](fake_exh, "u1") for _ in range(2)] == [True, False]
    assert functions["mark_delivered"](fake_exh, ["o1", "o2"]) == 2
    current = "eq(subscriptionGroup,premium)&in(statusCategory,engaged,active%255Fbut%255Flosing)&eq(userId,u1)"
    assert queries(entitlements.find_first.calls) == [current] * 2
    assert fake_exh.payments.orders.add_tags_to_order.calls == [
        {"rql": rql.in_("id", ["o1", "o2"]), "tags": ["delivered"]}
    ]


def test_profiles(snippet, fake_exh):
    functions = snippet("profiles")
    fake_exh.profiles.find_all.returns([{"id": "u1"}, {"id": "u2"}])
    fake_exh.profiles.update.returns(1)
    assert functions["smokers"](fake_exh, "g1") == ["u1", "u2"]
    assert functions["weigh"](fake_exh, "u1", 71.5) == 1
    assert queries(fake_exh.profiles.find_all.calls) == [
        "eq(groups.group_id,g1)&eq(smoker,true)&select(id)&sort(creation_timestamp)"
    ]
    assert fake_exh.profiles.update.calls == [{"rql": rql.eq("id", "u1"), "weight": 71.5}]


def test_tasks(snippet, fake_exh):
    functions = snippet("tasks")
    fake_exh.tasks.create.returns({"id": "t1"})
    fake_exh.tasks.functions.execute.returns({"id": "t2", "result": {"rhythm": "sinus"}})
    assert functions["classify_later"](fake_exh, "m1") == "t1"
    assert functions["classify_now"](fake_exh, "m1") == {"rhythm": "sinus"}
    data = {"measurementId": "m1"}
    assert fake_exh.calls == [
        ("tasks.create", {"functionName": "classify-ecg", "data": data, "tags": ["ecg", "m1"]}),
        ("tasks.functions.execute", {"function_name": "classify-ecg", "data": data}),
    ]


def test_templates(snippet, fake_exh, tmp_path):
    report = snippet("templates")["report"]
    path = tmp_path / "report.pdf"
    fake_exh.templates.find_by_name.returns({"id": "t1"}, None)
    fake_exh.templates.resolve_as_pdf.returns(b"%PDF-")
    assert report(fake_exh, "ecg", 61, path) == 5
    assert path.read_bytes() == b"%PDF-"
    assert report(fake_exh, "none", 61, path) is None
    assert fake_exh.calls == [
        ("templates.find_by_name", {"name": "ecg"}),
        ("templates.resolve_as_pdf", {"template_id": "t1", "content": {"heart_rate": 61}, "language": "NL"}),
        ("templates.find_by_name", {"name": "none"}),
    ]


def test_templates_v2(snippet, fake_exh):
    functions = snippet("templates_v2")
    fake_exh.templates_v2.resolve.returns({"body": "Rest."})
    fake_exh.tasks.functions.execute.returns({"id": "t1", "result": {"fileToken": "token"}})
    assert functions["advice"](fake_exh, 61, "NL") == "Rest."
    assert functions["report"](fake_exh, 61) == "token"
    inputs = {"heartRate": 61}
    assert fake_exh.calls == [
        ("templates_v2.resolve", {"template_id_or_name": "advice", "inputs": inputs, "language": "NL"}),
        (
            "tasks.functions.execute",
            {"function_name": "html-to-pdf", "data": {"templateName": "report", "inputs": inputs}},
        ),
    ]


def test_users(snippet, fake_exh):
    functions = snippet("users")
    fake_exh.users.add_patient_enlistment.returns(1)
    assert functions["enlist"](fake_exh, "u1", "g1") is True
    assert fake_exh.calls == [("users.add_patient_enlistment", {"user_id": "u1", "group_id": "g1"})]
    fake_exh.users.add_patient_enlistment.raises(ResourceAlreadyExistsError(status=400, code=17))
    assert functions["enlist"](fake_exh, "u1", "g1") is False

    second = Page([{"id": "s2"}], limit=1, offset=1, total=2)
    fake_exh.users.staff.returns(Page([{"id": "s1"}], limit=1, total=2, fetch=lambda *_: second))
    assert functions["staff_ids"](fake_exh, "g1") == ["s1", "s2"]
    assert queries(fake_exh.users.staff.calls) == ["eq(staff_enlistments.group_id,g1)&select(id)"]


def test_rql(snippet):
    functions = snippet("rql")
    assert str(functions["urgent_since"](datetime(2021, 12, 10, tzinfo=UTC), "p1")) == (
        "in(status,new,classified)&or(gt(data.pulse,120),excludes(data.pulse))&eq(creatorId,p1)"
        "&ge(creationTimestamp,2021%252D12%252D10T00%253A00%253A00%252E000Z)&sort(-creationTimestamp)"
    )
    assert str(functions["from_watch"]("a,b)")) == (
        "eq(data.device,watch)&contains(data.note)&like(data.name,a%252Cb%2529)"
    )


def test_paging(snippet, fake_exh):
    functions = snippet("paging")
    documents = fake_exh.data.documents
    documents.find.returns([{"id": "d1", "data": {}}, {"id": "d2", "data": {}}])
    assert functions["page_of"](fake_exh, 3) == (["d1", "d2"], 2)
    documents.find_all.returns([{"id": "d1", "data": {}}, {"id": "d2", "data": {}}])
    documents.transition.returns(1)
    assert functions["archive_reviewed"](fake_exh) == 2
    assert queries(documents.find.calls) == ["sort(-creationTimestamp)&limit(20,60)"]
    assert queries(documents.find_all.calls) == [
        "eq(status,reviewed)&select(id)&sort(creationTimestamp)&skipCount()&limit(100)"
    ]
    assert documents.transition.calls == [
        {"schema": "ecg", "document_id": id_, "name": "archive"} for id_ in ("d1", "d2")
    ]
