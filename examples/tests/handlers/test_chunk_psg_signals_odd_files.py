"""EDF files that break the rules of the format: what is read, with which warning, and what is refused."""

import json
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from edf_files import PATIENT, Signal, annotations, edf
from handlers.chunk_psg_signals.edf import Recording
from handlers.chunk_psg_signals.header import InvalidRecordingError
from handlers.chunk_psg_signals.segments import Writer, minute_count, segments
from hypothesis import given
from hypothesis import strategies as st

RANGE = {"physical": ("-3276.8", "3276.7"), "digital": (-32768, 32767)}
RAMP = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
AT = datetime.fromisoformat("2024-12-30T22:58:03")  # the start in each header, by the recorder's clock


def eeg(samples=RAMP, **fields):
    return Signal(per_record=4, samples=list(samples), **{**RANGE, **fields})


def unused(**fields):
    return Signal(**{"label": "-", "unit": "", "per_record": 4, "physical": ("0", "0"), "digital": (0, 0), **fields})


def read(content, **options):
    """The recording, all its samples of each channel, and what was odd about it."""
    recording = Recording([content], len(content), **options)
    writer = Writer(recording)
    posted = [
        json.loads(writer.document(each, {"minute": each.minute}))
        for each in segments(recording, range(minute_count(recording)))
    ]
    joined = [
        [sample for document in posted for sample in document["channels"][index]["samples"]]
        for index in range(len(recording.channels))
    ]
    assert not any(PATIENT[:10] in warning for warning in recording.warnings)
    return recording, joined, recording.warnings


def refused(content, **options):
    with pytest.raises(InvalidRecordingError) as raised:
        read(content, **options)
    assert PATIENT[:10] not in str(raised.value)
    return str(raised.value)


def night(onsets, seconds="30", **fields):
    """A file whose data records say that they begin at `onsets`."""
    return edf([eeg(RAMP * 9)], len(onsets), seconds, onset=list(onsets), **{"reserved": "EDF+C", **fields})


# The data records' own clock


@pytest.mark.parametrize(
    ("onsets", "problem"),
    [
        (["+0", "+30", "+3630", "+3660"], "it has a gap: its data record 3 begins 3,570.000 seconds after the end"),
        (["+0", "+30.5", "+60.5"], "its data record 2 begins 0.500 seconds after the end of the one before"),
        (["+0.25", "+30.25", "+60.25", "+120.25"], "its data record 4 begins 30.000 seconds after"),
        (["+0", "+30", "+20", "+50"], "its data record 3 begins 40.000 seconds before the end of the one before"),
        (["+0", "+30", "+30"], "its data record 3 begins 30.000 seconds before"),
        (["+0", b"", "+3660"], "its data record 3 begins 3,600.000 seconds after"),
    ],
)
@pytest.mark.parametrize("reserved", ["EDF+C", "EDF+", "edf+c", " EDF+C", "", "EDF+D"])
def test_times_that_jump_are_refused_whatever_the_header_promises(onsets, problem, reserved):
    if reserved == "EDF+D" and b"" in onsets:
        problem = r"its data record 2 does not say when it began"
    assert problem in refused(night(onsets, reserved=reserved))


@pytest.mark.parametrize("reserved", ["EDF+D", "edf+d", " EDF+D"])
@pytest.mark.parametrize("first", ["0", "0.5"])
def test_a_file_that_says_it_has_gaps_and_has_none_is_read(reserved, first):
    onsets = [f"+{float(first) + 30 * each}" for each in range(3)]
    recording, (samples,), warnings = read(night(onsets, reserved=reserved))
    assert len(samples) == 12
    assert recording.start == AT + timedelta(seconds=float(first))
    assert warnings == ["it says that it has gaps (EDF+D); it was read since it has none"]


def test_a_file_that_may_have_gaps_and_has_no_clock_is_refused():
    assert "its data records do not say when they began" in refused(edf([eeg()], 3, reserved="EDF+D"))
    assert "its data record 1 does not say when" in refused(night([b"", b"", b""], reserved="EDF+D"))


@pytest.mark.parametrize("step", ["30.004", "29.996"])
def test_a_clock_that_drifts_is_told_and_one_that_drifts_far_is_refused(step):
    few, many = ([f"+{float(each * Fraction(step)):.3f}" for each in range(count)] for count in (100, 300))
    recording, _, warnings = read(edf([Signal(per_record=1)], 100, "30", reserved="EDF+C", onset=few))
    sign = "+" if float(step) > 30 else "-"
    assert warnings == [
        f"its clock drifts: its data records began up to {sign}0.396 seconds from where they are stored"
    ]
    assert recording.seconds == 3000
    problem = refused(edf([Signal(per_record=1)], 300, "30", reserved="EDF+C", onset=many))
    assert "its clock and its header do not agree: by its data record 252 they are 1.004 seconds apart" in problem


