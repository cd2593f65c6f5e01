"""The calls that a run made of the platform, each of them whole."""

import asyncio
import json
import time
from contextlib import closing
from threading import Event

import pytest
import requests
from folder_projects import MANIFEST, SCHEMA
from waiting import wait_for

from exh_dev.errors import DevkitError
from exh_dev.platform import pacing
from exh_dev.platform.dev import function_calls
from exh_dev.platform.dev.change_notifications import Changes
from exh_dev.platform.dev.function_calls import Calls
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks import run_retention
from exh_dev.platform.tasks import runs as run_records
from exh_dev.platform.tasks.run_list import DETAILS, RUNS
from exh_dev.platform.tasks.run_retention import BODIES
from exh_dev.platform.tasks.runs import Runs

pytestmark = pytest.mark.slow

CALLER = """\
import gzip

from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    for method, path, options in task.data["calls"]:
        if "text" in options:
            options["data"] = (options.pop("text") * options.pop("times", 1)).encode()
        if options.pop("packed", False):
            options["data"] = gzip.compress(options["data"])
        try:
            exh.session.request(method, path, **options)
        except Exception as error:
            print(type(error).__name__)
"""
JSON = {"headers": {"Content-Type": "application/json"}}
PERMISSIONS = "[CREATE_TASKS, VIEW_DOCUMENTS, CREATE_FILE, SEND_MAIL]"
FILES = {
    "template.yaml": f"{MANIFEST}        executionCredentials: {{permissions: {PERMISSIONS}}}\n",
    "handlers/analyze.py": CALLER,
    "schemas/pulse.json": SCHEMA,
}


@pytest.fixture
def calling(serve):
    """Make calls by a function; return the run, and each of its calls whole."""
    center = serve(FILES)

    def call(*calls):
        run = center.invoke("analyze", {"data": {"calls": calls}})
        assert run["status"] == "OK", run["failure"]
        whole = [center.get(f"/runs/{run['id']}/calls/{each['number']}") for each in run["calls"]]
        return run, whole

    call.center = center
    return call


@pytest.fixture
def schema_id(calling):
    return calling.center.exh.data.schemas.find_by_name("pulse")["id"]


def body(call, part="request"):
    return call[part]["body"]


def test_what_is_not_there_is_refused(calling):
    run, _ = calling(["GET", "/users/v1/me", {}])
    with pytest.raises(DevkitError, match=f"The run {run['id']} has no call 2"):
        calling.center.get(f"/runs/{run['id']}/calls/2")
    with pytest.raises(DevkitError, match="There is no run 6968c1b48ab34b7d6e654701"):
        calling.center.get("/runs/6968c1b48ab34b7d6e654701/calls/1")
    for number in ("x", "-1", "1.5", "9" * 40):
        answer = requests.get(f"{calling.center.url}/_dev/api/runs/{run['id']}/calls/{number}", timeout=5)
        assert answer.status_code == 404


def test_a_refusal_names_the_permission_that_was_missing(calling, schema_id):
    run, (view, create, user) = calling(
        ["GET", "/users/v1/applications", {}],
        ["POST", "/data/v1/", {"json": {"name": "other", "description": "x"}}],
        ["PUT", "/users/v1/6968c1b48ab34b7d6e654701", {"json": {"first_name": "x"}}],
    )
    assert view["status"] >= 400
    assert (create["status"], create["error"]["code"], create["error"]["name"]) == (401, 10, "NO_PERMISSION_EXCEPTION")
    assert create["error"]["message"] == "This call needs the permission CREATE_SCHEMAS"
    assert create["error"]["check"]["permission"] == ["CREATE_SCHEMAS"]
    assert create["checks"] == [{"permission": "CREATE_SCHEMAS", "outcome": "refused"}]
    assert "held" not in json.dumps(run)
    assert user["checks"][0]["outcome"] == "refused"


