"""What a careless or hostile client sends, and what a crash leaves: nothing stays locked, stale or unanswered."""

import asyncio
import base64
import gc
import gzip
import io
import time
import zipfile
from types import SimpleNamespace

import httpx
import psutil
import pytest
from local_app import HOST, LocalApp, call

from exh_dev.platform.data.transitions import Engine
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks import lifecycle
from exh_dev.platform.tasks.code import unpack

DOCUMENTS = "/data/v1/ecg/documents"


@pytest.fixture
def schema(app):
    call(app, "POST", "/data/v1", {"name": "ecg"})
    for name, configuration in {
        "n": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "group": {"type": "object", "properties": {}},
    }.items():
        call(app, "POST", "/data/v1/ecg/properties", {"name": name, "configuration": configuration})
    call(app, "POST", "/data/v1/ecg/statuses", {"name": "done"})
    actions = [{"type": "linkCreator"}]
    call(app, "PUT", "/data/v1/ecg/creationTransition", {"type": "manual", "toStatus": "new", "actions": actions})


def transition(**members):
    return {"type": "automatic", "name": "move", "fromStatuses": ["new"], "toStatus": "done", **members}


def test_an_automatic_transition_that_fails_leaves_no_lock(app, schema, refused):
    action = {"type": "set", "field": "n", "value": "text"}
    call(app, "POST", "/data/v1/ecg/transitions", transition(actions=[action]))
    refused(app.as_user("POST", DOCUMENTS, json={"n": 1}), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    (document,) = call(app, "GET", DOCUMENTS)["data"]
    assert (document["status"], document["data"]) == ("new", {"n": 1})
    assert "transitionLock" not in document
    assert not app.store.matching("document_work", EVERYTHING)


def test_work_that_cannot_be_finished_does_not_keep_the_platform_from_starting(app, schema):
    document = call(app, "POST", DOCUMENTS, {"n": 1})
    action = {"type": "set", "field": "n", "value": "text"}
    made = call(app, "POST", "/data/v1/ecg/transitions", transition(actions=[action]))
    schema_id = call(app, "GET", "/data/v1")["data"][0]["id"]
    app.store.put(f"documents:{schema_id}", {**document, "transitionLock": {"timestamp": ""}})
    work = {"schemaId": schema_id, "afterActions": [], "hops": 0, "userId": None, "applicationId": None}
    app.store.put("document_work", {"id": document["id"], **work})
    Engine(app.store, clock=time.time).resume()
    assert made["name"] == "move"
    assert "transitionLock" not in call(app, "GET", DOCUMENTS)["data"][0]


def test_a_unique_index_stops_an_automatic_transition(app, schema, refused):
    call(app, "POST", "/data/v1/ecg/indexes", {"fields": [{"name": "n", "type": "asc"}], "options": {"unique": True}})
    call(app, "POST", "/data/v1/ecg/transitions", transition(actions=[{"type": "set", "field": "n", "value": 1}]))
    call(app, "POST", DOCUMENTS, {})
    refused(app.as_user("POST", DOCUMENTS, json={}), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    assert not app.store.matching("document_work", EVERYTHING)


@pytest.mark.parametrize(
    "members",
    [
        {"actions": [{"type": "unset"}]},
        {"actions": [{"type": "set", "field": 5, "value": 1}]},
        {"actions": [{"type": "addItems", "field": "tags", "values": 5}]},
        {"actions": [{"type": "task", "functionName": 5}]},
        {"actions": [{"type": "task", "functionName": "f", "data": [1]}]},
        {"conditions": [{"type": "document", "configuration": {"properties": 5}}]},
        {"conditions": [{"type": "document", "configuration": {"properties": {"n": {"minimum": "a"}}}}]},
    ],
)
def test_transitions_that_could_not_be_made_are_refused(app, schema, refused, members):
    answer = app.as_user("POST", "/data/v1/ecg/transitions", json=transition(**members))
    refused(answer, 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")


@pytest.mark.parametrize(
    "configuration",
    [
        {"type": "number", "minimum": "a"},
        {"type": "string", "minLength": True},
        {"type": "string", "enum": 5},
        {"type": "object", "required": [5]},
        {"type": "array", "items": {"type": "string"}, "maxItems": "q"},
    ],
)
def test_configurations_with_keywords_of_the_wrong_kind_are_refused(app, schema, refused, configuration):
    answer = app.as_user("POST", "/data/v1/ecg/properties", json={"name": "x", "configuration": configuration})
    refused(answer, 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")


def test_a_group_that_is_no_id(app, schema, refused):
    condition = {"type": "initiatorHasRelationToGroupInData", "groupIdField": "group", "relation": "patient"}
    call(app, "POST", "/data/v1/ecg/transitions", transition(type="manual", conditions=[condition]))
    document = call(app, "POST", DOCUMENTS, {})
    answer = app.as_user(
        "POST", f"{DOCUMENTS}/{document['id']}/transition", json={"name": "move", "data": {"group": {}}}
    )
    refused(answer, 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")


def test_a_slow_body_does_not_overwrite_what_has_changed_meanwhile(app, schema):
    path = f"{DOCUMENTS}/{call(app, 'POST', DOCUMENTS, {'n': 1, 'tags': ['a']})['id']}"
    user = app.signer(app.first.token, app.first.token_secret)

    async def both():
        changed = asyncio.Event()

        async def body():
            yield b'{"tags":'
            await changed.wait()
            yield b'["b"]}'

        async with httpx.AsyncClient(transport=app._transport, base_url=HOST) as client:

            async def put(**options):
                headers = {"Authorization": user.authorization("PUT", HOST + path)}
                assert (await client.put(path, headers=headers, **options)).status_code == 200

            slow = asyncio.create_task(put(content=body()))
            await asyncio.sleep(0.05)
            await put(json={"n": 2})
            changed.set()
            await slow

    asyncio.run(both())
    assert call(app, "GET", DOCUMENTS)["data"][0]["data"] == {"n": 2, "tags": ["b"]}


def test_a_deleted_document_leaves_no_comments(app, schema):
    document = call(app, "POST", DOCUMENTS, {})
    comment = call(app, "POST", f"{DOCUMENTS}/{document['id']}/comments", {"text": "x"})
    call(app, "DELETE", f"{DOCUMENTS}/{document['id']}")
    assert app.store.get(f"comments:{comment['schemaId']}", comment["id"]) is None


def test_links_of_a_disabled_schema_stay(app, schema, refused):
    document = call(app, "POST", DOCUMENTS, {})
    call(app, "POST", "/data/v1/ecg/disable")
    answer = app.as_user("POST", f"{DOCUMENTS}/{document['id']}/linkUsers", json={"userIds": [object_id()]})
    refused(answer, 400, 27, "ILLEGAL_STATE_EXCEPTION")


@pytest.mark.parametrize("field", ["id", "creatorId", "userIds", "data.n", "data.tags"])
def test_a_long_list_of_values(app, schema, field):
    document = call(app, "POST", DOCUMENTS, {"n": 1, "tags": ["000000000000000000000001"]})
    values = [f"{number:024x}" for number in range(2_000)] + [document["id"], document["creatorId"]]
    found = call(app, "GET", f"{DOCUMENTS}?in({field},{','.join(values)})")["data"]
    assert [each["id"] for each in found] == [document["id"]]
    assert not call(app, "GET", f"{DOCUMENTS}?out({field},{','.join(values)})")["data"]


@pytest.mark.parametrize(
    "query",
    [f"eq(tags.{'9' * 5_000},1)", f"eq(data.{'.'.join('a' * 90)},1)", f"sort({','.join(['status'] * 3_000)})"],
)
def test_a_query_with_too_many_parts_is_refused(app, schema, refused, query):
    refused(app.as_user("GET", f"{DOCUMENTS}?{query}"), 400, 19, "INVALID_RQL_EXCEPTION")


def test_a_body_of_very_many_gzip_parts(app, refused):
    body = gzip.compress(b"", mtime=0) * 100_000
    began = time.process_time()
    answer = app.as_user("POST", "/data/v1", content=body, headers={"Content-Encoding": "gzip"})
    refused(answer, 400, 22, "BODY_FORMAT_EXCEPTION")
    assert time.process_time() - began < 2


def test_a_part_with_endless_headers(app, refused):
    body = (
        b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\nX: "
        + b"a" * 3_000_000
        + b"\r\n\r\na\r\n--x--"
    )
    answer = app.as_user("POST", "/files/v1", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    refused(answer, 400, 22, "BODY_FORMAT_EXCEPTION")


def test_contents_without_a_file_are_deleted_at_the_next_start(tmp_path):
    store = Store()
    app = LocalApp(store, folder=tmp_path)
    answer = app.as_user("POST", "/files/v1", files={"file": ("a.txt", b"hello")}).json()
    left = tmp_path / "files" / object_id()
    left.write_bytes(b"of an upload that a crash cut short")
    LocalApp(store, folder=tmp_path)
    assert [path.name for path in (tmp_path / "files").iterdir()] == [answer["tokens"][0]["token"][:24]]
    assert not left.exists()
    store.close()


def test_a_schedule_of_hardly_any_interval_does_not_stop_the_queue(app):
    call(app, "POST", "/tasks/v1/schedules", {"functionName": "f", "interval": 1e-320})
    app.now += 1
    app.settle()
    assert call(app, "GET", "/tasks/v1")["page"]["total"] == 1


def test_a_failed_task_and_its_event_are_written_together(app, monkeypatch):
    task = {"id": object_id(), "functionName": "f", "status": "inProgress"}
    app.store.put("tasks", task)

    def crash(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle.events, "publish", crash)
    with pytest.raises(KeyboardInterrupt):
        lifecycle.fail(app.store, dict(task), {"type": "runtime", "message": ""}, now=app.now)
    assert app.store.get("tasks", task["id"]) == task


def test_an_error_with_a_lone_surrogate_can_be_stored(app):
    told = SimpleNamespace(error={"errorType": "ValueError", "errorMessage": "\ud800"})
    task = {"id": object_id(), "functionName": "f"}
    lifecycle.fail(app.store, task, lifecycle.error_of(told), now=app.now)
    assert app.store.get("tasks", task["id"])["error"] == {"type": "runtime", "name": "ValueError", "message": "?"}


def test_code_is_compressed_by_deflate_or_not_at_all(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("main.py", "x")
    with pytest.raises(ErrorAnswer):
        unpack(base64.b64encode(packed.getvalue()).decode(), tmp_path / "code")
    assert not (tmp_path / "code").exists()


def test_a_transaction_that_cannot_be_committed_does_not_stay_open():
    store = Store()
    store._connection.executescript(
        "PRAGMA foreign_keys = ON; CREATE TABLE a (id PRIMARY KEY);"
        " CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
    )
    with pytest.raises(Exception, match="FOREIGN KEY"), store.transaction():
        store._connection.execute("INSERT INTO b VALUES (1)")
    with store.transaction():
        store.put("x", {"id": "1"})
    store.close()


@pytest.mark.parametrize(
    "body", [b"[" * 2_000_000, b'{"n":' + b"9" * 2_000_000 + b"}", b'{"n":"' + b"a" * 2_000_000 + b'"}']
)
def test_nothing_of_a_refused_body_is_left_whenever_python_looks_for_cycles(app, body):
    def send():
        headers = {"Content-Type": "application/json"}
        assert app.as_user("POST", "/data/v1/none/documents", content=body, headers=headers).status_code >= 400

    send()
    gc.collect()
    gc.disable()
    try:
        before = psutil.Process().memory_info().rss
        for _ in range(40):
            send()
        assert psutil.Process().memory_info().rss - before < 30_000_000
    finally:
        gc.enable()
