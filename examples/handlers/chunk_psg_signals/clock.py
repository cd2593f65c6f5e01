"""The data records' own clock: in EDF+, each one begins with the time at which it began.

A header promises records that follow each other. Where the records say otherwise, a sample's place in the file is not
its time: all that comes after a gap would be stored as if it had been measured earlier.

A gap is refused, not stored. `minute` and `offset` of the documents count from the start of the recording, and so do
epochs of sleep stages; whoever reads them expects a sample at each of its times. Parts that are each without a gap are
recordings of their own. What a clock may do is drift: recorders set it while they run.
"""

from __future__ import annotations

import re
from fractions import Fraction

from handlers.chunk_psg_signals.header import invalid

EXACT = 0.001  # seconds; documents have times in milliseconds, and nothing is said of less
JUMP = 0.010  # seconds between the end of a record and the next one's beginning; more is a gap, or an overlap
DRIFT = 1.0  # seconds in all, 20 parts per million of half a day: what the quartz of a recorder may be wrong by
_LATEST = 30 * 24 * 3600  # seconds
#: A time-keeping annotation: an onset, and an empty text.
_ONSET = re.compile(rb"([+-]?\d{1,15}(?:\.\d{0,15})?)(?:\x15[\d.]*)?\x14\x14")


class Clock:
    """Compare the time that each data record gives with the time that follows from the header."""

    def __init__(self, begin: int, end: int, record_seconds: Fraction, *, may_have_gaps: bool) -> None:
        """Look for the time of a data record from its byte `begin` on, and before `end`."""
        self._begin, self._end = begin, end
        self._seconds = record_seconds
        self._may_have_gaps = may_have_gaps
        self._first = 0.0  # when data record 0 begins, in seconds after the header's start
        self._behind = 0.0  # by how much the last record with a time began later than the header has it
        self._most = 0.0
        self._read = self._without = 0

    def start(self, record: bytes) -> Fraction:
        """Return when the first data record begins, in seconds after the header's start, which has no fractions.

        Raises:
            InvalidRecordingError: that is no time of a recording.
        """
        onset = self._onset(record)
        if onset is None:
            return Fraction(0)
        if abs(onset) > _LATEST:
            raise invalid("its first data record begins more than 30 days away from the start in its header")
        self._first = float(onset)
        return onset

    def check(self, record: bytes) -> None:
        """Check that the next data record begins where the one before ended.

        Raises:
            InvalidRecordingError: it does not.
        """
        number, self._read = self._read, self._read + 1
        onset = self._onset(record)
        if onset is None:
            self._without += 1
            if self._may_have_gaps:
                raise invalid(
                    f"it may have gaps (EDF+D), and its data record {number + 1:,} does not say when it began"
                )
            return
        behind = float(onset) - self._first - float(number * self._seconds)
        step, self._behind = behind - self._behind, behind
        if step > JUMP:
            raise invalid(
                f"it has a gap: its data record {number + 1:,} begins {step:,.3f} seconds after the end of the one "
                "before. Cut it at its gaps, and upload each part as a recording of its own"
            )
        if step < -JUMP:
            raise invalid(
                f"its data record {number + 1:,} begins {-step:,.3f} seconds before the end of the one before: the "
                "times of its samples are not known. Export it again"
            )
        if abs(behind) > DRIFT:
            raise invalid(
                f"its clock and its header do not agree: by its data record {number + 1:,} they are "
                f"{abs(behind):,.3f} seconds apart. Export it again, with the duration of a data record that is true"
            )
        self._most = max(self._most, behind, key=abs)

    def warnings(self) -> list[str]:
        """Return the warnings about the data records that were checked."""
        found = []
        if self._first < 0 or self._first >= 1:
            found.append(f"its first data record begins {self._first:,.3f} seconds after the start in its header")
        if self._without:
            found.append(
                f"{self._without:,} of its data records do not say when they began, which EDF+ asks for: their times "
                "were counted from the start"
            )
        if abs(self._most) > EXACT:
            found.append(
                f"its clock drifts: its data records began up to {self._most:+.3f} seconds from where they are stored"
            )
        return found

    def _onset(self, record: bytes) -> Fraction | None:
        match = _ONSET.match(record, self._begin, self._end)
        return Fraction(match[1].decode()) if match else None