def test_each_outcome_of_a_permission_check_is_shown(calling, schema_id):
    _, (granted, own) = calling(["GET", f"/data/v1/{schema_id}/documents", {}], ["GET", "/users/v1/", {}])
    assert granted["checks"] == [{"permission": "VIEW_DOCUMENTS:pulse", "outcome": "globally"}]
    assert own["checks"] == [{"permission": "VIEW_USER", "outcome": "own data"}]


def test_a_permission_of_a_role_in_a_group_is_shown_with_the_group(calling, schema_id):
    center, group = calling.center, object_id()
    document = center.exh.data.documents.create(schema_id, {"pulse": 5})
    center.exh.data.documents.link_groups(schema_id, document["id"], groupIds=[group])
    role = {"id": object_id(), "group_id": group, "name": "nurse", "description": ""}
    permissions = ["UPDATE_DOCUMENTS"]

    def enlist():
        store = center.platform._store
        stamps = {"creation_timestamp": 0, "update_timestamp": 0}
        store.put("group_roles", {**role, "permissions": permissions, **stamps})
        user = store.one("users", "email", "exh.tasks+analyze@extrahorizon.com")
        enlistment = {"group_id": group, "role_ids": [role["id"]], **stamps}
        store.put("users", {**user, "staff_enlistments": [enlistment]})

    center.platform.call(enlist)
    _, (call,) = calling(["PUT", f"/data/v1/{schema_id}/documents/{document['id']}", {"json": {"pulse": 6}}])
    assert call["status"] == 200
    assert {"permission": "UPDATE_DOCUMENTS:pulse", "outcome": "by group", "groups": [group]} in call["checks"]
    assert [(each["kind"], each["change"]) for each in call["changes"]] == [("document", "changed")]


def test_secrets_are_nowhere_in_a_run_nor_on_disk(serve, tmp_path):
    center = serve(FILES, data_dir=tmp_path / "data")
    secrets = [f"hidden-{number}" for number in range(9)]
    calls = [
        [
            "POST",
            "/auth/v2/oauth2/tokens",
            {"json": {"grant_type": "password", "password": secrets[0], "code": secrets[1]}},
        ],
        ["POST", "/auth/v2/oauth1/tokens", {"json": {"email": "a@example.com", "password": secrets[2]}}],
        ["GET", f"/users/v1/me?token={secrets[3]}", {}],
        ["GET", f"/users/v1/?eq(api_key,{secrets[4]})", {}],
        ["GET", "/users/v1/me", {"headers": {"X-Api-Key": secrets[5]}}],
        ["POST", "/data/v1/x/documents", {"json": {"deep": [{"accessToken": secrets[6]}]}}],
        ["POST", "/data/v1/x/documents", {"text": '{"pass\\u0077ord": "' + secrets[7] + '"}'}],
        ["POST", "/users/v1/activation", {"json": {"hash": secrets[8]}}],
    ]
    run = center.invoke("analyze", {"data": {"calls": calls}})
    assert len(run["calls"]) == len(calls)
    shown = [center.get(f"/runs/{run['id']}/calls/{each['number']}") for each in run["calls"]]
    kept = center.platform.call(lambda: center.platform._store.text(BODIES, run["id"]))
    for text in (json.dumps(run["calls"]), json.dumps(shown), kept):
        assert not [secret for secret in secrets if secret in text]
        assert "uthorization" not in text
    assert shown[0]["request"]["body"]["json"] == {
        "grant_type": "password", "password": "[redacted]", "code": "[redacted]",
    }  # fmt: skip
    assert shown[2]["query"] == "[redacted]"
    assert shown[3]["rql"]["terms"] == [{"operator": "eq", "field": "api_key", "value": "[redacted]"}]
    assert shown[4]["request"]["headers"]["x-api-key"] == "[redacted]"
    assert body(shown[5])["json"] == {"deep": [{"accessToken": "[redacted]"}]}


