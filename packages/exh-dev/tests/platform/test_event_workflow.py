"""From an event to a mail and a task, over real sockets: in whose language, and what a second delivery does."""

from pathlib import Path

import pytest
import requests
from waiting import wait_for

from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.remote.client import client_of
from exh_dev.runtime import Function
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.query import rql

ROOT = Path(__file__).parents[2]


@pytest.fixture
def served():
    """A running platform with the function that notes events, and a client of it."""
    with LocalPlatform() as platform:
        environment = {"PYTHONPATH": str(ROOT), **platform.environment()}
        folder = ROOT / "tests" / "functions"
        function = Function("note-event", "note_event.handler", folder, memory=512, environment=environment)
        platform.start([OwnFunction(function)])
        yield platform, client_of(platform.environment())


def test_a_mail_is_in_the_language_and_time_zone_of_the_user_and_escapes_what_it_is_given(served):
    _, exh = served
    exh.users.update(exh.users.me()["id"], language="NL", time_zone="Europe/Brussels")
    exh.localizations.create(localizations=[{"key": "seen", "text": {"EN": "Seen", "NL": "Gezien"}}])
    content = {"type": "object", "properties": {"name": {"type": "string"}, "at": {"type": "string"}}}
    template = exh.templates_v2.create(
        name="told",
        inputs={"event": {"type": "object", "properties": {"content": content}}},
        outputs={
            "subject": "{{t 'seen'}}",
            "body": "{{@inputs.event.content.name}} "
            "{{datetime @inputs.event.content.at hour='2-digit' minute='2-digit' hour12=false}}",
        },
    )
    mail = {"type": "mail", "name": "tell", "recipients": {"to": ["a@example.com"]}, "templateId": template["id"]}
    exh.dispatchers.create(name="d", eventType="measured", actions=[mail])
    exh.events.create(type="measured", content={"name": "<b>Ada</b> & co", "at": "2026-01-15T10:30:00.000Z"})
    (sent,) = wait_for(lambda: exh.mails.find().items)
    assert sent["subject"] == "Gezien"
    assert sent["body"] == "&lt;b&gt;Ada&lt;/b&gt; &amp; co 11:30"


@pytest.mark.slow
def test_an_event_that_is_delivered_twice_is_stored_once(served):
    platform, exh = served
    exh.data.schemas.create(name="notes", description="What happened")
    exh.data.properties.create("notes", name="event", configuration={"type": "string"})
    exh.data.indexes.create("notes", fields=[{"name": "data.event", "type": "asc"}], options={"unique": True})
    note = {"type": "task", "name": "note", "functionName": "note-event"}
    exh.dispatchers.create(name="d", eventType="measured", actions=[note])
    event = exh.events.create(type="measured", content={})
    done = rql.eq("functionName", "note-event").eq("status", "complete")
    wait_for(lambda: exh.tasks.find(done).total == 1)
    answer = requests.post(f"{platform.url}/_dev/events/{event['id']}/redeliver", timeout=10)
    assert answer.status_code == 200, answer.text
    wait_for(lambda: exh.tasks.find(done).total == 2)
    first, second = exh.tasks.find_all(done.sort("creationTimestamp"))
    assert first["data"]["event"] == second["data"]["event"]
    exh.data.schemas.update("notes", readMode="allUsers")
    assert exh.data.documents.find("notes", rql.eq("data.event", event["id"])).total == 1
