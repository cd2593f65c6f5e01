import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo, available_timezones

import pytest
from crashing import Crash, crash_at_every_call, crashing_after
from end_state import end_state, files_of
from exh_dev.testing import handle, task_event
from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from handlers.daily_report import reporting
from handlers.daily_report.chart import draw
from handlers.daily_report.day import Hour, by_hour, day_bounds, time_zone
from handlers.daily_report.reporting import REPORTS, Clinic, report
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from handlers import daily_report

NAME, CLINIC = "daily-report", "67c81290fe7042cb74a5576f"
BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = date(2026, 1, 14)
AT_THE_CLINIC, RUN = Clinic(CLINIC, BRUSSELS), "6968c1b48ab34b7d6e654750"


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 1, 14), "2026-01-13T23:00", 24),
        (date(2026, 3, 29), "2026-03-28T23:00", 23),  # the clock goes forward
        (date(2026, 10, 25), "2026-10-24T22:00", 25),  # and back
    ],
)
def test_days_have_the_hours_they_have(day, start, hours):
    begin, end = day_bounds(day, BRUSSELS)
    assert begin == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert end - begin == timedelta(hours=hours)
    labels = [hour.label for hour in by_hour([], begin, end, BRUSSELS)]
    assert len(labels) == hours
    assert labels.count("02") == hours - 23  # the hour that is left out, or there twice


def test_a_day_may_begin_after_midnight():
    begin, _ = day_bounds(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"))
    assert begin == datetime(2018, 11, 4, 3, tzinfo=UTC)  # midnight did not exist there


@given(st.dates(date(1990, 1, 1), date(2036, 1, 1)), st.sampled_from(sorted(available_timezones())))
def test_days_follow_each_other_without_a_gap(day, name):
    zone = time_zone(name)
    begin, end = day_bounds(day, zone)
    assert end == day_bounds(day + timedelta(days=1), zone)[0]
    assert begin <= end
    hours = by_hour([{"timestamp": begin.isoformat(), "systolic": 120, "diastolic": 80}], begin, end, zone)
    assert sum(hour.systolic is not None for hour in hours) == (1 if begin < end else 0)  # Samoa left out a day


def test_an_hour_has_the_means_of_its_measurements():
    begin, end = day_bounds(DAY, BRUSSELS)
    measured = [("08:20", 150, 96), ("08:40", 120, 76), ("09:00", 110, 70)]
    hours = by_hour(
        [{"timestamp": f"2026-01-14T{at}:00.000Z", "systolic": s, "diastolic": d} for at, s, d in measured],
        begin,
        end,
        BRUSSELS,
    )
    assert hours[9] == Hour("09", 135, 86)
    assert hours[10] == Hour("10", 110, 70)
    assert hours[11] == Hour("11", None, None)


def test_the_chart_is_svg_with_a_bar_for_each_hour_that_has_one():
    hours = [Hour(f"{hour:02}", 100 + hour, 80) for hour in range(20)] + [Hour("20", None, None)]
    hours.append(Hour("21", 900, -5))  # ends at the edge
    chart = ET.fromstring(draw(hours))  # noqa: S314 - our own
    bars = chart.findall("{*}rect")
    assert len(bars) == 21
    for bar in bars:
        assert 0 <= float(bar.get("y")) <= float(bar.get("y")) + float(bar.get("height")) <= 221
    assert ET.fromstring(draw([])).findall("{*}rect") == []  # noqa: S314 - drawn here


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"clinic": CLINIC},
        {"clinic": CLINIC, "timeZone": "Europe/Atlantis"},
        {"clinic": CLINIC, "timeZone": "../etc/passwd"},
        {"clinic": CLINIC, "timeZone": "Europe/Brussels", "date": "14/1/2026"},
        {"clinic": CLINIC, "timeZone": "Europe/Brussels", "date": 5},
        {"clinic": CLINIC, "timeZone": "Europe/Brussels", "date": "2999-01-01"},
        {"clinic": CLINIC, "timeZone": "Europe/Brussels", "language": 5},
    ],
)
def test_events_that_name_no_day_are_refused(data, fake_exh):
    with pytest.raises(InvalidEventError):
        handle(daily_report.handler, {**task_event(data)}, fake_exh)
    assert fake_exh.calls == []