def test_only_the_files_id_is_shown_of_a_files_token(serve, tmp_path):
    center = serve(FILES, data_dir=tmp_path / "data")
    tokens = [center.exh.files.create(b"hello", name="a.txt")["tokens"][0]["token"] for _ in range(3)]
    first, second, third = tokens
    spelt = third.replace("-", "%2D")
    calls = [
        ["GET", f"/files/v1/{first}/file", {}],
        ["DELETE", f"/files/v1/{first}/tokens/{second}", {}],
        ["PUT", f"/files/v1/{first}", {"json": {}}],  # the answer's message has the path
        ["GET", f"/users/v1/me?file={first}", {}],
        ["GET", f"/users/v1/me?file={spelt}", {}],
        ["GET", f"/files/v1/?like(name,{first})", {}],
        ["GET", f"/files/v1/{spelt}/details", {}],
        ["GET", "/users/v1/me", {"headers": {"X-File": first}}],
        ["POST", "/data/v1/x/documents", {"json": {"report": first, "other": [second]}}],
        ["POST", "/data/v1/x/documents", {"text": '{"report": "' + first.replace("-", "\\u002d") + '"}', **JSON}],
        ["POST", "/data/v1/x/documents", {"text": f"see {first}", "headers": {"Content-Type": "text/plain"}}],
    ]
    run = center.invoke("analyze", {"data": {"calls": calls}})
    requests.get(f"{center.url}/files/v1/{second}/nothing", timeout=5)
    requests.get(f"{center.url}/users/v1/{second}", timeout=5)
    shown = [center.get(f"/runs/{run['id']}/calls/{number}") for number in range(1, len(calls) + 1)]
    kept = [center.platform.call(lambda name=name: center.platform._store.part(name, run["id"], "calls"))
            for name in (DETAILS, BODIES)]  # fmt: skip
    told = [run["calls"], shown, kept, center.get(f"/traces/{run['id']}"), center.get("/refusals")]
    for token in tokens:
        assert token[25:] not in json.dumps(told)
    hidden = [f"{each[:24]}-[redacted]" for each in tokens]
    assert [each["path"] for each in shown[:2]] == [
        f"/files/v1/{hidden[0]}/file", f"/files/v1/{hidden[0]}/tokens/{hidden[1]}"
    ]  # fmt: skip
    assert hidden[0] in shown[2]["error"]["message"]
    assert [each.get("query") for each in shown[3:6]] == [
        f"file={hidden[0]}", "[redacted]", f"like(name,{hidden[0]})"
    ]  # fmt: skip
    assert shown[5]["rql"]["terms"] == [{"operator": "like", "field": "name", "value": hidden[0]}]
    assert shown[6]["path"] == f"/files/v1/{hidden[2]}/details"
    assert body(shown[8])["json"] == {"report": hidden[0], "other": [hidden[1]]}
    assert body(shown[9])["json"] == {"report": hidden[0]}


def test_tokens_that_a_login_answers_are_hidden(calling):
    known = calling.center.platform.details()
    login = {"grant_type": "password", "username": known["email"], "password": known["password"]}
    client = {"client_id": known["oauth2_client_id"], "client_secret": known["oauth2_client_secret"]}
    run, (call,) = calling(["POST", "/auth/v2/oauth2/tokens", {"json": {**login, **client}}])
    assert call["status"] == 200
    answer = body(call, "answer")["json"]
    assert (answer["access_token"], answer["refresh_token"]) == ("[redacted]", "[redacted]")
    assert answer["expires_in"] > 0
    assert not [
        value for value in (known["password"], known["oauth2_client_secret"]) if value in json.dumps(run["calls"])
    ]


