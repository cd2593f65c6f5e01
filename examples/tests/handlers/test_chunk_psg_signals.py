import threading
from datetime import timedelta

import pytest
from crashing import crash_at_every_call
from edf_files import PATIENT, Signal, edf
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.serve import deploy as served
from exh_dev.testing import LocalPlatform, client_of, handle, transition_event
from extrahorizon.deadline import Deadline
from extrahorizon.errors import InvalidEventError, NoPermissionError, PlatformUnreachableError, ResourceUnknownError
from extrahorizon.query import rql
from handlers.chunk_psg_signals import handler
from handlers.chunk_psg_signals import recording as module
from handlers.chunk_psg_signals.edf import IncompleteFileError
from handlers.chunk_psg_signals.header import InvalidRecordingError
from handlers.chunk_psg_signals.recording import RecordingUnavailableError
from waiting import wait_for

NAME = "chunk-psg-signals"
WHOLE, IN_PARTS = "6968d0a1c4b7e2f3a1d5e921", "6968d0a1c4b7e2f3a1d5e922"
PATIENT_ID, GROUP = "6968d0a1c4b7e2f3a1d5e901", "6968d0a1c4b7e2f3a1d5e9aa"


@pytest.fixture(scope="module")
def quiet(project):
    """A platform with the project's schemas and the function's user, where tasks that are made run nothing."""
    with LocalPlatform() as running:
        served.injected(running, project.manifest.function(NAME))
        running.start()
        configuration = read_configuration(project)
        configuration.dispatchers.clear()  # else each task that fails sets off another one
        served.load(configuration, running)
        yield running


@pytest.fixture
def admin(quiet, project):
    """The first user of it; what the sample events need is there, and no segments."""
    exh = client_of(quiet.environment())
    for signal in list(exh.data.documents.find_all("psg-signal", rql.select("id"))):
        exh.data.documents.remove("psg-signal", signal["id"])
    served.seed(quiet, project, project.manifest.function(NAME))
    return exh


@pytest.fixture
def function(quiet):
    """Makes the client that the function has: its own user, with the permissions of the manifest."""
    return lambda: client_of(quiet.function_environment(NAME))


def event(recording_id=WHOLE, **data):
    return transition_event(data, schema_id="psg-recording", document_id=recording_id, function_name=NAME)


def signals(exh, recording_id=WHOLE):
    return list(exh.data.documents.find_all("psg-signal", rql.eq("data.recording", recording_id).sort("data.minute")))


def minutes(exh, recording_id=WHOLE):
    return [signal["data"]["minute"] for signal in signals(exh, recording_id)]


def recording(exh, recording_id=WHOLE):
    return exh.data.documents.find_by_id("psg-recording", recording_id)


def upload(exh, content, **data):
    """A recording of its own, linked to the administrator."""
    token = exh.files.create(content, name="night.edf")["tokens"][0]["token"]
    return exh.data.documents.create("psg-recording", {"file": token, **data})["id"]


def told(result):
    return {name: result[name] for name in ("status", "minutes", "posted")}


def test_a_recording_becomes_a_document_a_minute(admin, function):
    assert told(handle(handler, event(), function())) == {"status": "chunked", "minutes": 3, "posted": 3}
    first, second, last = signals(admin)
    assert [each["data"]["startTimestamp"] for each in (first, second, last)] == [
        "2024-12-30T21:58:03.250Z", "2024-12-30T21:59:03.250Z", "2024-12-30T22:00:03.250Z",
    ]  # fmt: skip
    channels = first["data"]["channels"]
    assert [(each["label"], each["unit"], each["rate"], len(each["samples"])) for each in channels] == [
        ("EEG Fpz-Cz", "uV", 64, 3840), ("EOG left", "uV", 32, 1920), ("SaO2", "%", 1, 60),
    ]  # fmt: skip
    assert last["data"]["channels"][2]["samples"] == [(970 - each % 7) / 10 for each in range(120, 150)]
    found = recording(admin)
    assert (found["status"], found["data"]["startTimestamp"]) == ("chunked", first["data"]["startTimestamp"])
    assert {name: found["data"][name] for name in ("seconds", "minutes", "done")} == {
        "seconds": 150, "minutes": 3, "done": 3,
    }  # fmt: skip
    assert [each["label"] for each in found["data"]["channels"]] == ["EEG Fpz-Cz", "EOG left", "SaO2"]