def reported(fake_exh, monkeypatch, *, remembers=True):
    """The days that are reported from now on, and that later runs find, if they are remembered."""
    days = []

    def report(_exh, _clinic, day, _run):
        days.append(day)
        return {"made": True, "mailed": 1}

    def last(**_):
        return {"data": {"date": max(days).isoformat()}} if days and remembers else None

    monkeypatch.setattr(daily_report, "report", report)
    fake_exh.data.documents.find_first.answers(last)
    return days


def runs(fake_exh, begin, count, zone, every=timedelta(days=1)):
    for number in range(count):
        event = {"data": {"clinic": CLINIC, "timeZone": zone}, "startTimestamp": (begin + number * every).isoformat()}
        yield handle(daily_report.handler, event, fake_exh)


@pytest.mark.parametrize(
    ("begin", "zone"),
    [
        (datetime(2026, 3, 25, 22, 30, tzinfo=UTC), "Europe/Brussels"),  # the clock goes forward
        (datetime(2026, 10, 21, 22, 30, tzinfo=UTC), "Europe/Brussels"),  # and back
        (datetime(2026, 9, 2, 3, 30, tzinfo=UTC), "America/Santiago"),
        (datetime(2026, 3, 5, 4, 45, tzinfo=UTC), "America/New_York"),
    ],
)
def test_each_day_is_reported_once_whatever_the_clock_does(fake_exh, monkeypatch, begin, zone):
    days = reported(fake_exh, monkeypatch)
    list(runs(fake_exh, begin, 12, zone))
    once = sorted(set(days))
    assert once == [once[0] + timedelta(days=number) for number in range(len(once))]
    assert len(once) >= 11


def test_days_without_a_run_are_reported_by_the_next_one(fake_exh, monkeypatch):
    days = reported(fake_exh, monkeypatch)
    begin = datetime(2026, 1, 15, 10, tzinfo=UTC)
    _, later = runs(fake_exh, begin, 2, "Europe/Brussels", every=timedelta(days=4))
    assert later == {"days": ["2026-01-15", "2026-01-16", "2026-01-17", "2026-01-18"], "made": 4, "mailed": 4}
    assert days[0] == date(2026, 1, 14)


def test_one_run_reports_a_week_at_most(fake_exh, monkeypatch):
    reported(fake_exh, monkeypatch)
    begin = datetime(2026, 1, 15, 10, tzinfo=UTC)
    _, later = runs(fake_exh, begin, 2, "Europe/Brussels", every=timedelta(days=60))
    assert later["days"] == [f"2026-03-{day:02d}" for day in range(9, 16)]


def test_yesterday_is_that_of_the_clinic(fake_exh, monkeypatch):
    days = reported(fake_exh, monkeypatch, remembers=False)
    times = {"startTimestamp": "2026-01-15T10:30:00.000Z", "creationTimestamp": "2026-01-01T00:00:00.000Z"}
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        event = {"data": {"clinic": CLINIC, "timeZone": zone}, **times}
        handle(daily_report.handler, event, fake_exh)
    assert days == [date(2026, 1, 15), date(2026, 1, 13)]
    handle(daily_report.handler, {"data": event["data"], "creationTimestamp": "2026-01-15T10:30:00.000Z"}, fake_exh)
    assert days[2] == date(2026, 1, 13)
    handle(daily_report.handler, {"data": event["data"]}, fake_exh)  # only data is sure to be there
    assert days[3] < datetime.now(UTC).date()


def test_a_report_of_a_day(exh, exh_of, seed):
    seed(NAME)
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN) == {"made": True, "mailed": 1}
    (document,) = exh.data.documents.find(REPORTS).items
    assert (document["groupIds"], document["data"]["date"]) == ([CLINIC], "2026-01-14")
    pdf = PdfReader(io.BytesIO(exh.files.retrieve(document["data"]["report"])))
    text = pdf.pages[0].extract_text()
    assert "Wednesday, January 14, 2026" in text
    assert "Measurements: 4" in text  # and not those of the days before and after
    assert "Of them high: 2" in text
    (mail,) = exh.mails.find().items
    assert mail["recipients"]["to"] == ["katrien@clinic.example.com", "joris@clinic.example.com"]
    assert mail["subject"] == "Blood pressures of the day 2026-01-14"