def test_a_query_is_decoded(calling, schema_id):
    either = "or(eq(data.category,string:low),in(data.pulse,(1,2)))"
    query = f"{either}&sort(-data.pulse)&limit(3,1)&data.notes.text=%2522a%2520b%2522"
    _, (call, plain, broken) = calling(
        ["GET", f"/data/v1/{schema_id}/documents?{query}", {}],
        ["GET", "/users/v1/me", {}],
        ["GET", f"/data/v1/{schema_id}/documents?eq(", {}],
    )
    assert call["query"] == query
    assert call["schema"] == {"id": schema_id, "name": "pulse"}
    either, sort, limit, notes = call["rql"]["terms"]
    assert either["terms"][0] == {"operator": "eq", "field": "data.category", "value": "low"}
    assert either["terms"][1] == {"operator": "in", "field": "data.pulse", "value": [1, 2]}
    assert sort == {"operator": "sort", "fields": ["-data.pulse"]}
    assert limit == {"operator": "limit", "values": [3, 1]}
    assert notes == {"operator": "eq", "field": "data.notes.text", "value": '"a b"'}
    assert call["rql"]["text"].startswith('(data.category = "low" or data.pulse in [1, 2]); sort -data.pulse')
    assert "query" not in plain
    assert (broken["query"], broken.get("rql", None)) == ("eq(", None)


def test_a_query_for_a_number_that_json_cannot_hold_is_shown_as_it_was_sent(calling, schema_id):
    _, (call,) = calling(["GET", f"/data/v1/{schema_id}/documents?lt(data.pulse,1e999)", {}])
    assert call["rql"]["terms"] == [{"operator": "lt", "field": "data.pulse", "value": "1e999"}]


def test_what_a_call_changed_is_named(calling, schema_id):
    run, (create, finish, task) = calling(
        ["POST", f"/data/v1/{schema_id}/documents", {"json": {"pulse": 50}}],
        ["POST", f"/data/v1/{schema_id}/documents", {"json": {"pulse": -1}}],
        ["POST", "/tasks/v1/", {"json": {"functionName": "nothing"}}],
    )
    (document,) = [each for each in create["changes"] if each["kind"] == "document"]
    assert (document["change"], document["schema"]) == ("created", "pulse")
    assert document["id"] == body(create, "answer")["json"]["id"]
    (move,) = create["transitions"]
    assert (move["name"], move["before"], move["after"], move["schema"]) == ("creation", None, "new", "pulse")
    assert "changes" not in finish
    (made,) = [each for each in task["changes"] if each["kind"] == "task"]
    assert (made["change"], made["name"]) == ("created", "nothing")
    assert all("body" not in each["request"] for each in run["calls"])


def test_a_body_that_is_no_json_is_shown_as_text_but_for_secrets(calling):
    texts = ('{"a": [1, 2', "no JSON", '{"password": "x', "", "null")
    _, calls = calling(*(["POST", "/data/v1/x/documents", {"text": text, **JSON}] for text in texts))
    assert [body(call) for call in calls] == [{"text": '{"a": [1, 2'}, {"text": "no JSON"}, {}, {}, {"json": None}]