def test_the_segments_are_the_patients_and_not_the_functions(admin, function):
    exh = function()
    handle(handler, event(), exh)
    for signal in signals(admin):
        assert (signal["userIds"], signal["groupIds"]) == ([PATIENT_ID], [GROUP])
        assert signal["creatorId"] == exh.users.me()["id"]


def test_the_same_event_again_changes_nothing(admin, function):
    handle(handler, event(), function())
    before = signals(admin), recording(admin)
    assert told(handle(handler, event(), function())) == {"status": "chunked", "minutes": 3, "posted": 0}
    assert (signals(admin), recording(admin)) == before


def test_crashing_after_any_call_and_running_again_ends_the_same(admin, function, quiet, project):
    def prepare():
        for signal in signals(admin):
            admin.data.documents.remove("psg-signal", signal["id"])
        served.seed(quiet, project, project.manifest.function(NAME))

    def state():
        counts = [(each["data"]["minute"], len(each["data"]["channels"][0]["samples"])) for each in signals(admin)]
        return recording(admin)["status"], sorted(recording(admin)["data"]), counts

    crashes, states = crash_at_every_call(lambda exh: handle(handler, event(), exh), function, prepare, state)
    assert crashes == 9  # document, details, content twice, segments, three posts, transition
    assert all(each == states[0] for each in states)
    assert states[0][2] == [(0, 3840), (1, 3840), (2, 1920)]


@pytest.mark.slow
def test_crashing_around_the_hand_over_loses_nothing(admin, function, quiet, project):
    def prepare():
        for signal in signals(admin, IN_PARTS):
            admin.data.documents.remove("psg-signal", signal["id"])
        served.seed(quiet, project, project.manifest.function(NAME))

    def run(exh):
        while handle(handler, event(IN_PARTS, minutesPerRun=1), exh)["status"] == "chunking":
            pass

    crashes, states = crash_at_every_call(
        run, function, prepare, lambda: (minutes(admin, IN_PARTS), recording(admin, IN_PARTS)["status"])
    )
    assert crashes == 19
    assert all(each == ([0, 1, 2], "chunked") for each in states)


def test_minutes_that_are_there_are_not_posted_again(admin, function):
    exh, posted = function(), []
    assert told(handle(handler, event(minutesPerRun=2), exh)) == {"status": "chunking", "minutes": 3, "posted": 2}
    assert (recording(admin)["status"], recording(admin)["data"]["done"]) == ("chunking", 2)
    request = exh.session.request
    exh.session.request = lambda method, url, **options: posted.append(url) or request(method, url, **options)
    assert told(handle(handler, event(), exh)) == {"status": "chunked", "minutes": 3, "posted": 1}
    assert posted.count("/data/v1/psg-signal/documents") == 1


def test_a_run_without_time_posts_a_minute_and_hands_over(admin, function):
    exh, before = function(), {task["id"] for task in admin.tasks.find_all()}
    results = []
    for _ in range(3):
        exh.session.deadline = Deadline(module.RESERVE - 1)
        results.append(handle(handler, event(), exh))
    assert [result["status"] for result in results] == ["chunking", "chunking", "chunked"]
    assert [result["posted"] for result in results] == [1, 1, 1]
    assert minutes(admin) == [0, 1, 2]
    continued = [task for task in admin.tasks.find_all() if task["id"] not in before]
    assert len(continued) == 2
    assert all(task["functionName"] == NAME and task["data"].keys() == {"schemaId", "documentId"} for task in continued)


def test_a_state_machine_runs_it_until_it_is_complete_and_no_task_is_made(admin, function):
    exh, before = function(), {task["id"] for task in admin.tasks.find_all()}
    data, results = {"minutesPerRun": 1, "handOver": False}, []
    while not results or not results[-1]["complete"]:
        results.append(handle(handler, event(**data), exh))
        data = results[-1]["next"]
    assert [result["posted"] for result in results] == [1, 1, 1]
    assert minutes(admin) == [0, 1, 2]
    assert recording(admin)["status"] == "chunked"
    assert {task["id"] for task in admin.tasks.find_all()} == before


