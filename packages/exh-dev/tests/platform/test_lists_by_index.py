"""Lists of documents by their indexes: what is found, how much is read for it, and that all of it is kept in step."""

import json
import random
import sqlite3
from contextlib import suppress

import pytest

from exh_dev.platform.data.visibility import among
from exh_dev.platform.storage import ways
from exh_dev.platform.storage.members import INDEXES, LINKED, Link
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import EVERYTHING, member
from exh_dev.platform.storage.store import DuplicateError, Store
from exh_dev.platform.storage.ways import Asked

SCHEMA = f"{1:024x}"
DOCUMENTS = f"documents:{SCHEMA}"
IDS = [f"{number:024x}" for number in range(100, 106)]
INDEX = "an:index"
SHAPE = {
    "id": "string", "creatorId": "string", "status": "string", "data": "object", "data.n": "number",
    "creationTimestamp": "date-time", "updateTimestamp": "date-time",
}  # fmt: skip
CONDITIONS = [
    "", "eq(data.n,3)", "ge(data.n,2)", "in(data.n,1,5)", "eq(status,new)", "eq(status,gone)",
    "eq(status,)", "eq(status,null)", "in(status,new,seen)",
    f"eq(creatorId,{IDS[0]})", f"eq(userIds,{IDS[1]})", f"in(userIds,{IDS[1]},{IDS[2]})", f"in(groupIds,{IDS[3]},x)",
    "eq(userIds,null)", "ge(creationTimestamp,2026-01-02)", "eq(data.n,3)&eq(status,new)", "ne(status,new)",
    f"eq(status,new)&eq(userIds,{IDS[1]})", "eq(data.m,2)",
    "ge(creationTimestamp,2026-01-02)&eq(data.m,2)", "lt(data.n,4)&eq(data.m,2)", "eq(data.n,3)&eq(data.m,2)",
    f"eq(id,{7:024x})",
]  # fmt: skip
SORTS = ["", "sort(-creationTimestamp)", "sort(updateTimestamp)", "sort(-status)", "sort(data.n)", "sort(-data.n)",
         "sort(-data.m)", "sort(-id)", "sort(status,-data.n)"]  # fmt: skip
REACHED = [
    None, [], [Link("userIds", (IDS[1],))], [Link("creatorId", (IDS[0],)), Link("groupIds", (IDS[3], IDS[4]))],
]  # fmt: skip


def shape(path):
    return SHAPE.get(path, "any")


def document(number, chance):
    timestamp = f"2026-01-0{chance.randint(1, 4)}T00:00:00.000Z"
    return {
        "id": f"{number:024x}",
        "creatorId": chance.choice(IDS[:2]),
        "userIds": chance.sample(IDS, chance.randint(0, 2)),
        "groupIds": chance.sample(IDS, chance.randint(0, 2)),
        **chance.choice([{"status": "new"}, {"status": "new"}, {"status": "seen"}, {"status": ""}, {}]),
        "data": {"n": chance.randint(0, 5), "m": chance.randint(0, 3)},
        "creationTimestamp": timestamp,
        "updateTimestamp": timestamp,
    }


def asked(query, *, reached=None, by_index=True):
    """As `page_of` asks; without indexes as SQLite finds it by reading all documents."""
    wanted = search(query, shape)
    last = ("id DESC",) if wanted.order and wanted.order[-1].endswith(" DESC") else ()
    plain = Asked(
        DOCUMENTS, among(reached) & wanted.condition, (*wanted.order, *last), wanted.limit or 20, wanted.offset,
        wanted.counted,
    )  # fmt: skip
    if not by_index:
        return plain
    return Asked(
        *(getattr(plain, name) for name in ("collection", "condition", "order", "limit", "offset", "counted")),
        narrowed=wanted.narrowed,
        sorted_by=wanted.sorted_by,
        indexes={"data.n": INDEX, **INDEXES},
        reached=reached,
        is_all=wanted.condition == EVERYTHING,
    )


def found(store, *args, **options):
    texts, total = store.found(asked(*args, **options), 10)
    return [json.loads(text)["id"] for text in texts], total


