from types import SimpleNamespace

import pytest
from crashing import crash_at_every_call
from end_state import end_state
from exh_dev.project.schedule_mark import marked_data
from exh_dev.testing import handle, task_event
from extrahorizon.errors import InvalidEventError
from extrahorizon.sidefx import APIError, service
from handlers.sync_houdini_builds.builds import SCHEMA, good_builds

from handlers import sync_houdini_builds

NAME = "sync-houdini-builds"


def build(number, *, version="20.5", release="gold", status="good", **more):
    named = {"product": "houdini", "platform": "linux_x86_64_gcc11.2", "version": version, "build": str(number)}
    return {**named, "date": "2026/01/15", "release": release, "status": status, **more}


def test_the_newest_first_by_number_and_not_by_text():
    listed = [build(99), build(584), build(1004), build(9, version="20.10")]
    assert [(each["version"], each["build"]) for each in good_builds(listed)[0]] == [
        ("20.10", 9),
        ("20.5", 1004),
        ("20.5", 584),
        ("20.5", 99),
    ]


def test_withdrawn_and_daily_builds_are_left_out():
    assert good_builds([build(584, status="bad"), build(585, release="devel")]) == ([], 0)


def test_a_version_of_three_parts_is_later_than_one_of_two_whatever_their_builds_are():
    listed = [build(999), build(584, version="20.5.1"), build(1, version="20.6"), build(7, version="20.5.10")]
    assert [each["version"] for each in good_builds(listed)[0]] == ["20.6", "20.5.10", "20.5.1", "20.5"]


ODD = {
    "build null": {"build": None},
    "build in words": {"build": "latest"},
    "build true": {"build": True},
    "a version in words": {"version": "20.5-beta"},
    "a number for a version": {"version": 20.5},
    "a dot too many": {"version": "20.5."},
    "digits of another script": {"version": "\N{ARABIC-INDIC DIGIT TWO}0.5"},
    "no version": {"version": None},
    "no status": {"status": None},
    "no release": {"release": None},
    "date null": {"date": None},
    "a date of another form": {"date": "15 Jan 2026"},
    "platform null": {"platform": None},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_an_odd_build_is_left_out_with_a_warning_and_the_others_are_taken(changes, caplog):
    wrong = build(585) | changes
    for odd in (wrong, {name: value for name, value in wrong.items() if value is not None}):
        builds, left_out = good_builds([build(584), odd, build(583)])
        assert ([each["build"] for each in builds], left_out) == ([584, 583], 1)
        (told,) = caplog.records
        assert (told.levelname, told.message, list(told.odd)) == ("WARNING", "build_left_out", list(changes))
        caplog.clear()


def test_only_what_is_documented_is_kept():
    (kept,), _ = good_builds([build(584, third_party_libraries={"large": "x" * 1000})])
    assert kept == {
        "product": "houdini",
        "platform": "linux_x86_64_gcc11.2",
        "version": "20.5",
        "build": 584,
        "date": "2026-01-15",
    }


@pytest.fixture
def client(platform, exh_of, monkeypatch):
    """Make the function's client; SideFX is the local one."""
    monkeypatch.setattr(sync_houdini_builds, "sidefx", service())
    for name, value in platform.sidefx_environment().items():
        monkeypatch.setenv(name, value)
    return lambda: exh_of(NAME)


def synchronize(exh, product, platform=None):
    data = {"product": product} | ({"platform": platform} if platform else {})
    return handle(sync_houdini_builds.handler, task_event(data), exh)


def test_new_builds_become_documents_and_known_ones_do_not(client, exh):
    first = synchronize(client(), "houdini", "linux")
    assert (first["created"], first["known"], first["latest"]) == (6, 0, "20.5.584")
    assert synchronize(client(), "houdini", "linux") == {"created": 0, "known": 6, "left_out": 0, "latest": "20.5.584"}
    assert synchronize(client(), "houdini")["known"] == 6
    numbers = [(each["data"]["version"], each["data"]["build"]) for each in exh.data.documents.find_all(SCHEMA)]
    assert numbers[:6] == [("20.0", 724)] * 2 + [("20.0", 896)] * 2 + [("20.5", 410), ("20.5", 584)]


def test_a_product_without_builds_is_no_failure(client):
    assert synchronize(client(), "houdini-launcher", "linux_arm64") == {
        "created": 0,
        "known": 0,
        "left_out": 0,
        "latest": None,
    }


def test_documents_that_lack_something_do_not_end_a_run(client, exh):
    exh.data.documents.create(SCHEMA, {"product": "houdini"})
    assert synchronize(client(), "houdini", "linux")["known"] >= 0


def test_what_sidefx_refuses_ends_the_task(client):
    with pytest.raises(APIError):
        synchronize(client(), "maya")


def test_a_schedule_needs_no_data_and_what_a_task_names_is_a_text(fake_exh, monkeypatch):
    asked = []

    def list_builds(product, *, platform, only_production):
        asked.append((product, platform, only_production))
        return []

    fake_exh.data.documents.find_all.returns([])
    download = SimpleNamespace(get_daily_builds_list=list_builds)
    monkeypatch.setattr(sync_houdini_builds, "sidefx", SimpleNamespace(download=download))
    handle(sync_houdini_builds.handler, task_event(), fake_exh)
    handle(sync_houdini_builds.handler, task_event(marked_data(86400)), fake_exh)
    handle(sync_houdini_builds.handler, task_event({"product": "docker", "platform": "linux"}), fake_exh)
    assert asked == [("houdini", None, True), ("houdini", None, True), ("docker", "linux", True)]
    with pytest.raises(InvalidEventError, match="needs product"):
        handle(sync_houdini_builds.handler, task_event({"product": 20.5}), fake_exh)


def test_a_crash_after_any_call_changes_nothing_in_the_end(client, exh):
    def prepare():
        for document in exh.data.documents.find_all(SCHEMA):
            exh.data.documents.remove(SCHEMA, document["id"])

    crashes, states = crash_at_every_call(
        lambda of: synchronize(of, "houdini", "linux"), client, prepare, lambda: end_state(exh)
    )
    assert crashes == 7
    assert all(state == states[0] for state in states)