@pytest.mark.parametrize(
    "text", [b"", b"30\x14", b"+30\x14Lights off\x14\0", b"+\x14\x14", b"at once\x14\x14", b"\xff" * 64]
)
def test_data_records_without_a_time_are_counted(text):
    recording, (samples,), warnings = read(night(["+0.5", text, "+60.5"]))
    assert len(samples) == 12
    assert recording.start.microsecond == 500_000
    assert warnings == [
        "1 of its data records do not say when they began, which EDF+ asks for: their times were counted from the start"
    ]


@pytest.mark.parametrize(("onset", "counts"), [(b"0\x14\x14\0", False), (b"", True), (b"+0\x14Start\x14\0", True)])
def test_a_first_data_record_that_breaks_the_rules_is_read(onset, counts):
    recording, _, warnings = read(night([onset, "+30", "+60"]))
    assert recording.start == AT
    assert bool(warnings) is counts


def test_edf_plus_without_annotations_is_read():
    without = "it is EDF+ without annotations: that it has no gaps is not known, and was assumed"
    assert read(edf([eeg()], 3, reserved="EDF+C"))[1:] == ([[each / 10 for each in RAMP]], [without])
    _, (samples,), (warning,) = read(edf([eeg(), annotations(0)], 3, reserved="EDF+C"))
    assert (len(samples), warning[:20]) == (12, "3 of its data record")


@pytest.mark.parametrize(("onset", "seconds"), [("+5", 5), ("-2.5", -2.5), ("+86400", 86_400)])
def test_a_first_data_record_that_begins_at_another_time_is_taken_at_its_word(onset, seconds):
    recording, _, warnings = read(night([onset, f"{float(onset) + 30:+}"]))
    assert recording.start == AT + timedelta(seconds=seconds)
    assert warnings == [f"its first data record begins {seconds:,.3f} seconds after the start in its header"]


@pytest.mark.parametrize("onset", ["+2592001", "-999999999999999", "+999999999999999"])
def test_a_first_data_record_of_another_age_is_refused(onset):
    assert "more than 30 days away from the start" in refused(night([onset]))


@given(
    seconds=st.sampled_from(["0.1", "1", "7", "30", "2.56"]),
    first=st.sampled_from(["0", "0.123456", "0.9"]),
    steps=st.lists(
        st.sampled_from([0, 0, 0, 0, Fraction("0.002"), Fraction("-0.009"), Fraction("0.3"), 5, -1, 3600]),
        min_size=1, max_size=30,
    ),
    reserved=st.sampled_from(["", "EDF+C", "EDF+D"]),
)  # fmt: skip
def test_a_sample_is_stored_at_its_records_own_time_or_the_file_is_refused(seconds, first, steps, reserved):
    onsets = [Fraction(first)]
    for step in steps:
        onsets.append(onsets[-1] + Fraction(seconds) + step)
    written = [f"{float(each):+.6f}" for each in onsets]
    content = edf([Signal(per_record=3)], len(onsets), seconds, reserved=reserved, onset=written)
    try:
        recording, _, warnings = read(content)
    except InvalidRecordingError:
        assert any(abs(step) > Fraction("0.01") for step in steps) or abs(sum(steps)) > 1
        return
    assert all(abs(step) <= Fraction("0.01") for step in steps)
    off = [
        abs((recording.start - AT).total_seconds() + float(number * recording.record_seconds - onset))
        for number, onset in enumerate(onsets)
    ]
    assert max(off) <= 1
    assert ("drifts" in str(warnings)) is (max(off) > 0.001 + 1e-9)


# Channels that cannot be read


