"""Reading EDF and EDF+ files as they stream in, a data record at a time.

The format: a header of 256 bytes, 256 more per signal, then data records of a fixed length, each with so many 16-bit
samples of every signal (https://www.edfplus.info/specs/edf.html and https://www.edfplus.info/specs/edfplus.html). All
that a header promises is held against the file's size before the first sample is read.

A header names the patient: no message here quotes any text of a file, and channels are told by their number.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from extrahorizon.errors import ExtraHorizonError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ANNOTATIONS = "EDF Annotations"  # the label of signals that hold texts in place of samples
_LOWEST, _HIGHEST = -32_768, 32_767  # of 16 bits
LARGEST_RECORD = 10_000_000  # bytes; the specification asks for 61,440 at most, and one is in memory at a time
LONGEST = 30 * 24 * 3600  # seconds; a header that promises more is mistaken
_BLOCK = 256  # bytes of the header's first part, and of what follows for each signal
#: The header's fields of each signal in their order, with their widths; each field comes for all signals in a row.
_FIELDS = (
    ("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8), ("digital_min", 8),
    ("digital_max", 8), ("filtering", 80), ("samples", 8), ("reserved", 32),
)  # fmt: skip
_INTEGER = re.compile(r"[+-]?\d{1,8}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(r"(\d\d)\D(\d\d)\D(\d\d) (\d\d)\D(\d\d)\D(\d\d)", re.ASCII)
_ONSET = re.compile(rb"([+-]\d{1,15}(?:\.\d{1,15})?)(?:\x15[\d.]*)?\x14")


class InvalidRecordingError(ExtraHorizonError):
    """A file is not a recording that can be cut into segments; repeating the task changes nothing about that."""


class IncompleteFileError(ExtraHorizonError):
    """A file's content ended before as many bytes had come as the file service says it has. Another try may help."""


@dataclass(frozen=True)
class Channel:
    """A signal of a recording.

    Attributes:
        label: what is measured, such as `EEG Fpz-Cz`; not always one of its kind in a file.
        unit: of the physical values, such as `uV`; may be empty.
        rate: samples per second.
        gain: physical units per digital step; negative where the polarity is turned round.
        origin: the physical value of the digital value 0.
    """

    label: str
    unit: str
    rate: Fraction
    gain: float
    origin: float


@dataclass(frozen=True)
class _Signal:
    """Where the samples of a signal are in a data record; `channel` is None for annotations."""

    begin: int
    end: int
    channel: Channel | None


class Recording:
    """A recording whose header has been read and found sound; its samples are still to come.

    Attributes:
        start: when its first sample was taken, by the clock of the recorder: EDF knows no time zones.
        channels: its signals, without annotations.
        record_count: how many data records it has.
        record_seconds: how long each of them lasts.
    """

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        """Read the header, and the first data record where that says when exactly the recording begins.

        Args:
            pieces: the file's content, cut anywhere.
            size: the file's size in bytes.

        Raises:
            InvalidRecordingError: the file cannot be used.
            IncompleteFileError: the content is shorter than `size`.
        """
        self._source = _Source(pieces, size)
        head = self._source.take(min(_BLOCK, size))
        _check_kind(head)
        text = head.decode("latin-1")  # what is read of it is ASCII; a byte stays a character, so that places hold
        is_plus, count = text[192:197] == "EDF+C", _integer(text[252:256], "number of signals", least=1)
        header_size = _integer(text[184:192], "size of the header", least=1)
        self.start = _moment(text[168:176], text[176:184])
        self.record_count = _record_count(text[236:244])
        self.record_seconds = _seconds(text[244:252])
        if header_size != _BLOCK * (count + 1):
            raise _invalid(
                f"its header says that it has {header_size:,} bytes, and the one of {count:,} signals has "
                f"{_BLOCK * (count + 1):,}"
            )
        if header_size > size:
            raise _invalid(f"it ends within its header: it has {size:,} bytes of {header_size:,}")
        self._signals = _signals(self._source.take(header_size - _BLOCK), count, self.record_seconds)
        self._record_size = self._signals[-1].end
        self.channels = tuple(signal.channel for signal in self._signals if signal.channel)
        self._check_size(size, header_size)
        self._first = b""
        if is_plus:
            self._first = self._source.take(self._record_size)
            self.start += self._onset()

    @property
    def seconds(self) -> Fraction:
        """How long the recording lasts."""
        return self.record_count * self.record_seconds

    def records(self) -> Iterator[list[bytes]]:
        """The samples of each channel, data record by data record: 16-bit integers, little-endian. Can be read once.

        Raises:
            IncompleteFileError: the content is shorter than the file.
        """
        for _ in range(self.record_count):
            record, self._first = self._first or self._source.take(self._record_size), b""
            yield [record[signal.begin : signal.end] for signal in self._signals if signal.channel]

    def _check_size(self, size: int, header_size: int) -> None:
        if not self.channels:
            raise _invalid("it has no signals but annotations")
        if self.seconds > LONGEST:
            raise _invalid("it would last more than 30 days: its number of data records, or their duration, is wrong")
        if self._record_size > LARGEST_RECORD:
            raise _invalid(
                f"a data record of it has {self._record_size:,} bytes; {LARGEST_RECORD:,} can be read: export it with "
                "shorter data records"
            )
        expected = header_size + self.record_count * self._record_size
        if size != expected:
            is_short = size < expected
            raise _invalid(
                f"it has {size:,} bytes, and {self.record_count:,} data records would make {expected:,}: "
                + ("its end is missing; upload it again" if is_short else "its header and its content do not agree")
            )

    def _onset(self) -> timedelta:
        """How long after the header's start the first data record begins: below a second, as the header has no part."""
        for signal in self._signals:
            if signal.channel is None:
                onset = _ONSET.match(self._first, signal.begin, signal.end)
                if onset is None:
                    break
                return timedelta(microseconds=round(Fraction(onset[1].decode()) * 1_000_000))
        raise _invalid("it is EDF+, and its first data record does not say when it begins")


