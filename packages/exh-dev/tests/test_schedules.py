"""`exh-dev schedules`: the manifest's schedules on a platform, and nobody else's."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from folder_projects import GREETING, write
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.errors import DevkitError, ManifestError
from exh_dev.project.function_spec import Schedule
from exh_dev.project.manifest import load_manifest
from exh_dev.project.project import Project
from exh_dev.project.schedule_mark import marked_data
from exh_dev.remote.client import MissingPermissionError, client_of
from exh_dev.remote.schedules import apply, first_run, plan, read_plan
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.errors import PlatformUnreachableError
from extrahorizon.query import rql

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
START = "2026-01-10T05:00:00Z"
HOURLY, DAILY = Schedule(3600), Schedule(86400, START)


def known(number, function="sweep", schedule=HOURLY, **members):
    """A schedule of ours as the platform has it; a later one has a higher number."""
    return {
        "id": f"{number:024x}",
        "functionName": function,
        "interval": schedule.interval,
        "data": marked_data(schedule.interval, schedule.start),
        "creationTimestamp": f"2026-01-01T00:00:{number:02}.000Z",
        **members,
    }


def done(wanted, schedules, functions=None, **options):
    """What a plan does: `+name interval` and `-number`, and the numbers of what it keeps, leaves, and finds foreign."""
    made = plan(wanted, wanted if functions is None else functions, schedules, **options)
    steps = [f"+{each.function} {each.interval}" if each.id is None else f"-{int(each.id, 16)}" for each in made.steps]
    return steps, *([int(each["id"], 16) for each in some] for some in (made.kept, made.left, made.foreign))


# The plan


def test_missing_schedules_are_created_and_existing_ones_kept():
    assert done({"sweep": HOURLY, "report": DAILY}, [known(1)]) == (["+report 86400"], [1], [], [])
    assert done({"sweep": HOURLY}, [known(1)]) == ([], [1], [], [])
    assert done({}, []) == ([], [], [], [])


@pytest.mark.parametrize("changed", [Schedule(60), Schedule(3600, START), Schedule(3600, "2026-01-11")])
def test_a_changed_schedule_is_made_before_the_old_one_goes(changed):
    old = Schedule(3600, "2026-01-10") if changed.start == "2026-01-11" else HOURLY
    assert done({"sweep": changed}, [known(1, schedule=old)]) == ([f"+sweep {changed.interval}", "-1"], [], [], [])


def test_an_interval_that_is_not_what_the_mark_says_is_not_kept():
    assert done({"sweep": HOURLY}, [known(1, interval=7200)])[0] == ["+sweep 3600", "-1"]
    assert done({"sweep": HOURLY}, [known(1, interval=3600.0)])[0] == []


def test_of_duplicate_schedules_the_oldest_is_kept():
    assert done({"sweep": HOURLY}, [known(3), known(1), known(2)]) == (["-2", "-3"], [1], [], [])
    assert done({"sweep": HOURLY}, [known(1, schedule=DAILY), known(2)]) == (["-1"], [2], [], [])


def test_a_function_without_a_schedule_any_more_loses_it():
    assert done({}, [known(1), known(2)], ["sweep"]) == (["-1", "-2"], [], [], [])


def test_a_function_that_is_not_in_the_manifest_may_be_another_projects():
    assert done({}, [known(1)], ["report"]) == ([], [], [1], [])
    assert done({}, [known(1)], ["report"], prune=True) == (["-1"], [], [], [])
    (note,) = plan({}, [], [known(1)]).notes()
    assert "sweep is not in template.yaml" in note
    assert "--prune" in note


@pytest.mark.parametrize("data", [{"clinic": "1"}, {**marked_data(3600), "clinic": "1"}, None, {}])
def test_schedules_of_others_are_never_changed(data):
    theirs = known(1, data=data)
    if data is None:
        del theirs["data"]
    for wanted, functions, prune in (({"sweep": DAILY}, ["sweep"], True), ({}, ["sweep"], True), ({}, [], True)):
        steps, kept, left, _ = done(wanted, [theirs], functions, prune=prune)
        assert "-1" not in steps
        assert (kept, left) == ([], [])


def test_another_schedule_of_the_same_function_is_reported_unless_its_data_differ():
    schedules = [known(1), known(2, data={}), known(3, data={"clinic": "1"}), known(4, "other", data=None)]
    assert done({"sweep": HOURLY}, schedules) == ([], [1], [], [2])
    (note,) = plan({"sweep": HOURLY}, [], schedules).notes()
    assert f"DELETE /tasks/v1/schedules/{2:024x}" in note


@pytest.mark.parametrize("mark", ["yes", 1, None, [], {"interval": "x"}])
def test_a_schedule_with_a_damaged_mark_is_still_ours_and_replaced(mark):
    garbled = known(1, data={"exhDevSchedule": mark})
    assert done({"sweep": HOURLY}, [garbled])[0] == ["+sweep 3600", "-1"]


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([HOURLY, DAILY])), max_size=8), st.data())
def test_a_second_sync_of_any_schedules_changes_nothing(there, draw):
    wanted = draw.draw(st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([HOURLY, DAILY])))
    schedules = {number: known(number, *each) for number, each in enumerate(there)}
    made = plan(wanted, ["a", "b"], schedules.values())
    for step in made.steps:
        if step.id is None:
            number = max(schedules, default=0) + 1
            schedules[number] = known(number, step.function, Schedule(step.interval, step.start))
        else:
            del schedules[int(step.id, 16)]
    again = plan(wanted, ["a", "b"], schedules.values())
    assert again.steps == ()
    assert {each["functionName"] for each in again.kept} == set(wanted)


@pytest.mark.parametrize(
    ("start", "interval", "first"),
    [
        (None, 3600, NOW + timedelta(hours=1)),
        ("2026-01-20T05:00:00Z", 86400, datetime(2026, 1, 20, 5, tzinfo=UTC)),
        (START, 86400, datetime(2026, 1, 16, 5, tzinfo=UTC)),
        ("2026-01-10T05:00:00+02:00", 86400, datetime(2026, 1, 16, 3, tzinfo=UTC)),
        ("2026-01-15T10:30:00Z", 86400, NOW),
        ("2026-01-15T10:29:59Z", 60, NOW + timedelta(seconds=59)),
    ],
)
def test_the_first_run_is_at_the_start_or_a_multiple_of_the_interval_later(start, interval, first):
    assert first_run(interval, start, NOW) == first


@pytest.mark.parametrize("start", ["tomorrow", "5 o'clock", "2026-13-01"])
def test_a_start_that_is_not_a_time_is_an_error_of_the_manifest(tmp_path, start):
    template = GREETING["template.yaml"].replace(
        "task", f'schedule\n        schedule: {{interval: 60, start: "{start}"}}'
    )
    write(tmp_path, {"template.yaml": template}, files=GREETING)
    with pytest.raises(ManifestError, match=f"start is `{start}`; it must be a time such as"):
        load_manifest(tmp_path / "template.yaml")


# On a platform


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    write(folder, {"template.yaml": scheduled("interval: 3600")}, files=GREETING)
    monkeypatch.chdir(folder)
    return Project(folder)


def scheduled(schedule):
    return GREETING["template.yaml"].replace("kind: task", f"kind: schedule\n        schedule: {{{schedule}}}")


@pytest.fixture
def cluster(here):
    with LocalPlatform(data_dir=here.data_dir, ephemeral=True) as cluster:
        cluster.grant("nobody", [])
        cluster.grant("viewer", ["VIEW_TASK_SCHEDULES"])
        cluster.grant("maker", ["VIEW_TASK_SCHEDULES", "CREATE_TASK_SCHEDULE"])
        cluster.start()
        yield cluster


@pytest.fixture
def exh(cluster):
    return client_of(cluster.environment())


def schedules_of(exh):
    return [(each["functionName"], each["interval"]) for each in exh.tasks.schedules.find_all(rql.sort(["interval"]))]


def test_sync_creates_each_schedule_once(exh, exh_dev):
    code, out, lines = exh_dev("schedules", "sync")
    (step,) = json.loads(out)["steps"]
    assert (code, step["action"], step["function"], step["interval"]) == (0, "create", "hello-world", 3600)
    assert (step["done"], [line["message"] for line in lines]) == (
        True,
        ["+ hello-world, every 3600 s (it has none yet)"],
    )
    assert schedules_of(exh) == [("hello-world", 3600)]
    code, out, lines = exh_dev("schedules", "sync")
    again = json.loads(out)
    assert (code, again["ok"], again["steps"], lines) == (0, True, [], [])
    assert [each["interval"] for each in again["kept"]] == [3600]
    code, out, _ = exh_dev("schedules", "sync", "--table")
    assert (code, out) == (0, "Nothing to do: 1 schedule is as template.yaml says\n")


def test_sync_replaces_what_has_changed(here, exh, exh_dev):
    exh_dev("schedules", "sync")
    (here.root / "template.yaml").write_text(scheduled('interval: 60, start: "2026-01-10T05:00:00Z"'))
    code, out, _ = exh_dev("schedules", "sync")
    assert (code, [step["action"] for step in json.loads(out)["steps"]]) == (0, ["create", "remove"])
    assert schedules_of(exh) == [("hello-world", 60)]
    (here.root / "template.yaml").write_text(GREETING["template.yaml"])
    assert exh_dev("schedules", "sync")[0] == 0
    assert schedules_of(exh) == []


def test_a_dry_run_shows_and_does_nothing(exh, exh_dev):
    code, out, _ = exh_dev("schedules", "sync", "--dry-run")
    found = json.loads(out)
    assert (code, found["dry_run"], [step["done"] for step in found["steps"]]) == (0, True, [False])
    code, out, _ = exh_dev("schedules", "sync", "--dry-run", "--table")
    assert out == "+ hello-world, every 3600 s (it has none yet)\nNo changes made (--dry-run)\n"
    assert schedules_of(exh) == []


@pytest.mark.slow
def test_schedules_of_all_pages_are_read(here, exh):
    for number in range(120):
        exh.tasks.schedules.create(functionName="hello-world", interval=1000 + number, data={"number": number})
    for _ in range(2):
        exh.tasks.schedules.create(functionName="hello-world", interval=3600, data=marked_data(3600))
    found = read_plan(here.manifest, exh)
    assert ([step.reason for step in found.steps], len(found.kept)) == (["it is there twice"], 1)


def test_on_the_local_platform_schedules_of_removed_functions_are_deleted(exh, exh_dev):
    exh.tasks.schedules.create(functionName="gone", interval=90, data=marked_data(90))
    assert exh_dev("schedules", "sync")[0] == 0
    assert schedules_of(exh) == [("hello-world", 3600)]


def test_on_a_cluster_schedules_of_removed_functions_stay_without_prune(cluster, exh, exh_dev, profile):
    profile("dev", cluster.environment())
    exh.tasks.schedules.create(functionName="gone", interval=90, data=marked_data(90))
    live = ["schedules", "sync", "--live", "--profile", "dev", "--yes"]
    code, out, lines = exh_dev(*live)
    assert (code, [each["functionName"] for each in json.loads(out)["left"]]) == (0, ["gone"])
    assert any("--prune removes it" in line["message"] for line in lines)
    assert schedules_of(exh) == [("gone", 90), ("hello-world", 3600)]
    assert exh_dev(*live, "--prune")[0] == 0
    assert schedules_of(exh) == [("hello-world", 3600)]


@pytest.mark.slow
def test_a_cluster_is_named_and_the_difference_shown_before_anything_is_asked(
    cluster, exh, exh_dev, profile, monkeypatch
):
    profile("dev", cluster.environment())
    live = ["schedules", "sync", "--live", "--profile", "dev"]
    told = [
        f"reading the schedules on the real cluster {cluster.url} (profile dev)",
        "+ hello-world, every 3600 s (it has none yet)",
        f"1 change of schedules against the real cluster {cluster.url} (profile dev)",
    ]
    code, out, lines = exh_dev(*live)
    assert (code, out, [line["message"] for line in lines[:-1]]) == (2, "", told)
    assert "add --yes" in lines[-1]["message"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    code, out, lines = exh_dev(*live)
    assert (code, lines[-1]["message"]) == (1, "not confirmed; no changes made")
    assert schedules_of(exh) == []
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    assert exh_dev(*live)[0] == 0
    assert schedules_of(exh) == [("hello-world", 3600)]
    monkeypatch.setattr("typer.confirm", lambda *_, **__: pytest.fail("there is nothing to ask"))
    assert exh_dev(*live)[0] == 0


@pytest.mark.parametrize(
    ("user", "permission"),
    [("nobody", "VIEW_TASK_SCHEDULES"), ("viewer", "CREATE_TASK_SCHEDULE"), ("maker", "DELETE_TASK_SCHEDULE")],
)
def test_a_refusal_names_the_permission_and_what_was_done(cluster, exh, exh_dev, profile, user, permission):
    profile("dev", cluster.function_environment(user))
    exh.tasks.schedules.create(functionName="hello-world", interval=90, data=marked_data(90))
    code, out, lines = exh_dev("schedules", "sync", "--live", "--profile", "dev", "--yes")
    if user == "nobody":
        assert (code, out) == (1, "")
        refused = f"lacks the permission {permission}: GET /tasks/v1/schedules was refused (code 10)"
        assert refused in lines[-1]["message"]
        return
    created, removed = "+ hello-world, every 3600 s", "- hello-world, every 90 s"
    message = lines[-1]["message"]
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert f"lacks the permission {permission}" in message
    if user == "viewer":
        assert "No changes made. Not done: " + created in message
        assert [step["done"] for step in json.loads(out)["steps"]] == [False, False]
        assert schedules_of(exh) == [("hello-world", 90)]
    else:
        assert f"Done: {created}" in message
        assert f"Not done: {removed}" in message
        assert [step["done"] for step in json.loads(out)["steps"]] == [True, False]
        assert schedules_of(exh) == [("hello-world", 90), ("hello-world", 3600)]
        assert exh_dev("schedules", "sync")[0] == 0  # by somebody who may
        assert schedules_of(exh) == [("hello-world", 3600)]


def test_a_schedule_that_was_removed_meanwhile_is_no_error(here, exh):
    gone = exh.tasks.schedules.create(functionName="hello-world", interval=90, data=marked_data(90))
    found = read_plan(here.manifest, exh)
    exh.tasks.schedules.remove(gone["id"])
    assert [step.action for step in apply(found.steps, exh, lambda: NOW)] == ["create", "remove"]
    (made,) = exh.tasks.schedules.find()
    assert made["startTimestamp"] == "2026-01-15T11:30:00.000Z"


def test_a_platform_that_stops_during_a_sync_is_an_error(here, exh, monkeypatch):
    found = read_plan(here.manifest, exh)

    def create(**_):
        raise PlatformUnreachableError("gone", method="POST", url="http://localhost:1/tasks/v1/schedules")

    monkeypatch.setattr(exh.tasks.schedules, "create", create)
    with pytest.raises(DevkitError, match="could not be reached.*It may have been done all the same") as caught:
        list(apply(found.steps, exh))
    assert not isinstance(caught.value, MissingPermissionError)


def test_the_list_says_which_are_ours_and_not_what_their_data_is(exh, exh_dev):
    exh_dev("schedules", "sync")
    exh.tasks.schedules.create(functionName="daily-report", interval=90, data={"clinic": "St. Mary"})
    code, out, _ = exh_dev("schedules", "list")
    listed = {each["functionName"]: each for each in json.loads(out)}
    assert (code, listed["hello-world"]["managed"], listed["daily-report"]["managed"]) == (0, True, False)
    assert "data" not in listed["hello-world"]
    assert "Mary" not in out
    rows = exh_dev("schedules", "list", "--table")[1].splitlines()
    assert rows[0].split() == ["Function", "Every", "Next", "Id", "Managed"]
    assert rows[1].split()[-1] == "yes"
    assert rows[2].split()[-1] == "no"


def test_schedules_outside_of_a_project_is_wrong_usage(exh_dev, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, (line,) = exh_dev("schedules", "sync")
    assert (code, "no template.yaml in" in line["message"]) == (2, True)
    code, _, (line,) = exh_dev("schedules")
    assert code == 2
