"""What the control center shows of documents: what happened to them, how they can move on, what has to do with them."""

import pytest
import requests
from folder_projects import SCHEMA

from exh_dev.platform.data import history
from exh_dev.platform.storage.store import Store


def test_a_document_has_its_history(center):
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    center.exh.data.documents.update("pulse", document["id"], {"pulse": 61})
    center.exh.data.documents.transition("pulse", document["id"], name="finish", data={"category": "low"})
    entries = center.get(f"/documents/{document['id']}/history")["data"]
    assert [(each["change"], each.get("fromStatus"), each["toStatus"]) for each in entries] == [
        ("finish", "new", "done"),
        ("update", "new", "new"),
        ("creation", None, "new"),
    ]
    assert {each["user"] for each in entries} == {"developer@localhost.example"}
    assert [each["data"] for each in entries] == [{"pulse": 61, "category": "low"}, {"pulse": 61}, {"pulse": 60}]
    center.exh.data.documents.remove("pulse", document["id"])
    assert center.get(f"/documents/{document['id']}/history")["data"] == []


def test_a_seeded_document_begins_its_history(center):
    document = {"id": "6968c1b48ab34b7d6e654799", "creatorId": "68498c63b1b0b8de8a6228f6", "data": {"pulse": 1}}
    for _ in range(2):
        answer = requests.post(f"{center.url}/_dev/seed", json={"documents": {"pulse": [document]}}, timeout=5)
        assert answer.ok, answer.text
    (entry,) = center.get(f"/documents/{document['id']}/history")["data"]
    assert (entry["change"], entry["toStatus"], entry["user"]) == ("creation", "new", None)


@pytest.mark.slow
def test_the_history_names_the_run_that_did_it(serve):
    moving = (
        "from extrahorizon.task import task_handler\n\n\n@task_handler\ndef handler(task, exh):\n"
        '    exh.data.documents.create("pulse", {"pulse": 1})\n'
    )
    center = serve({"handlers/analyze.py": moving})  # anybody may create these documents
    run = center.invoke("analyze", {})
    assert run["status"] == "OK", run["error"]
    (document,) = center.exh.data.documents.find("pulse").items
    (entry,) = center.get(f"/documents/{document['id']}/history")["data"]
    assert entry["run"] == run["id"]


def test_of_a_long_history_the_newest_is_kept_and_of_large_data_the_size(center, monkeypatch):
    monkeypatch.setattr(history, "MOST", 3)
    monkeypatch.setattr(history, "LARGEST", 100)
    document = center.exh.data.documents.create("pulse", {"pulse": 0})
    for beats in range(1, 5):
        center.exh.data.documents.update("pulse", document["id"], {"pulse": beats})
    center.exh.data.documents.update("pulse", document["id"], {"notes": [{"text": "x" * 120}]})
    large, *others = center.get(f"/documents/{document['id']}/history")["data"]
    assert "data" not in large
    assert large["dataSize"] > 120
    assert [each["data"] for each in others] == [{"pulse": 4}, {"pulse": 3}]


def test_each_transition_says_why_it_cannot_be_made(center):
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    (finish,) = center.get(f"/documents/{document['id']}/transitions")["data"]
    assert (finish["name"], finish["type"], finish["fromStatuses"], finish["toStatus"]) == (
        "finish", "manual", ["new"], "done")  # fmt: skip
    assert finish["obstacles"] == []
    assert list(finish["input"]["properties"]) == ["category"]
    center.exh.data.documents.transition("pulse", document["id"], name="finish", data={"category": "low"})
    (finish,) = center.get(f"/documents/{document['id']}/transitions")["data"]
    assert finish["obstacles"] == ["it starts from new, and the document is done"]


def test_automatic_transitions_and_conditions_on_the_document_are_obstacles_too(serve):
    data = {"type": "object", "properties": {"pulse": {"type": "number", "minimum": 100}}}
    condition = {"type": "document", "configuration": {"type": "object", "properties": {"data": data}}}
    moves = {"fromStatuses": ["new"], "toStatus": "done", "conditions": [condition]}
    transitions = [{**moves, "name": "raise", "type": "manual"}, {**moves, "name": "drift", "type": "automatic"}]
    center = serve({"schemas/pulse.json": {**SCHEMA, "transitions": transitions}})
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    by_hand, automatic = center.get(f"/documents/{document['id']}/transitions")["data"]
    assert by_hand["obstacles"][0].startswith("condition 1 (document): ")
    assert automatic["obstacles"][0].startswith("it is automatic")


@pytest.mark.slow
def test_a_document_has_its_files_mails_tasks_and_runs(center):
    stored = center.exh.files.create(b"%PDF", name="night.pdf", mimetype="application/pdf")
    me = center.exh.users.me()
    document = center.exh.data.documents.create("pulse", {"notes": [{"text": stored["tokens"][0]["token"]}]})
    sent = center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="Look", body=f"at {document['id']}")
    task = center.exh.tasks.create(functionName="analyze", data={"documentId": document["id"]})
    (run,) = center.ended(1)
    found = center.get(f"/documents/{document['id']}/related")
    assert found["schema"] == "pulse"
    assert found["users"] == [{"id": me["id"], "email": me["email"]}]
    assert [each["name"] for each in found["files"]] == ["night.pdf"]
    assert [each["id"] for each in found["mails"]] == [sent["id"]]
    assert [(each["id"], each["functionName"]) for each in found["tasks"]] == [(task["id"], "analyze")]
    assert found["runs"] == [run["id"]]


def test_an_unknown_document_is_refused(center):
    for part in ("transitions", "related"):
        answer = requests.get(f"{center.url}/_dev/api/documents/6968c1b48ab34b7d6e654799/{part}", timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (404, 16)


def test_an_entry_that_an_earlier_version_noted_is_shown_without_data(tmp_path):
    store = Store(tmp_path / "platform.db")
    history.index(store)
    entry = {"id": "1", "documentId": "d", "timestamp": "2026-01-15T10:30:00.000Z", "change": "update"}
    store.put(history.COLLECTION, entry)
    assert history.of(store, "d") == [entry]
    store.close()
