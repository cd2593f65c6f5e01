"""The header of an EDF file: the number of data records, their duration, and the signals in them.

Recorders break the rules of the format in ways that leave no doubt about what is meant: a channel that is not connected
has no range, a decimal comma stands for a point. Such a header is read, with a warning. Where a reading would be a
guess about samples or their times, the file is refused.

A header names the patient: no message here quotes any text of a file, and signals are told by their number, from 1.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from extrahorizon.errors import ExtraHorizonError

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK = 256  # bytes of the header's first part, and of what follows for each signal
_ANNOTATIONS = "edf annotations"  # the label of signals that hold texts in place of samples
_LOWEST, _HIGHEST = -32_768, 32_767  # of 16 bits
_SHORTEST = 0.000_001  # seconds of a data record
_LISTED = 12  # numbers of signals in a warning; a file may have thousands
#: The header's fields of each signal in their order, with their widths; each field comes for all signals in a row.
_FIELDS = (
    ("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8), ("digital_min", 8),
    ("digital_max", 8), ("filtering", 80), ("samples", 8), ("reserved", 32),
)  # fmt: skip
_RANGES = ("physical_min", "physical_max", "digital_min", "digital_max")
_WHOLE = re.compile(r"([+-]?\d{1,8})(?:\.0*|,00?)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)  # 1,234 may be either: it is not guessed


class InvalidRecordingError(ExtraHorizonError):
    """The file is no recording that can be cut into segments. A retry cannot succeed."""


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
class Signal:
    """Where the samples of a signal are in a data record.

    Attributes:
        begin: its first byte in the data record.
        end: the byte after its last one.
        channel: what its samples mean; None for annotations, and for a signal that is left out.
        is_annotations: it holds texts, and the times at which data records begin.
    """

    begin: int
    end: int
    channel: Channel | None
    is_annotations: bool


@dataclass(frozen=True)
class Header:
    """The first 256 bytes of a file, but for the start.

    Attributes:
        size: of the header of all signals, in bytes.
        count: how many signals there are.
        records: how many data records there are; None where the recorder never closed the file (-1).
        record_seconds: how long each data record lasts.
        may_have_gaps: it is declared as EDF+D.
        is_plus: it is declared as EDF+, of either kind.
    """

    size: int
    count: int
    records: int | None
    record_seconds: Fraction
    may_have_gaps: bool
    is_plus: bool


def read_header(head: bytes, size: int, warnings: list[str]) -> Header:
    """Parse the first 256 bytes of a file of `size` bytes, and append what is odd about them to `warnings`.

    Raises:
        InvalidRecordingError: the file is not one that can be used.
    """
    _check_kind(head)
    text = head.decode("latin-1")  # what is read of it is ASCII; a byte stays a character, so that places hold
    kind, count = text[192:236].strip(" \0").upper(), _whole(text[252:256], "number of signals", least=1)
    header_size = _whole(text[184:192], "size of the header", least=1)
    records = _record_count(text[236:244])
    seconds = _seconds(text[244:252])
    if "," in text[244:252]:
        warnings.append("the duration of its data records is written with a decimal comma, which was read as a point")
    if header_size != BLOCK * (count + 1):
        raise invalid(
            f"its header says that it has {header_size:,} bytes, and the one of {count:,} signals has "
            f"{BLOCK * (count + 1):,}"
        )
    if header_size > size:
        raise invalid(f"it ends within its header: it has {size:,} bytes of {header_size:,}")
    return Header(header_size, count, records, seconds, kind.startswith("EDF+D"), kind.startswith("EDF+"))


def read_signals(header: bytes, count: int, record_seconds: Fraction, warnings: list[str]) -> list[Signal]:
    """Parse the rest of a header, with `count` signals, and append what is odd about them to `warnings`.

    A signal without samples, or whose ranges do not say what its samples mean, is left out: a recorder writes one for
    each input that nothing is connected to.

    Raises:
        InvalidRecordingError: the place of the samples in a data record is not clear, or no signal can be used.
    """
    signals: list[Signal] = []
    left_out: dict[str, list[int]] = defaultdict(list)
    commas: list[int] = []
    turned: list[int] = []
    begin = 0
    for number, fields in enumerate(_columns(header, count), 1):
        samples = _whole(fields["samples"], f"number of samples of signal {number}", least=0)
        end = begin + 2 * samples
        is_annotations = fields["label"].casefold() == _ANNOTATIONS
        channel = None
        if not is_annotations:
            try:
                channel = _channel(fields, samples, record_seconds)
            except ValueError as error:
                left_out[str(error)].append(number)
        if channel and any("," in fields[name] for name in _RANGES):
            commas.append(number)
        if channel and _is_turned(fields):
            turned.append(number)
        signals.append(Signal(begin, end, channel, is_annotations))
        begin = end
    if left_out and not any(signal.channel for signal in signals):
        raise invalid(f"no signal of it can be read: {'; '.join(_about(each, why) for why, each in left_out.items())}")
    warnings.extend(f"left out: {_about(numbers, why)}" for why, numbers in left_out.items())
    if commas:
        warnings.append(_about(commas, "the range is written with a decimal comma, which was read as a point"))
    if turned:
        warnings.append(_about(turned, "the digital minimum is above the maximum: the polarity was turned round"))
    return signals


def invalid(problem: str) -> InvalidRecordingError:
    """Return the error with the reason why a file cannot be used."""
    return InvalidRecordingError(f"the file cannot be cut into segments: {problem}")


def _check_kind(head: bytes) -> None:
    if len(head) < BLOCK:
        raise invalid(f"it has {len(head)} bytes, and the header of an EDF file alone has {BLOCK}: upload it again")
    if head[:8] == b"\xffBIOSEMI":
        raise invalid("it is a BDF file, whose samples have 24 bits: convert it to EDF+")
    if head[:8].rstrip(b" \0") != b"0":
        raise invalid("it does not begin as an EDF file does: upload the EDF file of the recording")


def _columns(header: bytes, count: int) -> list[dict[str, str]]:
    """Return the fields of each signal."""
    columns: dict[str, list[str]] = {}
    position = 0
    for name, width in _FIELDS:
        starts = range(position, position + width * count, width)
        columns[name] = [_text(header[start : start + width]) for start in starts]
        position += width * count
    return [{name: column[each] for name, column in columns.items()} for each in range(count)]


def _channel(fields: dict[str, str], samples: int, record_seconds: Fraction) -> Channel:
    """Return a signal with what its samples mean.

    Raises:
        ValueError: they mean nothing, and why.
    """
    if samples == 0:
        raise ValueError("it has no samples")
    lowest, highest = (_WHOLE.fullmatch(fields[name]) for name in ("digital_min", "digital_max"))
    if lowest is None or highest is None:
        raise ValueError("its digital minimum or maximum is no whole number")
    if int(lowest[1]) == int(highest[1]):
        raise ValueError("its digital minimum and maximum are no range")
    if not all(_LOWEST <= int(each[1]) <= _HIGHEST for each in (lowest, highest)):
        raise ValueError("its digital minimum or maximum does not fit 16 bits")
    low, high = (_float(fields[name]) for name in ("physical_min", "physical_max"))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("its physical minimum or maximum is no number")
    if any(_THOUSANDS.fullmatch(fields[name]) for name in _RANGES):
        raise ValueError("a comma in its range may stand for a point, or between thousands")
    gain = (high - low) / (int(highest[1]) - int(lowest[1]))
    if gain == 0 or not math.isfinite(gain):
        raise ValueError("its physical minimum and maximum are no range")
    origin = low - int(lowest[1]) * gain
    if not math.isfinite(origin):
        raise ValueError("its physical minimum and maximum are no range")
    return Channel(fields["label"], fields["unit"], samples / record_seconds, gain, origin)


def _is_turned(fields: dict[str, str]) -> bool:
    lowest, highest = (_WHOLE.fullmatch(fields[name]) for name in ("digital_min", "digital_max"))
    return lowest is not None and highest is not None and int(lowest[1]) > int(highest[1])


def _about(numbers: Sequence[int], what: str) -> str:
    """Return a sentence about some signals."""
    listed = ", ".join(map(str, numbers[:_LISTED])) + (
        f" and {len(numbers) - _LISTED:,} more" if len(numbers) > _LISTED else ""
    )
    return f"signal{'s' if len(numbers) > 1 else ''} {listed}: {what}"


def _record_count(text: str) -> int | None:
    count = _whole(text, "number of data records")
    if count == -1:
        return None
    if count < 1:
        raise invalid(f"its number of data records is {count}: there is nothing in it")
    return count


def _seconds(text: str) -> Fraction:
    if not math.isfinite(seconds := _float(text.strip(" \0"))):
        raise invalid("the duration of a data record is no number")
    if seconds <= 0:
        raise invalid("a data record of it lasts no time: it has no samples in the order of time")
    if seconds < _SHORTEST:
        raise invalid(f"a data record of it lasts {seconds:g} s: no recorder has a million of them in a second")
    return Fraction(text.strip(" \0").replace(",", "."))


def _whole(text: str, what: str, *, least: int | None = None) -> int:
    match = _WHOLE.fullmatch(text.strip(" \0"))
    if match is None:
        raise invalid(f"the {what} is no whole number")
    value = int(match[1])
    if least is not None and value < least:
        raise invalid(f"the {what} is {value}; {least} is the least")
    return value


def _float(text: str) -> float:
    """Return a number with a decimal point or a comma; NaN where it is none."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan


def _text(field: bytes) -> str:
    """ASCII by the specification; recorders also write UTF-8 and Latin-1, and end a text with a NUL."""
    field = field.strip(b" \0").split(b"\0")[0]
    try:
        return field.decode().strip(" ")
    except UnicodeDecodeError:
        return field.decode("latin-1").strip(" ")
