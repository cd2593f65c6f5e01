"""What is told while somebody looks on."""

import asyncio
import json

import pytest

from exh_dev.platform.dev import change_notifications as changes_module
from exh_dev.platform.dev.change_notifications import Changes


def changed(messages, wanted):
    """The topics that change, until all that are wanted have."""
    seen = set()
    while not wanted <= seen:
        seen |= set(next(messages).get("changed", ()))
    return seen


@pytest.mark.slow
def test_each_kind_of_change_is_sent(center):
    with center.api.following() as messages:
        document = center.exh.data.documents.create("pulse", {"pulse": 60})
        assert "documents" in changed(messages, {"documents"})
        center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="x", body="y")
        changed(messages, {"mails"})
        center.exh.files.create(b"x", name="x.txt")
        changed(messages, {"files"})
        center.exh.data.documents.transition("pulse", document["id"], name="finish", data={"category": "low"})
        changed(messages, {"tasks", "runs"})
        center.exh.session.request("POST", "/events/v1", json={"type": "custom", "content": {}})
        changed(messages, {"events"})


def test_a_burst_of_changes_is_one_message():
    async def burst():
        changes = Changes()
        with changes.following() as queue:
            for _ in range(100):
                changes.collection("mails")
                changes.collection("documents:1")
                changes.collection("oauth1_tokens")
            told = [json.loads(await queue.get())]
            assert queue.empty()
        changes.mark("runs")  # nobody looks on
        return told

    assert asyncio.run(burst()) == [{"changed": ["documents", "mails"]}]


def test_a_client_that_does_not_read_loses_the_oldest_changes_and_gets_the_last(monkeypatch):
    monkeypatch.setattr(changes_module, "_MOST_WAITING", 2)

    async def overflow():
        changes = Changes()
        with changes.following() as queue:
            for number in range(4):
                changes.publish({"number": number})
            changes.end()
            return [await queue.get() for _ in range(2)]

    assert asyncio.run(overflow()) == ['{"number": 3}', None]


@pytest.mark.slow
def test_the_platform_stops_at_once_while_a_client_follows_its_changes(serve):
    center = serve()
    with center.api.following() as messages:
        center.invoke("other", {})
        assert next(messages)
        center.platform.__exit__(None, None, None)
        assert list(messages) is not None  # they end