def test_a_long_body_is_cut_and_its_size_is_shown(calling):
    head, item = '{"password": "x", "items": ["first"', ', {"password": "s3cret", "text": "0123456789"}'
    _, (cut, text, binary, form, packed) = calling(
        ["POST", "/mail/v1/", {"text": item, "times": 3_000, "headers": {"Content-Type": "application/json"}}],
        ["POST", "/mail/v1/", {"text": "ä", "times": 100_000, "headers": {"Content-Type": "text/plain"}}],
        ["POST", "/mail/v1/", {"text": "x", "times": 100, "headers": {"Content-Type": "image/png"}}],
        [
            "POST",
            "/mail/v1/",
            {"text": "password=x&a=b", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        ],
        [
            "POST",
            "/mail/v1/",
            {
                "text": head + item * 3_000,
                "packed": True,
                "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            },
        ],
    )
    assert (body(cut), cut["request"]["size"]) == ({"cut": True}, 3_000 * len(item))  # it begins with a comma
    assert (len(body(text)["text"]), body(text)["cut"], text["request"]["size"]) == (32 * 1024, True, 200_000)
    assert (body(binary), binary["request"]["size"], binary["request"]["type"]) == ({}, 100, "image/png")
    assert body(form) == {"json": {"password": "[redacted]", "a": "b"}}
    assert body(packed)["cut"]
    shown = body(packed)["json"]
    assert (shown["password"], shown["items"][0]) == ("[redacted]", "first")
    assert 1_000 < len(shown["items"]) < 2_000
    assert shown["items"][1] == {"password": "[redacted]", "text": "0123456789"}
    assert packed["request"]["size"] < 64 * 1024


def test_of_a_run_with_too_many_bodies_the_first_are_kept(calling, monkeypatch):
    monkeypatch.setattr(function_calls, "MOST_BODIES", 2_000)
    _, calls = calling(*[["POST", "/mail/v1/", {"json": {"text": "x" * 900}}]] * 4)
    assert [body(call) == {"left_out": True} for call in calls] == [False, True, True, True]
    assert {call["request"]["size"] for call in calls} == {calls[0]["request"]["size"]}


def test_calls_of_a_run_that_goes_on_are_there_already(serve):
    waiting = (
        CALLER + "    import pathlib, time\n"
        "    while not pathlib.Path(task.data['gate']).exists():\n        time.sleep(0.01)\n"
    )
    center = serve({**FILES, "handlers/analyze.py": waiting})
    gate = center.folder / "gate"
    event = {"data": {"calls": [["POST", "/mail/v1/", {"json": {"a": 1}}]], "gate": str(gate)}}
    run_id = center.post("/functions/analyze/invoke", {"event": event})["id"]
    wait_for(lambda: center.get(f"/runs/{run_id}")["calls"])
    assert body(center.get(f"/runs/{run_id}/calls/1")) == {"json": {"a": 1}}
    assert center.get(f"/traces/{run_id}")["nodes"][0]["status"] == "running"
    gate.touch()
    assert center.api.ended(run_id)["platform_calls"] == 1


@pytest.mark.parametrize("most_at_once", [0, 1, 10_000_000])
def test_a_run_of_many_calls_is_stored_in_parts(serve, monkeypatch, tmp_path, most_at_once):
    monkeypatch.setattr(pacing, "SLICE", 0)
    monkeypatch.setattr(pacing, "BREAK", 0)
    monkeypatch.setattr(run_records, "_MOST_AT_ONCE", most_at_once)
    center = serve(FILES, data_dir=tmp_path / "data")
    calls = [["POST", "/mail/v1/", {"json": {"number": number}}] for number in range(60)]
    run = center.invoke("analyze", {"data": {"calls": calls}})
    assert (run["status"], run["platform_calls"], run["in_full"]) == ("OK", 60, True)
    assert [each["number"] for each in run["calls"]] == [*range(1, 61)]
    assert body(center.get(f"/runs/{run['id']}/calls/60")) == {"json": {"number": 59}}
    assert "calls" not in center.get(f"/runs/{run['id']}", calls="false")
    assert len([each for each in center.get(f"/traces/{run['id']}")["nodes"] if each["kind"] == "call"]) == 60
    sizes = center.platform.call(lambda: sum(map(center.platform._store.bytes_of, (DETAILS, BODIES))))
    assert center.get("")["retention"]["bytes"] == sizes
    exported = next(each for each in center.platform.runs() if each["id"] == run["id"])
    assert [each["request"]["body"]["json"]["number"] for each in exported["calls"]] == [*range(60)]


def test_all_parts_of_a_run_go_when_there_is_no_room_for_it(serve, monkeypatch):
    monkeypatch.setattr(run_records, "_MOST_AT_ONCE", 0)
    monkeypatch.setattr(run_retention, "SLICE", 0)  # one run after the other
    center = serve(FILES, keep_bytes=25_000)
    calls = [["POST", "/mail/v1/", {"json": {"number": number}}] for number in range(20)]
    first, second, third = (center.invoke("analyze", {"data": {"calls": calls[:most]}}) for most in (20, 1, 20))

    def left():
        return [center.platform.call(lambda of=run["id"]: len(center.platform._store.ids(BODIES, of)))
                for run in (first, second, third)]  # fmt: skip

    wait_for(lambda: left()[0] == 0)
    assert left()[2] == 20
    assert not center.api.run(first["id"])["in_full"]


def test_a_run_is_complete_when_the_platform_stops_while_it_is_stored(serve, monkeypatch, tmp_path):
    center, is_under_way = serve(FILES, data_dir=tmp_path / "data"), Event()

    async def begin(steps):
        next(steps)
        is_under_way.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(run_records, "paced", begin)
    calls = [["GET", "/users/v1/me", {}] for _ in range(3)]
    run_id = center.post("/functions/analyze/invoke", {"event": {"data": {"calls": calls}}})["id"]
    assert is_under_way.wait(20)
    center.platform.__exit__(None, None, None)
    with closing(Store(tmp_path / "data" / "platform.db")) as store:
        assert store.get(RUNS, run_id)["status"] == "OK"
        assert [each["path"] for each in store.part(DETAILS, run_id, "calls")] == ["/users/v1/me"] * 3


def test_a_fault_and_a_retry_are_shown_as_the_function_meets_them(calling):
    requests.post(
        f"{calling.center.url}/_dev/faults", json={"rule": "GET /users/v1/me:503x1"}, timeout=5
    ).raise_for_status()
    _run, (failed, again) = calling(["GET", "/users/v1/me", {}])
    assert (failed["status"], failed["attempt"], again["status"], again["attempt"]) == (503, 1, 200, 2)
    assert failed["error"] == {
        "code": 4, "name": "SERVICE_UNREACHABLE_EXCEPTION", "message": "This failure is injected by a fault rule",
    }  # fmt: skip
    assert "checks" not in failed


@pytest.mark.parametrize("fault", ["reset", "reset-after"])
def test_a_connection_that_is_cut_is_cut_for_the_function_too(calling, fault):
    rule = {"rule": f"POST /mail/v1:{fault}"}
    requests.post(f"{calling.center.url}/_dev/faults", json=rule, timeout=5).raise_for_status()
    run, (call,) = calling(["POST", "/mail/v1/", {"json": {"a": 1}}])
    assert [line["text"] for line in run["logs"]] == ["PlatformUnreachableError"]
    assert (call["status"], call["path"]) == (0, "/mail/v1")


def test_runs_of_a_fresh_platform_keep_their_calls(calling, serve):
    run, whole = calling(["POST", "/mail/v1/", {"json": {"a": 1}}])
    exported = next(each for each in calling.center.platform.runs() if each["id"] == run["id"])
    with closing(Store()) as store:
        runs = Runs(store, Calls(clock=time.time), Changes(), clock=time.time)
        runs.adopt([exported])
        assert runs.get(run["id"])["fresh"]
        assert asyncio.run(runs.call(run["id"], 1))["request"] == whole[0]["request"]
        assert "body" not in runs.get(run["id"])["calls"][0]["request"]


def test_a_run_that_an_earlier_version_kept_is_shown(center):
    call = {"timestamp": "2026-01-31T12:00:00.000Z", "method": "GET", "path": "/users/v1/me", "status": 200}
    old = {
        "id": "6968c1b48ab34b7d6e654701", "function": "analyze", "kind": "invoke", "trigger": "task", "status": "OK",
        "failure": "", "request_id": "r", "chain": "r", "attempt": 1, "started": "2026-01-31T12:00:00.000+00:00",
        "event": {"a": 1}, "result": None, "error": None, "logs": [],
        "calls": [{**call, "duration_ms": 1.0, "attempt": 1, "waited_ms": None}],
    }  # fmt: skip
    center.post("/runs", old)
    run = center.api.run(old["id"])
    assert (run["trace"], run["event"], run["calls"][0]["path"]) == (old["id"], {"a": 1}, "/users/v1/me")
    assert [node["kind"] for node in center.get(f"/traces/{old['id']}")["nodes"]] == ["run", "call"]
    with pytest.raises(DevkitError, match="has no call 1"):
        center.get(f"/runs/{old['id']}/calls/1")