@pytest.mark.parametrize(("in_progress", "workers"), [(module.IN_PROGRESS, 8), (400_000, 1), (1, 1)])
def test_large_minutes_are_few_at_a_time(admin, function, monkeypatch, in_progress, workers):
    exh, given = function(), []
    monkeypatch.setattr(module, "IN_PROGRESS", in_progress)
    fan_out = exh.fan_out
    monkeypatch.setattr(exh, "fan_out", lambda *all_, workers: given.append(workers) or fan_out(*all_, workers=workers))
    recording_id = upload(admin, edf([Signal(per_record=256)] * 2, 61))
    assert handle(handler, event(recording_id), exh)["status"] == "chunked"
    assert given == [workers]


def test_two_runs_at_once_post_each_minute_once(admin, function):
    content = edf([Signal(per_record=8)], 600)
    recording_id = upload(admin, content)
    results = []
    exhs = [function(), function()]
    runs = [
        threading.Thread(target=lambda exh=exh: results.append(handle(handler, event(recording_id), exh)))
        for exh in exhs
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert minutes(admin, recording_id) == list(range(10))
    assert [result["status"] for result in results] == ["chunked"] * 2
    assert sum(result["posted"] for result in results) == 10


def test_a_run_that_another_one_has_overtaken_leaves_the_rest_to_it(admin, function, monkeypatch):
    exh, other = function(), function()
    transition = exh.data.documents.transition

    def overtaken(*arguments, **options):
        handle(handler, event(minutesPerRun=1), other)
        return transition(*arguments, **options)

    monkeypatch.setattr(exh.data.documents, "transition", overtaken)
    assert told(handle(handler, event(minutesPerRun=1), exh)) == {"status": "chunking", "minutes": 3, "posted": 1}
    assert recording(admin)["data"]["done"] == 2


def test_a_transition_that_fails_for_no_such_reason_is_an_error(admin, function, monkeypatch):
    exh = function()
    transition = exh.data.documents.transition

    def removed(*arguments, **options):
        admin.data.documents.remove("psg-recording", WHOLE)
        return transition(*arguments, **options)

    monkeypatch.setattr(exh.data.documents, "transition", removed)
    with pytest.raises(ResourceUnknownError):
        handle(handler, event(), exh)


def test_the_platform_continues_by_itself_until_all_is_there(platform, exh, seed, run_function, sample):
    seed(NAME)
    assert told(run_function(NAME, sample(NAME, "in-parts")).result) == {
        "status": "chunking",
        "minutes": 3,
        "posted": 2,
    }
    wait_for(lambda: recording(exh, IN_PARTS)["status"] == "chunked")
    assert minutes(exh, IN_PARTS) == [0, 1, 2]


def test_a_new_recording_starts_it_by_itself(platform, exh):
    recording_id = upload(exh, edf([Signal(per_record=4)], 61))
    wait_for(lambda: recording(exh, recording_id)["status"] == "chunked")
    assert minutes(exh, recording_id) == [0, 1]
    assert {signal["userIds"][0] for signal in signals(exh, recording_id)} == {platform.credentials.user_id}


BAD_CONTENT = {
    "cut off": (edf([Signal()])[:-1], "its end is missing"),
    "with a gap after its first minute": (
        edf([Signal()], 3, "60", reserved="EDF+C", onset=["+0", "+60", "+3720"]),
        "it has a gap: its data record 3 begins 3,600.000 seconds after",
    ),
    "with a day that there is not": (edf([Signal()], start=("30.02.24", "01.02.03"), recording="X"), "`startDate`"),
    "too much for a request": (edf([Signal(per_record=30_000)] * 2, 1, "1"), "a request may have 10 MB"),
    "nothing": (b"", "it has 0 bytes"),
}


@pytest.mark.parametrize(("content", "problem"), BAD_CONTENT.values(), ids=BAD_CONTENT)
def test_a_file_that_cannot_be_used_is_refused_before_anything_is_posted(admin, function, content, problem, caplog):
    recording_id = upload(admin, content)
    with pytest.raises(InvalidRecordingError, match=problem) as raised:
        handle(handler, event(recording_id), function())
    assert minutes(admin, recording_id) == []
    assert recording(admin, recording_id)["status"] == "new"
    secrets = [*PATIENT.split(), "Quackenbush", recording(admin, recording_id)["data"]["file"]]
    assert not any(secret in text for secret in secrets for text in (str(raised.value), caplog.text) if len(secret) > 1)


def test_what_was_odd_about_a_file_is_in_the_result_the_document_and_the_log(admin, function, caplog):
    content = edf([Signal(), Signal("", "", physical=("0", "0"))], start=("01.01.85", "22.58.03"), recording="X X X X")
    recording_id = upload(admin, content + b"and more")
    result = handle(handler, event(recording_id), function())
    assert [warning[:40] for warning in result["warnings"]] == [
        "it was made anonymous: its date is unkno",
        "left out: signal 2: its physical minimum",
        "8 bytes after its last data record were ",
    ]
    found = recording(admin, recording_id)["data"]
    assert (found["warnings"], found["startTimestamp"]) == (result["warnings"], "1985-01-01T22:58:03.000Z")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == result["warnings"]
    assert handle(handler, event(recording_id), function())["warnings"] == result["warnings"]
    assert handle(handler, event(), function())["warnings"] == []


@pytest.mark.parametrize("missing", [{1}, set()])
def test_all_warnings_are_in_the_document_whichever_run_ends_it(admin, function, missing):
    onsets = ["+0", "+60", "+120.008", "+180.008"]
    recording_id = upload(admin, edf([Signal()], 4, "60", reserved="EDF+C", onset=onsets))
    exh = function()
    assert handle(handler, event(recording_id, minutesPerRun=1), exh)["warnings"] != []
    for minute in {1, 2, 3} - missing:  # a run that was cut short has left some out
        body = {"recording": recording_id, "patient": "x", "minute": minute}
        exh.data.documents.create("psg-signal", body)
    result = handle(handler, event(recording_id), exh)
    assert told(result) == {"status": "chunked", "minutes": 4, "posted": len(missing)}
    drift = "its clock drifts: its data records began up to +0.008 seconds from where they are stored"
    assert result["warnings"] == recording(admin, recording_id)["data"]["warnings"] == [drift]


def test_a_run_that_goes_on_reads_the_file_once(admin, function, monkeypatch):
    exh, opened = function(), []
    stream = exh.files.retrieve_stream
    monkeypatch.setattr(exh.files, "retrieve_stream", lambda token: opened.append(token) or stream(token))
    assert handle(handler, event(minutesPerRun=1), exh)["status"] == "chunking"
    assert len(opened) == 2
    assert handle(handler, event(), exh)["status"] == "chunked"
    assert len(opened) == 3


def test_the_document_says_the_day_that_the_file_leaves_out(admin, function):
    content = edf([Signal(per_record=1)], 60, start=("00.00.00", "22.58.03"), recording="")
    recording_id = upload(admin, content, startDate="2024-12-30", utcOffset="+01:00")
    assert handle(handler, event(recording_id), function())["warnings"] == []
    assert signals(admin, recording_id)[0]["data"]["startTimestamp"] == "2024-12-30T21:58:03.000Z"


def test_a_day_that_there_is_not_is_refused_in_a_document(admin, function):
    recording_id = upload(admin, edf([Signal()]), startDate="2024-02-30")
    with pytest.raises(InvalidRecordingError, match="startDate is no date: YYYY-MM-DD"):
        handle(handler, event(recording_id), function())
    assert minutes(admin, recording_id) == []


def test_a_token_that_opens_nothing_is_told(admin, function):
    recording_id = upload(admin, b"x")
    admin.files.remove(recording(admin, recording_id)["data"]["file"])
    with pytest.raises(InvalidRecordingError, match="token opens no file: it was deleted"):
        handle(handler, event(recording_id), function())


def test_a_read_token_is_enough(admin, function):
    token = admin.files.create(edf([Signal(per_record=1)], 60), name="night.edf")["tokens"][0]["token"]
    reading = admin.files.generate_token(token, accessLevel="read")["token"]
    recording_id = admin.data.documents.create("psg-recording", {"file": reading})["id"]
    assert handle(handler, event(recording_id), function())["status"] == "chunked"


def test_a_download_that_breaks_off_can_be_repeated(admin, function, monkeypatch):
    exh = function()
    content = edf([Signal(per_record=4)], 150)
    recording_id = upload(admin, content)
    with monkeypatch.context() as patch:
        patch.setattr(exh.files, "retrieve_stream", lambda token: iter([content[:-100]]))
        with pytest.raises(IncompleteFileError):
            handle(handler, event(recording_id), exh)
    assert minutes(admin, recording_id) == [0, 1]
    assert told(handle(handler, event(recording_id), exh)) == {"status": "chunked", "minutes": 3, "posted": 1}
    assert minutes(admin, recording_id) == [0, 1, 2]


@pytest.mark.parametrize("fault", ["503 x2", "reset x2", "reset-after x2"])
def test_posts_that_fail_are_sent_again_at_once(admin, function, quiet, fault):
    quiet.faults.add(f"POST /data/v1/psg-signal/documents:{fault}")
    try:
        assert handle(handler, event(), function())["status"] == "chunked"
    finally:
        quiet.faults.clear()
    assert minutes(admin) == [0, 1, 2]


@pytest.mark.parametrize("call", ["GET /files/v1/*/file:truncate x9", "POST /data/v1/*/transition:reset-after x1"])
def test_a_call_that_fails_for_good_ends_the_task_and_its_retry_goes_on(admin, function, quiet, call):
    quiet.faults.add(call)
    try:
        with pytest.raises(PlatformUnreachableError):
            handle(handler, event(), function())
    finally:
        quiet.faults.clear()
    assert handle(handler, event(), function())["status"] == "chunked"
    assert minutes(admin) == [0, 1, 2]


def test_a_recording_that_belongs_to_nobody_is_told(admin, function):
    admin.data.documents.unlink_all_users("psg-recording", WHOLE)
    with pytest.raises(RecordingUnavailableError, match=f"{WHOLE} is linked to no user: link its patient"):
        handle(handler, event(), function())


def test_a_recording_that_is_gone_is_told(admin, function):
    admin.data.documents.remove("psg-recording", WHOLE)
    with pytest.raises(RecordingUnavailableError, match="VIEW_DOCUMENTS:psg-recording is missing"):
        handle(handler, event(), function())


def test_a_recording_without_a_file_is_told(fake_exh):
    fake_exh.data.documents.find_by_id.returns({"id": WHOLE, "status": "new", "userIds": ["u"], "data": {}})
    fake_exh.data.documents.find_all.returns([])
    with pytest.raises(InvalidRecordingError, match="the recording has no file"):
        handle(handler, event(), fake_exh)


@pytest.mark.parametrize("data", [{}, {"schemaId": "psg-recording"}, {"schemaId": "psg-recording", "documentId": 5}])
def test_an_event_without_a_document_is_told(fake_exh, data):
    with pytest.raises(InvalidEventError, match="the task's data needs"):
        handle(handler, {"data": data}, fake_exh)


@pytest.mark.parametrize("most", [0, -1, True, 1.5, "2"])
def test_minutes_per_run_that_are_none_are_told(fake_exh, most):
    with pytest.raises(InvalidEventError, match="minutesPerRun is not a whole number from 1 on"):
        handle(handler, event(minutesPerRun=most), fake_exh)


@pytest.mark.parametrize(("offset", "begins"), [(None, 22), ("+00:00", 22), ("+05:00", 17), ("-05:00", 27)])
def test_the_recorders_clock_may_be_ahead_of_utc(admin, function, offset, begins):
    given = {"utcOffset": offset} if offset else {}
    recording_id = upload(admin, edf([Signal(per_record=1)], 60), **given)
    handle(handler, event(recording_id), function())
    timestamp = module.datetime.fromisoformat(signals(admin, recording_id)[0]["data"]["startTimestamp"])
    assert timestamp == module.datetime.fromisoformat("2024-12-30T00:58:03Z") + timedelta(hours=begins)


def test_nobody_but_the_function_makes_or_changes_segments(admin, function):
    handle(handler, event(), function())
    (signal, *_) = signals(admin)
    with pytest.raises(NoPermissionError):
        function().data.documents.update("psg-signal", signal["id"], {"minute": 7})