class _Source:
    """Bytes in the amounts that are asked for, from pieces of any size."""

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self._pieces = iter(pieces)
        self._size = size
        self._read = 0
        self._buffer = b""
        self._position = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self._position + count
        if end > len(self._buffer):
            self._fill(count)
            end = count
        taken = self._buffer[self._position : end]
        self._position = end
        return taken

    def _fill(self, count: int) -> None:
        """Have at least `count` bytes, from the beginning of the buffer on."""
        gathered = [self._buffer[self._position :]]
        length = len(gathered[0])
        while length < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise IncompleteFileError(
                    f"the file's content ended after {self._read:,} of {self._size:,} bytes; the task can be repeated"
                )
            gathered.append(piece)
            length += len(piece)
            self._read += len(piece)
        self._buffer, self._position = b"".join(gathered), 0


def _check_kind(head: bytes) -> None:
    if len(head) < _BLOCK:
        raise _invalid(f"it has {len(head)} bytes, and the header of an EDF file alone has {_BLOCK}: upload it again")
    if head[:8] == b"\xffBIOSEMI":
        raise _invalid("it is a BDF file, whose samples have 24 bits: convert it to EDF+")
    if head[:8].rstrip() != b"0":
        raise _invalid("it does not begin as an EDF file does: upload the EDF file of the recording")
    if head[192:197] == b"EDF+D":
        raise _invalid("it has gaps (EDF+D): export it as a continuous file (EDF+C)")


def _signals(header: bytes, count: int, record_seconds: Fraction) -> list[_Signal]:
    """What the header says of each signal."""
    columns: dict[str, list[str]] = {}
    position = 0
    for name, width in _FIELDS:
        columns[name] = [_text(header[position + width * each :][:width]).strip(" \0") for each in range(count)]
        position += width * count
    signals = []
    begin = 0
    for number in range(count):
        fields = {name: column[number] for name, column in columns.items()}
        samples = _integer(fields["samples"], f"number of samples of signal {number + 1}", least=1)
        end = begin + 2 * samples
        channel = None
        if fields["label"] != ANNOTATIONS:
            gain, origin = _scaling(fields, number + 1)
            channel = Channel(fields["label"], fields["unit"], samples / record_seconds, gain, origin)
        signals.append(_Signal(begin, end, channel))
        begin = end
    return signals


def _scaling(fields: dict[str, str], number: int) -> tuple[float, float]:
    """Gain and origin of a signal."""
    lowest = _integer(fields["digital_min"], f"digital minimum of signal {number}")
    highest = _integer(fields["digital_max"], f"digital maximum of signal {number}")
    if not _LOWEST <= lowest < highest <= _HIGHEST:
        raise _invalid(
            f"the digital minimum of signal {number} is {lowest} and its maximum {highest}: the minimum has to be the "
            "smaller one, and both have to fit 16 bits"
        )
    low = _number(fields["physical_min"], f"physical minimum of signal {number}")
    high = _number(fields["physical_max"], f"physical maximum of signal {number}")
    gain = (high - low) / (highest - lowest)
    if gain == 0 or not math.isfinite(gain):
        raise _invalid(f"the physical minimum and maximum of signal {number} are no range")
    return gain, low - lowest * gain


def _record_count(text: str) -> int:
    count = _integer(text, "number of data records")
    if count == -1:
        raise _invalid(
            "its number of data records is -1: the recorder never closed it. Repair it, then upload it again"
        )
    if count < 1:
        raise _invalid(f"its number of data records is {count}: there is nothing in it")
    return count


def _seconds(text: str) -> Fraction:
    seconds = _number(text, "duration of a data record")
    if seconds <= 0:
        raise _invalid("a data record of it lasts no time: it has no samples in the order of time")
    return Fraction(text.strip(" \0"))


def _moment(date: str, time: str) -> datetime:
    """A moment as the header writes it; its years are 1985 to 2084."""
    parts = _MOMENT.fullmatch(f"{date} {time}")
    try:
        day, month, year, hour, minute, second = map(int, parts.groups() if parts else ())
        century = 1900 if year >= 85 else 2000  # as the specification says
        return datetime(century + year, month, day, hour, minute, second)  # the recorder's own clock
    except ValueError:
        raise _invalid("its header has no valid start: dd.mm.yy and hh.mm.ss are expected") from None


def _integer(text: str, what: str, *, least: int | None = None) -> int:
    text = text.strip(" \0")
    if not _INTEGER.fullmatch(text):
        raise _invalid(f"the {what} is no whole number")
    value = int(text)
    if least is not None and value < least:
        raise _invalid(f"the {what} is {value}; {least} is the least")
    return value


def _number(text: str, what: str) -> float:
    text = text.strip(" \0")
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise _invalid(f"the {what} is no number")
    return value


def _text(field: bytes) -> str:
    """ASCII by the specification; recorders also write UTF-8 and Latin-1."""
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.decode("latin-1")


def _invalid(problem: str) -> InvalidRecordingError:
    return InvalidRecordingError(f"the file cannot be cut into segments: {problem}")
