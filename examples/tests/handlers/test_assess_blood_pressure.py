import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from threading import Barrier

import pytest
from crashing import Crash, crash_at_every_call, crashing_after
from end_state import end_state, files_of
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import client_of, handle, transition_event
from extrahorizon.errors import InvalidEventError, NoPermissionError, ResourceUnknownError
from extrahorizon.query import rql
from handlers.assess_blood_pressure import handler, progress
from handlers.assess_blood_pressure.category import ImplausibleMeasurementError, classify
from handlers.assess_blood_pressure.progress import ANOTHER_RUN, NotAPatientError, analyze
from pypdf import PdfReader
from smtp_sink import smtp_server
from waiting import wait_for

NAME = "assess-blood-pressure"
SCHEMA, DOCUMENT = "blood-pressure-reading", "6968c223f7f029ecb98abe01"
RUN = "6968c1b48ab34b7d6e654710"
PATIENT, CLINIC = "68498c63b1b0b8de8a6228f6", "67c81290fe7042cb74a5576f"


@pytest.mark.parametrize(
    ("systolic", "diastolic", "category"),
    [
        (119, 79, "normal"),
        (119.9, 79.9, "normal"),
        (120, 79, "elevated"),
        (129, 79, "elevated"),
        (119, 80, "hypertension-stage-1"),
        (130, 79, "hypertension-stage-1"),
        (139, 89, "hypertension-stage-1"),
        (140, 79, "hypertension-stage-2"),
        (119, 90, "hypertension-stage-2"),
        (180, 120, "hypertension-stage-2"),
        (181, 80, "hypertensive-crisis"),
        (150, 121, "hypertensive-crisis"),
    ],
)
def test_the_categories_of_the_guideline(systolic, diastolic, category):
    assert classify(systolic, diastolic) == category


@pytest.mark.parametrize(
    ("systolic", "diastolic"), [(39, 30), (301, 80), (120, 19), (250, 201), (80, 120), (90, 90), (float("nan"), 80)]
)
def test_values_that_cannot_be_are_refused_without_being_told(systolic, diastolic):
    with pytest.raises(ImplausibleMeasurementError) as refused:
        classify(systolic, diastolic)
    assert f"{systolic}" not in str(refused.value).replace("300", "").replace("200", "")


@pytest.mark.parametrize("data", [{}, {"schemaId": "s"}, {"schemaId": "s", "documentId": 5}])
def test_an_event_without_a_document_is_refused(data, fake_exh):
    with pytest.raises(InvalidEventError, match="needs"):
        handle(handler, {"data": data}, fake_exh)
    assert fake_exh.calls == []


def test_a_refused_measurement_stays_as_it_was(exh, exh_of, seed):
    seed(NAME)
    exh.data.documents.update(SCHEMA, DOCUMENT, {"systolic": 80, "diastolic": 80})
    with pytest.raises(ImplausibleMeasurementError):
        handle(handler, transition_event(schema_id=SCHEMA, document_id=DOCUMENT), exh_of(NAME))
    assert exh.data.documents.find_by_id(SCHEMA, DOCUMENT)["status"] == "created"
    assert (exh.mails.find().total, files_of(exh)) == (0, 0)


def test_a_measurement_or_a_patient_that_is_gone_is_said(exh, exh_of, seed):
    seed(NAME)
    exh.data.documents.update(SCHEMA, DOCUMENT, {"patient": "0" * 24})
    with pytest.raises(ResourceUnknownError):
        analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN)
    exh.data.documents.remove(SCHEMA, DOCUMENT)
    with pytest.raises(ResourceUnknownError):
        analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN)


def test_the_same_event_twice_is_done_once(exh, exh_of, seed):
    seed(NAME)
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN) == {"done": ["analyzed", "reported", "mailed"]}
    before = end_state(exh, PATIENT)
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN) == {"done": []}
    assert (end_state(exh, PATIENT), files_of(exh)) == (before, 1)


def test_a_crash_after_any_call_changes_nothing_in_the_end(exh, exh_of, seed):
    removed = []

    def prepare():
        removed.append(files_of(exh))
        for mail in exh.mails.find_all():
            exh.session.call("DELETE", f"/mail/v1/{mail['id']}")
        for file in exh.files.find_all():
            exh.files.remove(file["tokens"][0]["token"])
        seed(NAME)

    crashes, states = crash_at_every_call(
        lambda client: analyze(client, SCHEMA, DOCUMENT, RUN),
        lambda: exh_of(NAME),
        prepare,
        lambda: end_state(exh, PATIENT) | {"tasks": None},
    )
    assert crashes == 8
    assert all(state == states[0] for state in states)
    assert len(states[0]["mails"]) == 1
    assert max(removed) <= 2  # the report, and one that a crash left behind


