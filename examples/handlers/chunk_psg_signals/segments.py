"""A recording in segments of one minute, each as the JSON text of a document.

A sample has one of 65,536 values, so the text of each value is made once and looked up ever after. A minute of 12
channels at 256 Hz takes 12 ms this way, and 57 ms where looked-up numbers go through `json.dumps`; a function with 256
MB has about a seventh of such a processor. To compress it takes 14 ms at the least, and 167 ms as the client does it.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from handlers.chunk_psg_signals.edf import Recording
    from handlers.chunk_psg_signals.header import Channel

MINUTE = 60  # seconds
#: Bytes for what a channel says besides its samples: 24 characters of the file, four names, two numbers.
_DESCRIPTION = 300
REMEMBERED = 600_000  # texts of samples, of all channels together: 85 MB at most


@dataclass(frozen=True)
class Segment:
    """A minute of a recording.

    Attributes:
        minute: its number, from 0.
        samples: the digital values of each channel.
    """

    minute: int
    samples: list[array[int]]


def minute_count(recording: Recording) -> int:
    """Return the number of minutes; the last one may be shorter."""
    return math.ceil(recording.seconds / MINUTE)


def segments(recording: Recording, wanted: Container[int]) -> Iterator[Segment]:
    """Yield the `wanted` minutes of a recording, in their order. Memory holds a minute, and a data record.

    A sample belongs to the minute in which it was taken, whatever the lengths of data records.
    """
    count = minute_count(recording)
    pending = [array("h") for _ in recording.channels]
    minute = 0
    for number, record in enumerate(recording.records(), 1):
        for samples, content in zip(pending, record, strict=True):
            samples.frombytes(content)
        covered = number * recording.record_seconds
        while covered >= (minute + 1) * MINUTE or (number == recording.record_count and minute < count):
            segment = Segment(minute, [_cut(*each, minute) for each in zip(pending, recording.channels, strict=True)])
            if minute in wanted:
                yield segment
            minute += 1


def _cut(pending: array[int], channel: Channel, minute: int) -> array[int]:
    """Take the samples of a minute from those that are there."""
    count = _first(channel, minute + 1) - _first(channel, minute)
    taken = pending[:count]
    del pending[:count]
    if sys.byteorder == "big":
        taken.byteswap()
    return taken


def _first(channel: Channel, minute: int) -> int:
    """Return the number of the first sample that is taken in a minute."""
    return math.ceil(minute * MINUTE * channel.rate)


class Writer:
    """Write segments of one recording as JSON."""

    def __init__(self, recording: Recording) -> None:
        """Write segments of `recording`."""
        self._channels = recording.channels
        scalings = {(channel.gain, channel.origin) for channel in recording.channels}
        known = {scaling: _Texts(*scaling, most=REMEMBERED // len(scalings)) for scaling in scalings}
        self._texts = [known[channel.gain, channel.origin] for channel in recording.channels]

    def largest(self) -> int:
        """Return how many bytes the channels of a minute take at most."""
        return sum(
            _DESCRIPTION + (math.ceil(channel.rate * MINUTE) + 1) * texts.width
            for channel, texts in zip(self._channels, self._texts, strict=True)
        )

    def document(self, segment: Segment, members: dict[str, Any]) -> bytes:
        """Return a segment's document, with `members` before its channels."""
        channels = ",".join(
            f"{json.dumps(self._described(channel, segment.minute), ensure_ascii=False)[:-1]}, "
            f'"samples":[{",".join(map(texts.__getitem__, samples))}]}}'
            for channel, texts, samples in zip(self._channels, self._texts, segment.samples, strict=True)
        )
        return f'{json.dumps(members)[:-1]}, "channels":[{channels}]}}'.encode()

    def _described(self, channel: Channel, minute: int) -> dict[str, Any]:
        # A slow or an odd rate may have its first sample of a minute some time after the minute began.
        offset = Fraction(_first(channel, minute)) / channel.rate - minute * MINUTE
        return {**described(channel), "offset": plain(offset)}


def described(channel: Channel) -> dict[str, Any]:
    """Return the fields of a channel besides its samples."""
    return {"label": channel.label, "unit": channel.unit, "rate": plain(channel.rate)}


def plain(number: Fraction) -> int | float:
    """Return a number as JSON has it."""
    return int(number) if number.denominator == 1 else float(number)


class _Texts(dict[int, str]):
    """The physical value, as text, of each digital one that was asked for, to a tenth of a digital step.

    Attributes:
        width: how many characters a value and a comma take at most.
    """

    def __init__(self, gain: float, origin: float, *, most: int) -> None:
        self._gain, self._origin, self._most = gain, origin, most
        digits = max(0, 1 - math.floor(math.log10(abs(gain))))
        self._form = f"z.{digits}f"  # z: a negative zero is a zero
        largest = max(abs(origin - 32_768 * gain), abs(origin + 32_767 * gain))
        self.width = len(f"-{largest:.0f}.,") + digits

    def __missing__(self, digital: int) -> str:
        if len(self) >= self._most:
            self.clear()
        text = self[digital] = format(digital * self._gain + self._origin, self._form)
        return text
