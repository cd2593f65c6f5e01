import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from extrahorizon.deadline import Deadline
from extrahorizon.errors import InvalidResponseError, NoPermissionError
from extrahorizon.paging import Page, find, find_all, find_first
from extrahorizon.query import rql


class Listing:
    """A session of a platform with one list, which can change."""

    def __init__(self, items, maximum=100):
        self.items, self.maximum = list(items), maximum
        self.queries, self.before_answer = [], lambda: None
        self.deadline = Deadline()

    def call(self, method, path, *, expects):
        assert (method, expects) == ("GET", dict)
        self.queries.append(path.partition("?")[2])
        self.before_answer()
        limit, offset = 20, 0
        for term in self.queries[-1].split("&"):
            if term.startswith("limit("):
                limit, *rest = map(int, term[6:-1].split(","))
                offset = rest[0] if rest else 0
        limit = min(limit, self.maximum)
        page = {"limit": limit, "offset": offset}
        if "skipCount()" not in self.queries[-1]:
            page["total"] = len(self.items)
        return {"query": "{}", "page": page, "data": self.items[offset : offset + limit]}


def test_a_page_has_its_offset_and_total_and_fetches_the_next():
    listing = Listing(range(45))
    first = find(listing, "/x", rql.eq("a", "b"))
    assert (list(first), len(first), first.total, first.limit, first.offset) == (list(range(20)), 20, 45, 20, 0)
    second = first.next()
    third = second.next()
    assert (second.items[0], list(third), third.offset, third.is_last) == (20, list(range(40, 45)), 40, True)
    assert third.next() is None
    assert listing.queries == ["eq(a,b)", "eq(a,b)&limit(20,20)", "eq(a,b)&limit(20,40)"]


def test_a_repr_shows_no_record():
    assert repr(Page([{"email": "jan@example.com"}], limit=20, total=3)) == "<Page: 1 of 3 items from 0>"
    assert repr(Page([], limit=20)) == "<Page: 0 items from 0>"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *((query, count) for query in (None, rql.skip_count()) for count in (0, 1, 49, 50, 51, 100, 101)),
        *((query, 51) for query in ("", rql)),
    ],
)
def test_all_records_come_once_and_in_order(count, query):
    assert list(find_all(Listing(range(count)), "/x", query)) == list(range(count))


def test_pages_are_as_large_as_the_platform_allows():
    listing = Listing(range(25), maximum=10)
    assert list(find_all(listing, "/x")) == list(range(25))
    assert listing.queries == ["limit(50)", "limit(10,10)", "limit(10,20)"]


@pytest.mark.parametrize("query", [rql.limit(7, 3).sort("-a"), "?limit(7,3)&sort(-a)", "sort(-a)&limit(7,3)"])
def test_a_callers_limit_is_the_size_of_the_pages_and_where_they_begin(query):
    listing = Listing(range(20))
    assert list(find_all(listing, "/x", query)) == list(range(3, 20))
    assert sorted(listing.queries[0].split("&")) == ["limit(7,3)", "sort(-a)"]
    assert listing.queries[1:] == ["sort(-a)&limit(7,10)", "sort(-a)&limit(7,17)"]


def test_without_a_count_the_list_ends_at_the_first_page_that_is_not_full():
    listing = Listing(range(100))
    assert list(find_all(listing, "/x", rql.skip_count())) == list(range(100))
    assert [query.rpartition("&")[2] for query in listing.queries] == ["limit(50)", "limit(50,50)", "limit(50,100)"]


def test_what_is_added_at_the_end_meanwhile_comes_too():
    listing = Listing(range(60))
    got = []
    for item in find_all(listing, "/x"):
        got.append(item)
        if item == 10:
            listing.items.extend(range(60, 120))
    assert got[:60] == list(range(60))
    assert len(got) in {60, 120}  # by whether the page that ends the list was fetched before or after


def test_one_page_is_fetched_ahead_and_no_more():
    listing = Listing(range(200))
    fetched = threading.Event()
    listing.before_answer = lambda: fetched.set() if len(listing.queries) == 2 else None
    records = find_all(listing, "/x")
    assert listing.queries == []
    assert next(records) == 0
    assert fetched.wait(10)
    for _ in range(49):
        next(records)
    assert len(listing.queries) == 2
    assert next(records) == 50
    records.close()
    assert len(listing.queries) <= 3