def test_of_two_runs_at_once_one_stops_and_cleans_up(exh, exh_of, seed, monkeypatch):
    seed(NAME)
    exh.data.documents.transition(SCHEMA, DOCUMENT, name="mark-as-analyzed", data={"category": "normal"})
    make = progress.make_report

    def make_while_another_does(*arguments):
        monkeypatch.setattr(progress, "make_report", make)
        assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, "another")["done"] == ["reported", "mailed"]
        return make(*arguments)

    monkeypatch.setattr(progress, "make_report", make_while_another_does)
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN) == {"done": [], "reason": ANOTHER_RUN}
    assert (exh.mails.find().total, files_of(exh)) == (1, 1)


def test_only_the_run_that_added_the_report_mails_it_unless_it_has_come_to_nothing(exh, exh_of, seed, monkeypatch):
    seed(NAME)
    client = exh_of(NAME)
    with suppress(Crash), crashing_after(client, 5):  # at the report
        analyze(client, SCHEMA, DOCUMENT, RUN)
    assert exh.data.documents.find_by_id(SCHEMA, DOCUMENT)["status"] == "reported"
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, "another") == {"done": [], "reason": ANOTHER_RUN}
    assert exh.mails.find().total == 0
    monkeypatch.setattr(progress, "GIVEN_UP", timedelta(0))
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, "another") == {"done": ["mailed"]}


def test_of_many_runs_at_once_one_mails(exh, exh_of, seed):
    seed(NAME)
    clients, start = [exh_of(NAME) for _ in range(4)], Barrier(4)

    def run(number):
        start.wait()
        return analyze(clients[number], SCHEMA, DOCUMENT, f"run {number}")["done"]

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(run, range(4)))
    assert sorted(step for steps in done for step in steps) == ["analyzed", "mailed", "reported"]
    assert (exh.mails.find().total, files_of(exh)) == (1, 1)


def test_a_measurement_of_nobody_is_left_alone(exh, exh_of, seed):
    seed(NAME)
    exh.data.documents.remove_fields(SCHEMA, DOCUMENT, fields=["patient"])
    assert analyze(exh_of(NAME), SCHEMA, DOCUMENT, RUN) == {"done": [], "reason": "it is nobody's any more"}
    assert exh.data.documents.find_by_id(SCHEMA, DOCUMENT)["status"] == "created"


def test_a_clinic_that_the_patient_is_not_in_gets_no_report(exh, exh_of, seed):
    seed(NAME)
    exh.users.remove_patient_enlistment(PATIENT, CLINIC)
    with pytest.raises(NotAPatientError):
        analyze(exh_of(NAME), f"clinic-{SCHEMA}", "6968c223f7f029ecb98abe02", RUN)
    assert (exh.mails.find().total, files_of(exh)) == (0, 0)


def test_from_a_document_to_a_mail_with_the_report(project):
    with smtp_server() as mailbox, LocalPlatform(smtp=f"127.0.0.1:{mailbox.server_address[1]}") as platform:
        served.start(platform, project, pytest.fail)
        exh = client_of(platform.environment())
        served.seed(platform, project, project.manifest.function(NAME))
        measured = {"patient": PATIENT, "timestamp": "2026-01-15T23:30:00.000Z", "systolic": 184.5, "diastolic": 95.5}
        document = exh.data.documents.create(SCHEMA, measured)
        (task,) = wait_for(
            lambda: exh.tasks.find(rql.eq("functionName", NAME).in_("status", ["complete", "failed"])).items
        )
        assert (task["status"], task["data"]["documentId"]) == ("complete", document["id"])
        after = exh.data.documents.find_by_id(SCHEMA, document["id"])
        assert (after["status"], after["data"]["category"]) == ("reported", "hypertensive-crisis")
        assert after["userIds"] == [PATIENT]
        pdf = exh.files.retrieve(after["data"]["report"])
        (sent,) = exh.mails.find().items
        ((message, _),) = wait_for(lambda: mailbox.messages)
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    for part in ("Uw bloeddruk", "16 januari 2026", "00:30", "184,5", "95,5", "Gevaarlijk hoog"):
        assert part in text  # in the patient's language and time zone
    assert sent["recipients"]["to"] == ["adelheid.vandersmissen@example.com"]
    assert sent["subject"] == "Uw bloeddruk"
    assert "Dag Adelheid," in sent["body"]
    parts = {part.get_content_type(): part for part in message_from_bytes(message).walk()}
    assert parts["application/pdf"].get_filename() == "blood-pressure.pdf"
    assert parts["application/pdf"].get_payload(decode=True) == pdf


def test_who_sees_which_measurement(exh, exh_of, seed, platform):
    """The tutorial's two variants: one's own, and a clinic's."""
    seed(NAME)
    with pytest.raises(NoPermissionError):
        exh_of("schedule-many").data.documents.create(
            SCHEMA, {"patient": PATIENT, "timestamp": "2026-01-01", "systolic": 120, "diastolic": 80}
        )
    for schema, seers in ((SCHEMA, set()), (f"clinic-{SCHEMA}", {CLINIC})):
        (document,) = exh.data.documents.find(schema).items
        assert (document["userIds"], set(document["groupIds"])) == ([PATIENT], seers)
