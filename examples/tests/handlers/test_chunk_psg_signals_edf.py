"""The reader of EDF files, against pyedflib and against files whose every sample is known."""

import json
import math
import os
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from edf_files import NIGHT, PATIENT, Signal, annotations, edf, night
from handlers.chunk_psg_signals.edf import IncompleteFileError, Recording
from handlers.chunk_psg_signals.header import InvalidRecordingError
from handlers.chunk_psg_signals.segments import Writer, minute_count, segments
from hypothesis import given
from hypothesis import strategies as st

try:
    import pyedflib
except ModuleNotFoundError:
    pyedflib = None

held_against_pyedflib = pytest.mark.skipif(pyedflib is None, reason="pyedflib has no wheel for this Python")


def shipped(name):
    """A file that comes with pyedflib."""
    return Path(pyedflib.__file__).parent / "tests" / "data" / name


def opened(content, pieces=None):
    return Recording([content] if pieces is None else pieces, len(content))


def documents(recording):
    """What is posted of a recording."""
    writer = Writer(recording)
    return [
        json.loads(writer.document(segment, {"minute": segment.minute}))
        for segment in segments(recording, range(minute_count(recording)))
    ]


def joined(posted, channel):
    return [sample for document in posted for sample in document["channels"][channel]["samples"]]


def assert_reads_as_pyedflib(path):
    recording = opened(path.read_bytes())
    posted = documents(recording)
    with pyedflib.EdfReader(os.fspath(path)) as other:
        # pyedflib shows the annotations of a file that is not EDF+ as a signal.
        numbers = [each for each in range(other.signals_in_file) if other.getLabel(each) != "EDF Annotations"]
        assert [channel.label for channel in recording.channels] == [other.getLabel(each) for each in numbers]
        assert [channel.unit for channel in recording.channels] == [other.getPhysicalDimension(e) for e in numbers]
        assert [float(channel.rate) for channel in recording.channels] == pytest.approx(
            [other.getSampleFrequency(each) for each in numbers], rel=1e-6
        )
        assert float(recording.seconds) == pytest.approx(other.getFileDuration(), abs=1e-6)
        whole = other.getStartdatetime().replace(microsecond=0)
        fraction = timedelta(microseconds=round(other.starttime_subsecond / 10))
        assert abs(recording.start - whole - fraction) <= timedelta(microseconds=1)
        for index, (channel, number) in enumerate(zip(recording.channels, numbers, strict=True)):
            theirs, ours = other.readSignal(number), joined(posted, index)
            assert len(ours) == len(theirs)
            assert abs(theirs - ours).max() <= abs(channel.gain) * 0.06  # a tenth of a step is kept


@held_against_pyedflib
@pytest.mark.parametrize("name", ["test_generator.edf", "test_legacy.edf", "test_subsecond.edf", "test_utf8.edf"])
def test_files_that_others_wrote_are_read_as_pyedflib_does(name):
    assert_reads_as_pyedflib(shipped(name))


@held_against_pyedflib
@pytest.mark.parametrize("seconds", ["1", "0.5", "2", "30", "7", "0.1", "60", "90", "2.56"])
@pytest.mark.parametrize("plus", [True, False])
def test_every_duration_of_data_records_is_read_as_pyedflib_does(tmp_path, seconds, plus):
    signals = [
        Signal(per_record=40),
        Signal("Fp1", "mV", 1, ("3.2767", "-3.2768"), (-32768, 32767)),  # the polarity turned round
        Signal("SaO2", "%", 3, ("0", "100"), (0, 255), [200 + each % 50 for each in range(90)]),
    ]
    path = tmp_path / "night.edf"
    path.write_bytes(edf(signals, 30, seconds, **({"reserved": "EDF+C", "onset": "+0.1234567"} if plus else {})))
    assert_reads_as_pyedflib(path)


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_labels_and_units_need_not_be_ascii(coding):
    recording = opened(edf([Signal("Temp\u00e9rature".encode(coding), "\u00b0C".encode(coding))]))
    assert [(channel.label, channel.unit) for channel in recording.channels] == [("Temp\u00e9rature", "\u00b0C")]
    assert documents(recording)[0]["channels"][0]["label"] == "Temp\u00e9rature"


def test_the_sample_file_is_the_one_that_its_script_makes():
    assert NIGHT.read_bytes() == night()