@pytest.mark.parametrize(
    ("signal", "problem"),
    [
        (unused(), "its digital minimum and maximum are no range"),
        (unused(label="", digital=(-32768, 32767)), "its physical minimum and maximum are no range"),
        (unused(label="EEG T8", physical=("", ""), digital=("", "")), "its digital minimum or maximum is no whole"),
        (unused(per_record=0), "it has no samples"),
        (unused(physical=("-1", "x"), digital=(-5, 5)), "its physical minimum or maximum is no number"),
        (unused(physical=("-1", "1"), digital=(0, 65535)), "its digital minimum or maximum does not fit 16 bits"),
        (unused(physical=("-1,234", "1,234"), digital=(-5, 5)), "a comma in its range may stand for a point,"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 1])
def test_a_channel_that_cannot_be_read_is_left_out_and_the_others_are_read(signal, problem, at):
    signals = [signal, eeg()] if at == 0 else [eeg(), signal]
    recording, (samples,), (warning,) = read(edf(signals, 3))
    assert [channel.label for channel in recording.channels] == ["EEG Fpz-Cz"]
    assert samples == [each / 10 for each in RAMP]
    assert warning.startswith(f"left out: signal {at + 1}: {problem}")


def test_a_file_without_a_channel_that_can_be_read_is_refused():
    problem = refused(edf([unused(), unused(), unused(per_record=0)], 3))
    assert "signals 1, 2: its digital minimum and maximum are no range; signal 3: it has no samples" in problem


def test_many_channels_are_left_out_in_few_words():
    _, _, (warning,) = read(edf([eeg(), *[unused()] * 40], 1))
    assert warning.startswith("left out: signals 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 28 more: its digital")


@given(st.lists(st.sampled_from(["eeg", "unused", "empty"]), min_size=1, max_size=12))
def test_wherever_channels_are_left_out_the_others_keep_their_samples(kinds):
    made = {
        "eeg": lambda n: eeg(range(100 * n, 100 * n + 12)),
        "unused": lambda n: unused(),
        "empty": lambda n: unused(per_record=0),
    }
    signals = [made[kind](number) for number, kind in enumerate(kinds)]
    content = edf([*signals, annotations()], 3, reserved="EDF+C", onset=["+0", "+1", "+2"])
    if "eeg" not in kinds:
        assert "no signal of it can be read" in refused(content)
        return
    _, joined, warnings = read(content)
    expected = [[(100 * n + each) / 10 for each in range(12)] for n, kind in enumerate(kinds) if kind == "eeg"]
    assert joined == expected
    assert len(warnings) == len({"unused", "empty"} & set(kinds))


def test_a_range_that_is_turned_round_turns_the_polarity():
    _, (samples,), (warning,) = read(edf([eeg(physical=("-3276.8", "3276.7"), digital=(32767, -32768))], 3))
    assert samples == [-(each + 1) / 10 for each in RAMP]
    assert warning == "signal 1: the digital minimum is above the maximum: the polarity was turned round"


# Numbers, and characters


@pytest.mark.parametrize(
    "physical", [("-3276,8", "3276,7"), ("-3276,8", "3276.7"), ("-3276,8", "3,2767e3"), ("-3276,80", "+3276,7")]
)
def test_a_decimal_comma_is_a_point(physical):
    _, (samples,), warnings = read(edf([unused(), eeg(physical=physical)], 3))
    assert samples == [each / 10 for each in RAMP]
    assert warnings[1:] == ["signal 2: the range is written with a decimal comma, which was read as a point"]


def test_a_decimal_comma_in_the_duration_is_a_point():
    recording, _, warnings = read(edf([eeg()], 3, "0,5"))
    assert recording.seconds == Fraction("1.5")
    assert warnings == ["the duration of its data records is written with a decimal comma, which was read as a point"]


@pytest.mark.parametrize("digital", [("-32768.0", "32767."), ("-32768,0", "32767"), ("-32768", "+32767")])
def test_whole_numbers_may_be_written_with_decimals(digital):
    assert read(edf([eeg(digital=digital)], 3))[1] == [[each / 10 for each in RAMP]]


@pytest.mark.parametrize("number", ["1,000", "4.5", "4,5", "1e2", "4 4", "\0"])
def test_a_number_of_samples_that_may_be_another_one_is_refused(number):
    content = edf([eeg()], 3).replace(b"4       ", number.encode().ljust(8), 1)
    assert "the number of samples of signal 1 is no whole number" in refused(content)


@pytest.mark.parametrize(
    ("label", "patient"),
    [
        ("Temp\u00e9rature".encode(), "x"),
        ("Temp\u00e9rature".encode("latin-1"), "x"),
        (b"EEG", "Jos\u00e9".encode("latin-1")),
    ],
)
def test_characters_other_than_ascii_are_read_and_told(label, patient):
    recording, _, warnings = read(edf([eeg(label=label)], 3, patient=patient))
    assert recording.channels[0].label in ("Temp\u00e9rature", "EEG")
    assert warnings == ["its header has other characters than ASCII; labels were read as UTF-8 or Latin-1"]


@pytest.mark.parametrize("label", [b"EEG\0junk", b"EEG\0\0\0", b"EEG \0x"])
def test_a_label_ends_with_a_nul(label):
    assert read(edf([eeg(label=label)], 3))[0].channels[0].label == "EEG"


# How much there is


@given(extra=st.integers(1, 40), plus=st.booleans())
def test_bytes_after_the_last_data_record_change_nothing(extra, plus):
    fields = {"reserved": "EDF+C", "onset": "+0"} if plus else {}
    content = edf([eeg()], 3, **fields)
    _, samples, warnings = read(content + b"\1" * extra)
    assert samples == read(content)[1]
    (warning,) = warnings
    record = 8 + 64 * plus
    assert warning.startswith(f"{extra} bytes after its last data record were not read")
    assert ("write -1 for the number of data records (3)" in warning) is (extra >= record)


@given(kept=st.integers(8, 24), plus=st.booleans())
def test_a_recorder_that_never_closed_its_file_is_read_as_far_as_it_got(kept, plus):
    record = 8 + 64 * plus
    content = edf([eeg()], 3, count="-1", **({"reserved": "EDF+C", "onset": "+0"} if plus else {}))
    kept = kept * record // 8
    content = content[: 512 + 256 * plus + kept]
    recording, (samples,), (warning,) = read(content)
    whole, more = divmod(kept, record)
    assert recording.record_count == whole
    assert samples == [each / 10 for each in RAMP[: 4 * whole]]
    rest = f", and {more} bytes of one more, which were not read" if more else ""
    assert warning == f"the recorder never closed it: by its size it has {whole} data records{rest}"


def test_a_recorder_that_got_nowhere_is_refused():
    assert "no whole data record" in refused(edf([eeg()], 3, count="-1")[:519])


@given(st.integers(1, 24))
def test_a_file_that_lacks_what_its_header_promises_is_refused(missing):
    assert "its end is missing; upload it again" in refused(edf([eeg()], 3)[:-missing])


# When it was


@pytest.mark.parametrize(
    ("day", "field"),
    [
        ("01.01.85", "Startdate X X X X"),
        ("01.01.85", ""),
        ("01.01.85", "Startdate 01-JAN-1985 X X X"),
        ("00.00.00", "Startdate X X X X"),
        ("00.00.00", ""),
        ("00-00-00", "X X X X"),
        ("", ""),
        ("xx.xx.xx", ""),
    ],
)
def test_an_anonymous_date_is_told_and_the_document_can_say_the_true_one(day, field):
    content = edf([eeg()], 3, start=(day, "22.58.03"), recording=field)
    recording, _, warnings = read(content)
    assert recording.start == datetime.fromisoformat("1985-01-01T22:58:03")
    (warning,) = warnings
    assert warning.startswith("it was made anonymous: its date is unknown, and 1985-01-01 stands for it; say the true")
    recording, _, warnings = read(content, start_date=date(2024, 12, 30))
    assert (recording.start, warnings) == (AT, [])


@pytest.mark.parametrize("field", ["Startdate X X X X", "X X X X", "startdate x"])
def test_a_date_that_only_the_recording_field_leaves_out_is_taken_and_told(field):
    recording, _, (warning,) = read(edf([eeg()], 3, recording=field))
    assert recording.start.date() == date(2024, 12, 30)
    assert "its field about the recording leaves out the date" in warning


@pytest.mark.parametrize(
    ("day", "field", "expected", "problem"),
    [
        ("02.03.24", "Startdate 02-MAR-1924 X X X", date(1924, 3, 2), None),
        ("02.03.24", "Startdate 05-MAR-2024 X X X", date(2024, 3, 2), "has another date than the header"),
        ("02.03.24", "Startdate 31-FEB-2024 X X X", date(2024, 3, 2), None),
        ("02.03.24", "Started on 05-MAR-2024", date(2024, 3, 2), None),
        ("02.03.yy", "Startdate 02-MAR-2085 X X X", date(2085, 3, 2), "taken from the field about the recording"),
        ("00.00.00", "Startdate 02-MAR-2024 X X X", date(2024, 3, 2), "taken from the field about the recording"),
        ("2.3.24", "", date(2024, 3, 2), "not written as dd.mm.yy; it was read as day, month, year"),
        ("02/03/24", "", date(2024, 3, 2), "not written as dd.mm.yy; it was read as day, month, year"),
    ],
)
def test_the_day_is_taken_from_where_it_is(day, field, expected, problem):
    recording, _, warnings = read(edf([eeg()], 3, start=(day, "22.58.03"), recording=field))
    assert recording.start.date() == expected
    assert [problem in warning for warning in warnings] == [True] * bool(problem)


def test_a_day_in_the_document_that_is_another_one_is_told():
    recording, _, (warning,) = read(edf([eeg()], 3), start_date=date(2024, 12, 29))
    assert recording.start.date() == date(2024, 12, 29)
    assert warning == "the document's `startDate` was taken; the header has another date"


@pytest.mark.parametrize("at", ["", "xx.xx.xx", "24.00.00", "22:60:03", "225803"])
def test_a_time_that_there_is_not_is_refused(at):
    assert "hh.mm.ss is expected as its time" in refused(edf([eeg()], 3, start=("30.12.24", at)))


@pytest.mark.parametrize("day", ["30.02.24", "00.13.24", "32.01.24", "02.03.yy", "today"])
def test_a_day_that_there_is_not_is_refused_unless_the_document_says_another(day):
    content = edf([eeg()], 3, start=(day, "22.58.03"), recording="")
    assert "dd.mm.yy and hh.mm.ss are expected; or say the true one as `startDate`" in refused(content)
    assert read(content, start_date=date(2024, 12, 30))[0].start == AT
