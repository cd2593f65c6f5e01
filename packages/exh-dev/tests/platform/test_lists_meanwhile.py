"""Others are served while a list takes its time, and a list that takes too long ends."""

import asyncio
import threading

import pytest

from exh_dev.platform.storage import listing, lists
from exh_dev.platform.storage.search import MOST_SORTED
from exh_dev.platform.storage.sql import Sql
from exh_dev.platform.storage.store import Store
from exh_dev.platform.storage.time_limit import TooSlowError
from exh_dev.platform.storage.ways import Asked
from exh_dev.remote.client import client_of
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.errors import InvalidRqlError

HEAVY = f"or({','.join(f'like(data.list.v,x{number})' for number in range(100))})"


@pytest.fixture
def exh(tmp_path):
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start()
        exh = client_of(platform.environment())
        schema = exh.data.schemas.create(name="lists", description="Lists")["id"]
        items = {"type": "object", "properties": {"v": {"type": "string"}}}
        exh.data.properties.create(schema, name="list", configuration={"type": "array", "items": items})
        exh.data.documents.create(schema, {"list": [{"v": "x99"}]})
        for number in range(20):
            exh.data.documents.create(schema, {"list": [{"v": f"{number}-{item}"} for item in range(100)]})
        yield exh


@pytest.mark.slow
def test_a_slow_list_has_the_same_page_as_a_fast_one(exh, monkeypatch):
    monkeypatch.setattr(listing, "AT_ONCE", 0)
    page = exh.data.documents.find("lists", f"{HEAVY}&select(data.list)&limit(5)")
    assert (page.total, page.limit) == (1, 5)
    assert [[item["v"] for item in each["data"]["list"]] for each in page] == [["x99"]]


@pytest.mark.slow
def test_everybody_else_is_answered_while_the_slowest_lists_take_their_time(exh, monkeypatch):
    """However long they take: here, until others have been answered, slow lists among them."""
    monkeypatch.setattr(listing, "AT_ONCE", 0)
    others_are_answered, begun = threading.Event(), threading.Barrier(3, timeout=60)
    ask = lists._found_in

    def found_in(path, asked, seconds, limit):
        if "x99" in str(asked.condition.values):
            if seconds < lists.ASIDE:
                raise TooSlowError(19, "as if it took longer")
            begun.wait()
            assert others_are_answered.wait(60)
        return ask(path, asked, seconds, limit)

    monkeypatch.setattr(lists, "_found_in", found_in)
    totals = []
    asking = [
        threading.Thread(target=lambda: totals.append(exh.data.documents.find("lists", HEAVY).total)) for _ in range(2)
    ]
    for each in asking:
        each.start()
    begun.wait()
    assert exh.users.me()["email"]
    assert exh.data.documents.create("lists", {"list": [{"v": "x98"}]})["status"] == "new"
    assert exh.data.documents.find("lists", "sort(-creationTimestamp)&limit(1)").total == 22
    others_are_answered.set()
    for each in asking:
        each.join()
    assert totals == [2, 2]  # what was stored before they began is in them


@pytest.mark.slow
def test_a_slow_list_has_what_was_stored_before_it_was_asked_for(exh, monkeypatch):
    monkeypatch.setattr(listing, "AT_ONCE", 0)
    for number in range(3):
        exh.data.documents.create("lists", {"list": [{"v": f"x{number}"}]})
        assert exh.data.documents.find("lists", HEAVY).total == number + 2


def test_a_list_that_takes_too_long_is_refused(exh, monkeypatch):
    with monkeypatch.context() as impatient:
        impatient.setattr(listing, "AT_ONCE", 0)
        impatient.setattr(lists, "SOON", 0)
        impatient.setattr(lists, "ASIDE", 0)
        with pytest.raises(InvalidRqlError) as told:
            exh.data.documents.find("lists", HEAVY)
    assert "takes longer than 0 s here" in str(told.value.__notes__)
    assert exh.data.documents.find("lists", "limit(1)").total == 21


def test_a_list_that_blocks_the_platform_ends_sooner(app, monkeypatch):
    """Without a file there is nothing that another thread could read."""
    app.as_user("POST", "/data/v1", json={"name": "lists", "description": "Lists"})
    app.as_user("POST", "/data/v1/lists/properties", json={"name": "n", "configuration": {"type": "number"}})
    for number in range(20):
        app.as_user("POST", "/data/v1/lists/documents", json={"n": number})
    monkeypatch.setattr(listing, "WITHOUT_FILE", 0)
    answer = app.as_user("GET", f"/data/v1/lists/documents?{HEAVY}")
    assert answer.json()["code"] == 19
    assert "takes longer than 0 s here" in answer.json()["message"]


def test_a_list_that_takes_too_much_memory_is_refused(exh, monkeypatch):
    monkeypatch.setattr("exh_dev.platform.storage.time_limit.MOST_MEMORY", -1)
    with pytest.raises(InvalidRqlError) as told:
        exh.data.documents.find("lists", HEAVY)
    assert "is too large" in str(told.value.__notes__)


def test_a_list_is_sorted_by_so_many_members_and_no_more(exh):
    fields = [f"data.n{number}" for number in range(MOST_SORTED)]
    assert exh.data.documents.find("lists", f"sort({','.join(fields)})").total == 21
    with pytest.raises(InvalidRqlError) as told:
        exh.data.documents.find("lists", f"sort({','.join([*fields, 'id'])})")
    assert "by 32 members at most" in str(told.value.__notes__)


@pytest.mark.slow
def test_a_list_whose_request_was_cancelled_ends(tmp_path):
    """The process of a platform that stops waits for its threads."""
    endless = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c) > 0"
    store = Store(tmp_path / "data.db")
    store.put("things", {"id": "a"})

    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lists.found_aside(store.path, Asked("things", Sql(endless), (), 20, 0, False)), 1)

    asyncio.run(give_up())
    store.close()
    idle = threading.Barrier(2, timeout=lists.ASIDE / 2)
    for each in [lists._slowest.submit(idle.wait) for _ in range(2)]:
        each.result()