def check(store):
    """Links and tallies are those of the documents that are there."""
    db = store._connection
    documents = [json.loads(text) for text in store.page(DOCUMENTS, EVERYTHING, (), -1, 0)]
    links = {(name, value, each["id"]) for each in documents for name in LINKED for value in each[name]}
    assert set(db.execute("SELECT member, value, id FROM document_links WHERE collection = ?", (DOCUMENTS,))) == links
    tallies = {("", ""): len(documents)} if documents else {}
    for each in documents:
        for name in ("status", "creatorId"):
            value = each.get(name, "")
            tallies[name, value] = tallies.get((name, value), 0) + 1
    rows = db.execute("SELECT member, value, number FROM document_tallies WHERE collection = ?", (DOCUMENTS,))
    assert {(name, value): number for name, value, number in rows if number} == tallies


def taken_back(store, change):
    with suppress(ZeroDivisionError), store.transaction():
        change()
        raise ZeroDivisionError


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "platform.db")
    store.index(INDEX, DOCUMENTS, [member("data.n")])
    yield store
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 5, 1_000])
def test_an_index_finds_what_is_found_without_one(store, monkeypatch, few):
    monkeypatch.setattr(ways, "FEW", few)
    monkeypatch.setattr(ways, "_FIRST", few)
    chance = random.Random(few)  # noqa: S311 - reproducible
    for number in range(60):
        store.put(DOCUMENTS, document(number, chance))
        store.put(f"{DOCUMENTS}0", document(number, chance))  # another schema's
    for condition in CONDITIONS:
        for sort in SORTS:
            for reached in REACHED:
                limit, offset = chance.choice([(20, 0), (3, 0), (3, 2), (5, 40), (100, 0)])
                query = "&".join(filter(None, [condition, sort, f"limit({limit},{offset})"]))
                plain = found(store, query, reached=reached, by_index=False)
                assert found(store, query, reached=reached) == plain, (query, reached)


def test_links_and_tallies_follow_every_change(store):
    chance = random.Random(1)  # noqa: S311 - reproducible
    for step in range(300):
        number = chance.randrange(30)
        if chance.random() < 0.2:
            store.delete(DOCUMENTS, f"{number:024x}")
        elif chance.random() < 0.1:
            taken_back(store, lambda number=number: store.put(DOCUMENTS, document(number, chance)))
            taken_back(store, lambda number=number: store.delete(DOCUMENTS, f"{number:024x}"))
        else:
            store.put(DOCUMENTS, document(number, chance))
        if step % 10 == 0:
            check(store)
    check(store)


def test_documents_that_are_dropped_leave_nothing_and_those_of_others_stay(store):
    chance = random.Random(1)  # noqa: S311 - reproducible
    for number in range(5):
        store.put(DOCUMENTS, document(number, chance))
        store.put(f"{DOCUMENTS}0", document(number, chance))
    taken_back(store, lambda: store.drop(DOCUMENTS))
    check(store)
    store.drop(DOCUMENTS)
    check(store)
    assert found(store, "") == ([], 0)
    assert store.found(Asked(f"{DOCUMENTS}0", EVERYTHING, (), 20, 0, True), 1).total == 5
    store.put(DOCUMENTS, document(1, chance))
    store.delete(DOCUMENTS, f"{1:024x}")
    check(store)


def test_a_file_of_an_earlier_version_is_brought_up_to_date(store):
    chance = random.Random(1)  # noqa: S311 - reproducible
    for number in range(50):
        store.put(DOCUMENTS, document(number, chance))
    path, db = store.path, store._connection
    for kind, name in list(db.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger')")):
        if kind == "trigger" or name in {"document_links", "document_tallies"}:
            db.execute(f"DROP {kind} IF EXISTS {name}")
    for name in INDEXES.values():
        db.execute(f"DROP INDEX {name}")
    store.drop_index(INDEX)
    db.execute(
        f"CREATE UNIQUE INDEX \"{INDEX}\" ON documents ({member('data.n')}, id) WHERE collection = '{DOCUMENTS}'"
    )
    store.put(DOCUMENTS, document(50, chance))
    store.close()
    again = Store(path)
    try:
        check(again)
        assert found(again, "sort(-data.n)") == found(again, "sort(-data.n)", by_index=False)
        (sql,) = again._connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (INDEX,)).fetchone()
        assert sql.startswith("CREATE UNIQUE INDEX")
        assert "(collection, " in sql
    finally:
        again.close()