@pytest.mark.parametrize(("worth", "threads"), [(0.0, 4), (3600.0, 1)])
def test_pages_that_are_used_up_at_once_need_no_thread(worth, threads, monkeypatch):
    """Besides the second one: how long the first one is used, nobody knows when it is there."""
    monkeypatch.setattr("extrahorizon.paging._WORTH_A_THREAD", worth)
    listing, seen = Listing(range(250)), []
    listing.before_answer = lambda: seen.append(threading.current_thread())
    assert list(find_all(listing, "/x")) == list(range(250))
    assert len([each for each in seen if each is not threading.current_thread()]) == threads


def test_an_error_on_a_later_page_is_raised_where_that_page_would_begin():
    listing = Listing(range(120))

    def refuse():
        if len(listing.queries) == 2:
            raise NoPermissionError(status=401, code=10)

    listing.before_answer = refuse
    got = []
    with pytest.raises(NoPermissionError):
        got.extend(find_all(listing, "/x"))
    assert got == list(range(50))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": [1]},
        {"data": {}, "page": {"limit": 20, "offset": 0}},
        {"data": [1], "page": {"limit": "20", "offset": 0}},
        {"data": [1], "page": {"limit": True, "offset": 0}},
        {"data": [1], "page": {"limit": 0, "offset": 0}},
    ],
)
def test_an_answer_that_is_not_a_page_is_refused(answer):
    listing = Listing([])
    listing.call = lambda *_, **__: answer
    with pytest.raises(InvalidResponseError, match="page"):
        find(listing, "/x")


def test_a_platform_that_gives_the_same_page_again_does_not_loop_for_ever():
    listing = Listing([])
    listing.call = lambda *_, **__: {"data": [1] * 20, "page": {"limit": 20, "offset": 0, "total": 100}}
    got = []
    with pytest.raises(InvalidResponseError, match="another page"):
        got.extend(find_all(listing, "/x"))
    assert got == [1] * 20


def test_the_first_record_is_asked_for_alone():
    listing = Listing(range(5))
    assert (find_first(listing, "/x"), find_first(listing, "/x", rql.limit(1, 3))) == (0, 3)
    assert listing.queries == ["limit(1)", "limit(1,3)"]
    assert find_first(Listing([]), "/x") is None


COUNT, SIZE = 100_000, 100
ITERATE = """
import resource, sys
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.query import rql

exh = ExtraHorizon(Credentials(sys.argv[1], "key", "secret", "token", "secret"))
records = exh.data.documents.find_all("measurements", rql.limit(100))
next(records)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 1 + sum(1 for _ in records)
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@contextmanager
def recording_server():
    """A platform with `COUNT` documents; what it saw is in the dict that it gives."""
    import json

    seen = {"requests": 0, "at_once": 0, "most_at_once": 0}
    lock = threading.Lock()
    document = {"id": "67c81290fe7042cb74a5576f", "status": "new", "data": {"note": "x" * 400}}
    items = json.dumps([document] * SIZE)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 20  # head and body in one write, or the client waits 40 ms for the second

        def do_GET(self):
            with lock:
                seen["requests"] += 1
                seen["at_once"] += 1
                seen["most_at_once"] = max(seen["most_at_once"], seen["at_once"])
            offset = int((unquote(self.path).partition("limit(100")[2].strip(",)") or "0").split(")")[0])
            body = f'{{"page":{{"total":{COUNT},"limit":{SIZE},"offset":{offset}}},"data":{items}}}'.encode()
            with lock:
                seen["at_once"] -= 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://localhost:{server.server_port}", seen
        server.shutdown()


@pytest.mark.slow
def test_a_hundred_thousand_documents_pass_through_flat_memory(project_root):
    with recording_server() as (url, seen):
        done = subprocess.run(
            [sys.executable, "-c", ITERATE, url], cwd=project_root, capture_output=True, text=True, check=True, env={}
        )
    count, grown = map(int, done.stdout.split())
    assert count == COUNT
    assert grown <= 20, f"{grown} MB more than after the first page"
    assert seen == {"requests": COUNT // SIZE, "at_once": 0, "most_at_once": 1}