SIGNALS = st.builds(
    lambda label, unit, per_record, digital, physical: Signal(label, unit, per_record, physical, digital),
    st.text("abcXYZ 0-9./$\u00e9", max_size=8),
    st.sampled_from(["uV", "mV", "%", "", "degC"]),
    st.integers(1, 12),
    st.sampled_from([(-32768, 32767), (-2048, 2047), (0, 1), (0, 255), (-1, 32767)]),
    st.sampled_from([("-500", "500"), ("0", "1e-6"), ("-1e5", "1e7"), ("3.3", "-3.3"), ("0", "100"), ("-1", "65534")]),
)


@given(
    data=st.data(),
    signals=st.lists(SIGNALS, min_size=1, max_size=4),
    seconds=st.sampled_from(["1", "0.5", "2", "30", "7", "0.25", "60", "61", "90", "150.5"]),
    records=st.integers(1, 40),
)
def test_each_sample_is_in_the_minute_it_was_taken(data, signals, seconds, records):
    samples = st.integers(-32768, 32767)
    for signal in signals:
        few = data.draw(st.lists(samples, min_size=1, max_size=5))
        signal.samples = [few[each % len(few)] for each in range(records * signal.per_record)]
    at = data.draw(st.integers(0, len(signals)))
    content = edf([*signals[:at], annotations(), *signals[at:]], records, seconds)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    pieces = [content[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    recording = opened(content, pieces)
    posted = documents(recording)
    assert [each["minute"] for each in posted] == list(range(math.ceil(Fraction(seconds) * records / 60)))
    again = opened(content)
    writer = Writer(again)
    around = len(b'{"minute": 99, "channels":[]}')
    for segment in segments(again, range(len(posted))):
        assert len(writer.document(segment, {"minute": segment.minute})) <= writer.largest() + around
    for index, signal in enumerate(signals):
        rate = signal.per_record / Fraction(seconds)
        low, high = map(float, signal.physical)
        gain = (high - low) / (signal.digital[1] - signal.digital[0])
        expected = [low + (each - signal.digital[0]) * gain for each in signal.samples]
        assert joined(posted, index) == pytest.approx(expected, abs=abs(gain) * 0.051)
        begin = 0
        for document in posted:
            channel = document["channels"][index]
            assert (channel["label"], channel["unit"]) == (signal.label.strip(" "), signal.unit)
            assert channel["rate"] == pytest.approx(float(rate))
            assert channel["offset"] == pytest.approx(float(begin / rate - 60 * document["minute"]), abs=1e-9)
            end = begin + len(channel["samples"])
            assert all(
                60 * document["minute"] <= each / rate < 60 * (document["minute"] + 1) for each in range(begin, end)
            )
            begin = end


def test_only_a_minute_is_read_for_a_minute():
    content = edf([Signal(per_record=256)] * 12, 600)
    taken = []
    pieces = (content[at : at + 65_536] for at in range(0, len(content), 65_536) if taken.append(at) is None)
    recording = opened(content, pieces)
    assert len(taken) == 1
    next(segments(recording, range(10)))
    assert len(taken) * 65_536 < len(content) / 5


def test_a_value_that_rounds_to_nothing_has_no_sign():
    recording = opened(edf([Signal(physical=("-1", "1"), digital=(-1, 1), samples=[0] * 90, per_record=1)], 90))
    (segment, *_) = segments(recording, range(2))
    assert b'"samples":[0.0,0.0,' in Writer(recording).document(segment, {})


def test_texts_of_samples_are_forgotten_before_there_are_too_many(monkeypatch):
    monkeypatch.setattr("handlers.chunk_psg_signals.segments.REMEMBERED", 10)
    content = edf([Signal(samples=list(range(64 * 90)))], 90)
    assert len(joined(documents(opened(content)), 0)) == 64 * 90


BAD = {
    "no bytes at all": (b"", "it has 0 bytes"),
    "less than a header": (b"0       ", "it has 8 bytes"),
    "not an EDF file": (b"%PDF-1.7" + b" " * 300, "does not begin as an EDF file does"),
    "another version": (edf([Signal()], version="1"), "does not begin as an EDF file does"),
    "BDF, 24 bits": (b"\xffBIOSEMI" + edf([Signal()])[8:], "BDF file, whose samples have 24 bits: convert"),
    "cut off in its content": (edf([Signal()])[:-1], "would make 12,032: its end is missing; upload it again"),
    "cut off in its header": (edf([Signal()])[:300], "ends within its header: it has 300 bytes of 512"),
    "more records than it has": (edf([Signal()], count="91"), "its end is missing"),
    "no records": (edf([Signal()], 0), "its number of data records is 0"),
    "a count that is none": (edf([Signal()], count="many"), "the number of data records is no whole number"),
    "a size of the header that lies": (edf([Signal()], size="256"), "says that it has 256 bytes.*1 signals has 512"),
    "a size of the header that is none": (edf([Signal()], size="x"), "the size of the header is no whole number"),
    "no signals": (edf([], number="0"), "the number of signals is 0"),
    "more signals than there are": (edf([Signal()], number="2"), "says that it has 512 bytes"),
    "a number of signals that is none": (edf([Signal()], number="?"), "the number of signals is no whole number"),
    "nothing but annotations": (edf([], reserved="EDF+C", onset="+0"), "no signals but annotations"),
    "records that last no time": (edf([Signal()], seconds="0"), "lasts no time"),
    "records of a negative time": (edf([Signal()], seconds="-1"), "lasts no time"),
    "records of a time that is none": (edf([Signal()], seconds="1:5"), "the duration of a data record is no number"),
    "records of hardly any time": (edf([Signal()], seconds="1e-300"), "a data record of it lasts 1e-300 s"),
    "records of endless time": (edf([Signal()], seconds="1e999"), "the duration of a data record is no number"),
    "records of a huge time": (edf([Signal()], seconds="1e300"), "more than 30 days"),
    "no samples": (edf([Signal(per_record=0)]), "signal 1: it has no samples"),
    "huge records": (edf([Signal(per_record=5_000_001)], 1), "a data record of it has 10,000,002 bytes"),
    "digital minimum and maximum the same": (edf([Signal(digital=(5, 5))]), "its digital minimum and maximum are no"),
    "a number of samples below none": (edf([Signal()]).replace(b"64      ", b"-1      "), "samples of signal 1 is -1"),
    "digital values of more than 16 bits": (edf([Signal(digital=(-8388608, 8388607))]), "does not fit 16 bits"),
    "physical minimum and maximum the same": (edf([Signal(physical=("1", "1.0"))]), "its physical .* are no range"),
    "physical values that are none": (edf([Signal(physical=("nan", "1"))]), "1: its physical .* is no number"),
    "physical values out of range": (edf([Signal(physical=("-1e308", "1e308"))]), "its physical .* are no range"),
    "a date that there is not": (edf([Signal()], start=("30.02.24", "01.02.03"), recording="X"), "no valid start"),
    "a date in another form": (edf([Signal()], start=("2024-1-1", "01.02.03"), recording="X"), "no valid start"),
    "a time that there is not": (edf([Signal()], start=("01.02.24", "25.00.00")), "no valid start"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "problem"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_is_told_before_a_sample_is_read(content, problem):
    with pytest.raises(InvalidRecordingError, match=problem) as raised:
        opened(content, iter([content]))
    assert "Quackenbush" not in str(raised.value)
    assert str(raised.value).startswith("the file cannot be cut into segments: ")


@held_against_pyedflib
@pytest.mark.parametrize("name", ["test_generator.bdf", "test_generator_datarec_generator_0_5.bdf"])
def test_bdf_files_are_refused(name):
    with pytest.raises(InvalidRecordingError, match="24 bits"):
        opened(shipped(name).read_bytes())


@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    content = bytearray(edf([Signal(per_record=2), Signal(per_record=1)], 61, reserved="EDF+C", onset="+0"))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 1023))] = data.draw(st.sampled_from(b"0159-+.e \0\xff\xc3Az"))
    try:
        posted = documents(opened(bytes(content)))
    except InvalidRecordingError as error:
        assert PATIENT[:10] not in str(error)  # noqa: PT017 - most examples raise nothing
    else:
        assert posted


@given(st.integers(1, 3_872))
def test_content_that_ends_early_is_not_the_files_fault(missing):
    content = edf([Signal(per_record=16)], 121)
    recording = Recording(iter([content[:-missing]]), len(content))
    with pytest.raises(IncompleteFileError, match=f"after {len(content) - missing:,} of {len(content):,} bytes"):
        documents(recording)


def test_the_turn_of_the_century():
    years = [
        opened(edf([Signal()], start=(f"02.01.{year}", "00.00.00"), recording="")).start.year
        for year in ("85", "99", "00", "84")
    ]
    assert years == [1985, 1999, 2000, 2084]