def test_a_day_without_measurements_is_reported_too(exh, exh_of, seed):
    seed(NAME)
    assert report(exh_of(NAME), AT_THE_CLINIC, date(2026, 2, 1), RUN)["made"]


def test_a_clinic_without_staff_gets_a_report_and_no_mail(exh, exh_of):
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN) == {"made": True, "mailed": 0}


def test_staff_of_more_than_a_mail_gets_several(exh, exh_of, seed, monkeypatch):
    seed(NAME)
    monkeypatch.setattr(reporting, "MOST_RECIPIENTS", 1)
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN)["mailed"] == 2
    assert {len(mail["recipients"]["to"]) for mail in exh.mails.find()} == {1}


def test_the_same_day_twice_is_reported_once(exh, exh_of, seed):
    seed(NAME)
    report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN)
    before = end_state(exh, CLINIC)
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN) == {"made": False, "mailed": 0}
    assert (end_state(exh, CLINIC), files_of(exh)) == (before, 1)


def test_of_two_runs_at_once_one_uses_the_others_report(exh, exh_of, seed, monkeypatch):
    seed(NAME)
    draw_chart = reporting.draw

    def draw_while_another_reports(hours):
        monkeypatch.setattr(reporting, "draw", draw_chart)
        assert report(exh_of(NAME), AT_THE_CLINIC, DAY, "another")["mailed"] == 1
        return draw_chart(hours)

    monkeypatch.setattr(reporting, "draw", draw_while_another_reports)
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, RUN)["mailed"] == 0
    assert (exh.data.documents.find(REPORTS).total, exh.mails.find().total, files_of(exh)) == (1, 1, 1)


def test_of_many_runs_at_once_one_mails(exh, exh_of, seed):
    seed(NAME)
    clients, start = [exh_of(NAME) for _ in range(4)], Barrier(4)

    def run(number):
        start.wait()
        return report(clients[number], AT_THE_CLINIC, DAY, f"run {number}")["mailed"]

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(run, range(4))) == [0, 0, 0, 1]
    assert (exh.data.documents.find(REPORTS).total, exh.mails.find().total, files_of(exh)) == (1, 1, 1)


def test_a_report_whose_run_has_come_to_nothing_is_mailed_by_another(exh, exh_of, seed, monkeypatch):
    seed(NAME)
    client = exh_of(NAME)
    with suppress(Crash), crashing_after(client, 4):  # at the document
        report(client, AT_THE_CLINIC, DAY, RUN)
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, "another") == {"made": False, "mailed": 0}
    monkeypatch.setattr(reporting, "GIVEN_UP", timedelta(0))
    assert report(exh_of(NAME), AT_THE_CLINIC, DAY, "another") == {"made": False, "mailed": 1}


def test_a_clinic_has_its_reports_in_its_language(exh, exh_of, seed):
    seed(NAME)
    report(exh_of(NAME), Clinic(CLINIC, BRUSSELS, "NL"), DAY, RUN)
    assert exh.mails.find().items[0]["subject"] == "Bloeddrukmetingen van de dag 2026-01-14"


@pytest.mark.slow
def test_a_crash_after_any_call_changes_nothing_in_the_end(exh, exh_of, seed):
    left = []

    def prepare():
        left.append(files_of(exh))
        for mail in exh.mails.find_all():
            exh.session.call("DELETE", f"/mail/v1/{mail['id']}")
        for document in exh.data.documents.find_all(REPORTS):
            exh.data.documents.remove(REPORTS, document["id"])
        for file in exh.files.find_all():
            exh.files.remove(file["tokens"][0]["token"])
        seed(NAME)

    crashes, states = crash_at_every_call(
        lambda client: report(client, AT_THE_CLINIC, DAY, RUN),
        lambda: exh_of(NAME),
        prepare,
        lambda: end_state(exh, CLINIC) | {"tasks": None},
    )
    assert crashes == 8
    assert all(state == states[0] for state in states)
    assert max(left) <= 2


def test_the_function_whole(run_function, exh):
    invocation = run_function(NAME)
    assert invocation.result == {"days": [DAY.isoformat()], "made": 1, "mailed": 1}
    assert exh.data.documents.find(REPORTS, rql.eq("data.date", "2026-01-14")).total == 1
