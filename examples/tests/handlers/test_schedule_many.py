from contextlib import suppress
from datetime import UTC, datetime

import pytest
from crashing import Crash, crashing_after
from end_state import end_state
from exh_dev.platform.tasks.queue import Queue
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import client_of, handle, task_event
from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from handlers.schedule_many import handler, scheduling
from handlers.schedule_many.scheduling import MOST_DAYS, schedule

NAME = "schedule-many"
NOW = datetime(2026, 1, 15, 3, 30, tzinfo=UTC)  # in New York the day before has not ended
CLINICS = [
    {"clinic": "67c81290fe7042cb74a5576f", "timeZone": "Europe/Brussels"},
    {"clinic": "67c81290fe7042cb74a55770", "timeZone": "America/New_York"},
]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"clinics": "all"},
        {"clinics": [{"clinic": "x"}]},
        {"clinics": [{"clinic": "x", "timeZone": "Europe/Atlantis"}]},
        {"clinics": [], "days": -1},
        {"clinics": [], "days": MOST_DAYS + 1},
        {"clinics": [], "days": "3"},
        {"clinics": [], "days": True},
    ],
)
def test_events_that_make_no_sense_are_refused(data, fake_exh):
    with pytest.raises(InvalidEventError):
        handle(handler, task_event(data), fake_exh)
    assert fake_exh.calls == []


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch):
    """What is queued stays so."""
    monkeypatch.setattr(Queue, "_start_due", lambda _: None)


def made(exh):
    """The tasks there are, without those that the schedules themselves make."""
    return exh.tasks.find(rql.eq("tags", "daily-report").sort("-priority").limit(50)).items


def test_a_task_for_each_clinic_and_day_the_latest_first(exh, exh_of):
    assert schedule(exh_of(NAME), CLINICS, 2, NOW) == {"tasks": 4, "schedules": 2}
    tasks = made(exh)
    assert sorted((task["priority"], task["data"]["date"]) for task in tasks) == [
        (-2, "2026-01-12"),
        (-2, "2026-01-13"),
        (-1, "2026-01-13"),
        (-1, "2026-01-14"),
    ]
    brussels, new_york = (clinic["clinic"] for clinic in CLINICS)
    assert {tuple(task["tags"]) for task in tasks} == {
        ("daily-report", f"{brussels}:2026-01-14"),
        ("daily-report", f"{brussels}:2026-01-13"),
        ("daily-report", f"{new_york}:2026-01-13"),
        ("daily-report", f"{new_york}:2026-01-12"),
    }
    schedules = exh.tasks.schedules.find().items
    assert [each["nextTimestamp"] for each in schedules] == ["2026-01-16T04:00:00.000Z", "2026-01-15T10:00:00.000Z"]
    assert [(each["interval"], each["data"]) for each in schedules] == [(86400, clinic) for clinic in CLINICS]


def test_done_again_it_makes_only_what_is_missing(exh, exh_of):
    schedule(exh_of(NAME), CLINICS[:1], 2, NOW)
    assert schedule(exh_of(NAME), CLINICS[:1], 2, NOW) == {"tasks": 0, "schedules": 0}
    assert schedule(exh_of(NAME), CLINICS, 3, NOW) == {"tasks": 4, "schedules": 1}


def test_a_clinic_that_is_named_twice_is_one(exh_of):
    assert schedule(exh_of(NAME), [*CLINICS, CLINICS[0]], 1, NOW) == {"tasks": 2, "schedules": 2}


def test_what_failed_or_was_canceled_is_queued_again(exh, exh_of):
    schedule(exh_of(NAME), CLINICS[:1], 2, NOW)
    exh.tasks.cancel(made(exh)[0]["id"])
    assert schedule(exh_of(NAME), CLINICS[:1], 2, NOW) == {"tasks": 1, "schedules": 0}


def test_more_tags_than_go_into_a_query_are_looked_up(exh, exh_of, monkeypatch):
    monkeypatch.setattr(scheduling, "_TAGS_IN_A_QUERY", 3)
    schedule(exh_of(NAME), CLINICS, 4, NOW)
    assert schedule(exh_of(NAME), CLINICS, 4, NOW)["tasks"] == 0


def test_a_crash_after_any_call_changes_nothing_in_the_end(project):
    states = []
    for calls in range(1, 10):
        with LocalPlatform() as platform:  # another each time: tasks cannot be deleted
            platform.grant(NAME, project.manifest.function(NAME).execution_credentials.permissions)
            platform.start()
            client = client_of(platform.function_environment(NAME))
            with suppress(Crash), crashing_after(client, calls):
                schedule(client, CLINICS, 2, NOW)
            schedule(client, CLINICS, 2, NOW)
            states.append(end_state(client_of(platform.environment())))
    assert len(states[0]["tasks"]) == 4
    assert all(state == states[0] for state in states)
