"""Lists of runs, of a few and of very many; what is kept of them; and running many again."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from waiting import wait_for

from exh_dev.errors import DevkitError
from exh_dev.platform import pacing
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks import run_search
from exh_dev.platform.tasks.run_list import DETAILS, RUNS

pytestmark = pytest.mark.slow

BIG = 'def handler(event, context):\n    return event["text"] * event.get("times", 1)\n'
FAILING = 'def handler(event, context):\n    raise ValueError(event.get("why", "no reason"))\n'


def ids(answer):
    return [run["id"] for run in answer["data"]]


def run_of(number=0, **members):
    """A run as a fresh platform hands it over."""
    run_id = object_id()
    started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(run_id[:8], 16)))
    return {
        "id": run_id, "function": "other", "kind": "task", "trigger": "task", "status": "OK", "failure": "",
        "request_id": f"request-{number}", "task_id": object_id(), "chain": run_id, "trace": run_id, "attempt": 1,
        "started": f"{started}.{number % 1000:03d}+00:00", "duration_ms": float(number % 100), "event": {},
        "result": None, "error": None, "logs": [], "calls": [], **members,
    }  # fmt: skip


@pytest.fixture
def several(center):
    """Ten runs, the first first."""
    made = [run_of(number, duration_ms=float(number * 7 % 10)) for number in range(10)]
    made[3] |= {"status": "FAILED", "failure": "LookupError: Ärger with Wilhelmina", "function": "analyze"}
    made[7] |= {"kind": "api", "trigger": "api"}
    center.platform.adopt_runs(made)
    return [run["id"] for run in made]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-02-31"},
        {"from": "99999-01-01T00:00:00Z"},
        {"sort": "name"},
        {"sort": "duration", "before": "6968c1b48ab34b7d6e654701"},
    ],
)
def test_what_cannot_be_asked_is_refused(center, query):
    answer = requests.get(f"{center.url}/_dev/api/runs", query, timeout=5)
    assert (answer.status_code, answer.json()["code"]) in {(400, 15), (404, 16)}


def test_pages_go_on_from_a_run_in_every_order(center, several):
    by_duration = sorted(several, key=lambda each: several.index(each) * 7 % 10)
    orders = {"started": several, "-started": several[::-1], "duration": by_duration, "-duration": by_duration[::-1]}
    for sort, expected in orders.items():
        found, position = [], {}
        while page := ids(center.get("/runs", sort=sort, limit=3, **position)):
            found += page
            position = {"before" if sort.startswith("-") else "after": page[-1]}
        assert found == expected
    assert center.get("/runs", before=several[0]) == {"total": 10, "total_is_exact": True, "data": []}


def test_filters_can_be_combined(center, several):
    assert ids(center.get("/runs", status="FAILED", function="analyze")) == [several[3]]
    assert center.get("/runs", status="FAILED", function="other")["total"] == 0
    assert ids(center.get("/runs", kind="api", before=several[8])) == [several[7]]
    assert center.get("/runs", kind="task", limit=1)["total"] == 9
    assert ids(center.get("/runs", trace=several[5], status="OK")) == [several[5]]
    assert center.get("/runs", trace=several[5], status="FAILED")["data"] == []


def test_runs_of_a_time_are_found(center, several):
    started = center.get(f"/runs/{several[4]}")["started"]
    later = center.get("/runs", **{"from": started})
    assert (later["total"], later["total_is_exact"], ids(later)) == (6, True, several[:3:-1])
    assert ids(center.get("/runs", to=started)) == several[3::-1]
    assert ids(center.get("/runs", **{"from": started, "to": started})) == []
    assert center.get("/runs", **{"from": started.replace("+00:00", "Z")})["total"] == 6
    assert center.get("/runs", to="1970-01-01")["total"] == 0


def test_a_search_finds_ids_functions_and_errors(center, several):
    run = center.api.run(several[3])
    for search in (several[3], run["task_id"], "WILHELMINA", "ärger", "ÄRGER", "analy", "LookupError: Ä"):
        assert several[3] in ids(center.get("/runs", search=search)), search
    assert ids(center.get("/runs", search="request-7")) == [several[7]]
    for search in ("%", "_", "100%", "request_7", "'", '"', "\\", "x" * 5_000):
        assert ids(center.get("/runs", search=search)) == [], search
    assert ids(center.get("/runs", search="other", kind="api")) == [several[7]]
    assert ids(center.get("/runs", search="other", limit=2, before=several[5])) == [several[4], several[2]]
    shortest = center.get("/runs", search="other", sort="duration", limit=1)["data"]
    assert shortest[0]["duration_ms"] == 0


def test_a_search_that_has_no_time_for_all_says_how_far_it_came(center, several, monkeypatch):
    monkeypatch.setattr(run_search, "_MOST_SECONDS", 0)
    monkeypatch.setattr(pacing, "SLICE", 0)
    newest = center.api.run(several[-1])
    answer = center.get("/runs", search="no such text")
    assert (answer["total"], answer["total_is_exact"]) == (0, False)
    assert answer["searched_since"] == newest["started"]
    assert ids(center.get("/runs", search=several[0])) == [several[0]]  # ids are looked up
    oldest = center.get("/runs", search="no such text", sort="started")
    assert oldest["searched_since"] == center.api.run(several[0])["started"]
    with pytest.raises(DevkitError, match="Too many runs to search"):
        center.post("/runs/replay", {"search": "Wilhelmina"})


def test_others_are_answered_while_all_that_is_kept_is_searched(serve, tmp_path):
    store = Store(tmp_path / "platform.db")
    first = object_id()
    with store.transaction():
        for number in range(20_000):
            run = run_of(number, **({} if number else {"id": first}))
            carried = {name: run.pop(name) for name in ("event", "result", "error", "logs", "calls")}
            line = '{"message": "the \\"Nadel\\" im Häufchen"}' if not number else "x" * 2_000
            store.put(RUNS, run)
            store.put(DETAILS, {**carried, "id": run["id"], "logs": [{"timestamp": run["started"], "text": line}]})
    store.close()
    center = serve(data_dir=tmp_path)
    answered = []
    with ThreadPoolExecutor() as pool:
        for text in ('the "nadel"', "im HÄUFCHEN", "no such text"):
            waiting = pool.submit(center.get, "/runs", search=text)
            answered.append(0)
            while not waiting.done():
                assert requests.get(f"{center.url}/_dev/api/refusals", timeout=5).ok
                answered[-1] += 1
            assert ids(waiting.result()) == ([] if text == "no such text" else [first]), text
            assert waiting.result()["total_is_exact"]
    assert min(answered) > 4, answered


@pytest.mark.rare
def test_lists_of_100_000_runs_are_there_at_once(serve, tmp_path):
    store = Store(tmp_path / "platform.db")
    made = []
    with store.transaction():
        for number in range(100_000):
            run = run_of(number, function=f"function-{number % 40}")
            if not number * 7 % 3:
                run |= {"status": "FAILED", "failure": f"LookupError: patient {number} is missing"}
            store.put(
                RUNS, {name: run[name] for name in run if name not in ("event", "result", "error", "logs", "calls")}
            )
            made.append(run["id"])
    store.close()
    center = serve(data_dir=tmp_path)
    center.get("/runs", limit=1)
    hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3_600))
    queries = [
        {},
        {"before": made[50_000]},
        {"function": "function-7", "status": "FAILED"},
        {"status": "OK", "sort": "-duration"},
        {"sort": "duration", "after": made[100]},
        {"function": "none"},
        {"from": hour},
        {"search": made[77_777]},
        {"search": "patient 99"},
        {"search": "function-7", "status": "OK"},
    ]
    spent = {}
    for query in queries:
        began = time.process_time()  # of the platform, too: it is in this process
        answer = center.get("/runs", limit=50, **query)
        spent[json.dumps(query)] = time.process_time() - began
        assert len(answer["data"]) in {50, 1, 0}
    assert center.get("/runs", limit=1)["total"] == 100_000
    assert max(spent.values()) < 3, spent  # 0.03 s at most on a machine that does nothing else


def test_the_control_center_says_how_much_is_kept(serve):
    center = serve(keep_runs=50, keep_bytes=1_000_000)
    center.invoke("other", {})
    state = center.get("")["retention"]
    assert (state["runs"], state["most_runs"], state["most_bytes"]) == (1, 50, 1_000_000)
    assert 0 < state["bytes"] < 2_000
    assert state["oldest"] == state["oldest_in_full"] == center.get("/runs")["data"][0]["started"]


def test_details_go_before_runs_and_the_oldest_first(serve, tmp_path):
    most = 2_000_000
    center = serve({"handlers/other.py": BIG}, data_dir=tmp_path, keep_bytes=most)
    made = [center.invoke("other", {"text": "é" * 1_000, "times": 200})["id"] for _ in range(12)]
    state = center.get("")["retention"]
    assert most - 500_000 < state["bytes"] <= most
    assert state["runs"] == 12
    runs = [center.api.run(run_id) for run_id in made]
    assert [run["in_full"] for run in runs] == [False] * 8 + [True] * 4
    assert (runs[0]["status"], runs[0]["result"], runs[0]["calls"]) == ("OK", None, None)
    with pytest.raises(DevkitError, match=f"The event of the run {made[0]} is not kept any more"):
        center.post(f"/runs/{made[0]}/replay")
    again = center.post(f"/runs/{made[0]}/replay", {"event": {"text": "x"}})["id"]
    assert center.api.ended(again)["result"] == "x"


def test_kept_runs_take_limited_space_on_disk(serve, tmp_path):
    most = 3_000_000
    center = serve(data_dir=tmp_path, keep_bytes=most)
    before = sum(path.stat().st_size for path in tmp_path.glob("platform.db*"))
    for number in range(60):
        center.platform.adopt_runs([run_of(number, result="x" * 500_000)])
    after = sum(path.stat().st_size for path in tmp_path.glob("platform.db*"))
    assert after - before < most + 10_000_000  # 30 MB went through; the log of SQLite itself is 4 MB
    assert center.get("")["retention"]["bytes"] <= most


def test_the_newest_run_is_kept_however_large(serve):
    center = serve({"handlers/other.py": BIG}, keep_bytes=1_000)
    run = center.invoke("other", {"text": "x" * 5_000})
    assert (run["in_full"], len(run["result"])) == (True, 5_000)


def test_a_limit_that_was_lowered_counts_at_the_next_start(serve, tmp_path):
    first = serve(data_dir=tmp_path)
    made = [first.invoke("other", number)["id"] for number in range(4)]
    first.platform.__exit__(None, None, None)
    second = serve(data_dir=tmp_path, keep_runs=2)
    assert ids(second.get("/runs")) == made[:1:-1]


def test_an_earlier_data_directory_is_measured(serve, tmp_path):
    first = serve(data_dir=tmp_path)
    first.invoke("other", 1)
    known = first.get("")["retention"]["bytes"]
    first.platform.call(lambda: first.platform._store.drop("run_totals"))
    first.platform.__exit__(None, None, None)
    assert serve(data_dir=tmp_path).get("")["retention"]["bytes"] == known


# Running many again


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 13),
        ("[]", 22),
        ('{"limit": 0}', 15),
        ('{"limit": 1001}', 15),
        ('{"limit": true}', 15),
        ('{"status": "running"}', 15),
        ('{"status": 5}', 15),
        ('{"funktion": "other"}', 15),
        ('{"from": "then"}', 15),
    ],
)
def test_a_replay_that_makes_no_sense_is_refused(center, body, code):
    answer = requests.post(f"{center.url}/_dev/api/runs/replay", body, timeout=5)
    assert (answer.status_code >= 400, answer.json()["code"]) == (True, code)


def test_more_than_the_limit_are_not_run_again(serve):
    center = serve({"handlers/other.py": FAILING})
    for _ in range(3):
        center.invoke("other", {})
    with pytest.raises(DevkitError, match=r'3 runs match, .* the limit of 2: send "limit": 3, or narrow it down'):
        center.post("/runs/replay", {"limit": 2})
    assert center.get("/runs")["total"] == 3


def test_all_that_failed_are_run_again_each_with_its_event(serve):
    center = serve({"handlers/other.py": FAILING})
    failed = [center.invoke("other", {"why": str(number)})["id"] for number in range(7)]
    center.invoke("analyze", {"data": {}})
    answer = center.post("/runs/replay", {"function": "other", "limit": 7})
    assert ([each["of"] for each in answer["replayed"]], answer["skipped"]) == (failed, [])
    runs = [center.api.ended(each["id"]) for each in answer["replayed"]]
    assert [run["failure"] for run in runs] == [f"ValueError: {number}" for number in range(7)]
    assert [run["again"] for run in runs] == failed
    second = center.post("/runs/replay", {"function": "other"})
    assert [each["of"] for each in second["replayed"]] == [run["id"] for run in runs]
    assert [each["reason"] for each in second["skipped"]] == [
        f"it was run again already, as {run['id']}" for run in runs
    ]


def test_what_failed_again_is_run_again_though_its_replay_is_of_another_kind(center):
    center.write("handlers/other.py", FAILING)
    center.exh.tasks.create(functionName="other", data={})
    (failed,) = center.ended(1)
    wanted = {"kind": failed["kind"]}
    assert wanted == {"kind": "task"}
    (first,) = center.post("/runs/replay", wanted)["replayed"]
    assert first["of"] == failed["id"]
    assert center.api.ended(first["id"])["status"] == "FAILED"
    answer = center.post("/runs/replay", wanted)
    ((second,), skipped) = answer["replayed"], answer["skipped"]
    assert (second["of"], skipped) == (first["id"], [])


def test_runs_that_succeeded_in_the_end_are_not_repeated(serve):
    center = serve({"handlers/other.py": "def handler(event, context):\n    return 1\n"})
    center.platform.adopt_runs([run_of(status="FAILED", failure="x", function="other", kind="task")])
    (first,) = center.post("/runs/replay", {"kind": "task"})["replayed"]
    assert center.api.ended(first["id"])["status"] == "OK"
    answer = center.post("/runs/replay", {"kind": "task"})
    assert answer["replayed"] == []
    assert [each["reason"] for each in answer["skipped"]] == [f"it was run again already, as {first['id']}"]


def test_of_the_attempts_at_a_task_the_last_is_run_again(center):
    task = center.exh.tasks.create(functionName="analyze", data={"fail": "induced"})
    runs = center.ended(4)
    answer = center.post("/runs/replay", {"chain": task["id"]})
    assert [each["of"] for each in answer["replayed"]] == [runs[0]["id"]]
    assert {each["reason"] for each in answer["skipped"]} == {f"{runs[0]['id']} is a later attempt at the same task"}


def test_what_cannot_be_run_again_is_skipped_with_the_reason(serve):
    center = serve()
    center.platform.adopt_runs([run_of(status="FAILED", failure="x", function="gone")])
    (skipped,) = center.post("/runs/replay", {})["skipped"]
    assert skipped["reason"] == "There is no function gone"


def test_only_five_go_on_at_once(serve):
    waiting = (
        "import pathlib, time\n\ndef handler(event, context):\n    folder = pathlib.Path(event['folder'])\n"
        "    (folder / context.aws_request_id).touch()\n"
        "    while not (folder / 'gate').exists():\n        time.sleep(0.01)\n    raise ValueError\n"
    )
    center = serve({"handlers/other.py": waiting})
    folder = center.folder / "marks"
    folder.mkdir()
    made = [run_of(number, status="FAILED", failure="x", event={"folder": str(folder)}) for number in range(8)]
    center.platform.adopt_runs(made)
    replayed = center.post("/runs/replay", {})["replayed"]
    wait_for(lambda: len(list(folder.iterdir())) >= 5)
    assert len(list(folder.iterdir())) == 5
    (folder / "gate").touch()
    assert {center.api.ended(each["id"])["status"] for each in replayed} == {"FAILED"}
    assert len(list(folder.iterdir())) == 9