def test_a_file_without_links_is_not_left_with_half_of_them(store, monkeypatch):
    store.put(DOCUMENTS, document(1, random.Random(1)))  # noqa: S311 - reproducible
    path, db = store.path, store._connection
    for (name,) in list(db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DROP TABLE document_links")
    db.execute("DROP TABLE document_tallies")
    store.close()
    monkeypatch.setattr(
        "exh_dev.platform.storage.members.FILL", "INSERT INTO document_links SELECT nought FROM documents;"
    )
    with pytest.raises(Exception, match="no such column"):
        Store(path)
    monkeypatch.undo()
    again = Store(path)
    check(again)
    again.close()


def steps(store, query, reached=None):
    """How many thousand steps SQLite takes."""
    taken = 0

    def note():
        nonlocal taken
        taken += 1

    connection = sqlite3.connect(store.path)
    connection.set_progress_handler(note, 1_000)
    asked(query, reached=reached).in_(connection)
    connection.close()
    return taken


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A store of 5,000 documents, of which one is unlike the others."""
    store = Store(tmp_path_factory.mktemp("many") / "platform.db")
    store.index(INDEX, DOCUMENTS, [member("data.n")])
    chance = random.Random(1)  # noqa: S311 - reproducible
    with store.transaction():
        for number in range(5_000):
            odd = {"status": "odd", "creatorId": IDS[2], "userIds": [IDS[2]]}
            own = odd if number == 77 else {"userIds": [IDS[0]]}
            store.put(DOCUMENTS, {**document(number, chance), **own, "data": {"n": number, "m": number % 4}})
    yield store
    store.close()


@pytest.mark.parametrize(
    "query",
    ["", "sort(-creationTimestamp)", "sort(updateTimestamp)", "sort(-status)", "sort(creatorId)", "sort(-data.n)",
     "eq(data.n,3)&sort(-creationTimestamp)", "eq(status,new)&sort(-creationTimestamp)", "eq(status,odd)",
     f"eq(creatorId,{IDS[2]})&sort(-updateTimestamp)", f"eq(userIds,{IDS[2]})&sort(-creationTimestamp)",
     f"eq(id,{7:024x})&sort(-creationTimestamp)", "ge(data.n,4999)"],
)  # fmt: skip
def test_a_page_and_its_total_are_found_without_reading_the_other_documents(many, query):
    assert steps(many, "eq(data.m,9)") > 40
    assert steps(many, query) <= 3


def test_what_a_user_may_see_is_found_without_reading_the_other_documents(many):
    for query in ("", "sort(-creationTimestamp)", "sort(data.n)", "eq(data.m,1)"):
        assert steps(many, query, [Link("userIds", (IDS[2],)), Link("creatorId", (IDS[2],))]) <= 3


def test_a_page_of_a_list_without_an_index_is_gone_through_once(many):
    assert steps(many, "eq(data.m,1)&limit(3)") <= steps(many, "eq(data.m,9)") * 1.3


@pytest.mark.parametrize("sort", ["sort(-data.n)", "sort(-creationTimestamp)", "sort(status)"])
def test_a_sorted_list_that_few_documents_are_in_takes_no_longer_than_without_the_index(many, sort):
    plain = steps(many, "eq(data.m,9)&sort(-data.m)")
    assert steps(many, f"eq(data.m,9)&{sort}") <= plain * 1.5
    assert steps(many, f"eq(data.m,1)&{sort}&skipCount()") <= 8
    assert steps(many, f"eq(data.m,9)&ge(data.n,4990)&{sort}") <= 8


def test_a_unique_index_is_one_of_its_schema_alone(store):
    store.index("unique:index", DOCUMENTS, [member("data.m")], unique=True)
    chance = random.Random(1)  # noqa: S311 - reproducible
    store.put(DOCUMENTS, {**document(1, chance), "data": {"m": 1}})
    store.put(f"{DOCUMENTS}0", {**document(2, chance), "data": {"m": 1}})
    with pytest.raises(DuplicateError):
        store.put(DOCUMENTS, {**document(3, chance), "data": {"m": 1}})
    check(store)


def test_of_equal_documents_the_newest_comes_first_in_a_descending_order(app):
    app.as_user("POST", "/data/v1", json={"name": "pulse", "description": ""})
    app.as_user("POST", "/data/v1/pulse/properties", json={"name": "n", "configuration": {"type": "number"}})
    made = [app.as_user("POST", "/data/v1/pulse/documents", json={"n": 1}).json()["id"] for _ in range(3)]

    def listed(query):
        answer = app.as_user("GET", f"/data/v1/pulse/documents?{query}").json()
        assert answer["page"]["total"] == 3
        return [each["id"] for each in answer["data"]]

    for name in ("creationTimestamp", "data.n", "status"):
        assert listed(f"sort({name})") == made
        assert listed(f"sort(-{name})") == made[::-1]
