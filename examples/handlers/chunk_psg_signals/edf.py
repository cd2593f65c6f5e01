"""Read EDF and EDF+ files from a stream, a data record at a time.

The format: a header of 256 bytes, 256 more per signal, then data records of a fixed length, each with so many 16-bit
samples of every signal (https://www.edfplus.info/specs/edf.html and https://www.edfplus.info/specs/edfplus.html). All
that a header promises is held against the file's size before the first sample is read, and against each data record's
own clock before the record is given out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from extrahorizon.errors import ExtraHorizonError

from handlers.chunk_psg_signals.clock import Clock
from handlers.chunk_psg_signals.header import BLOCK, Header, InvalidRecordingError, invalid, read_header, read_signals
from handlers.chunk_psg_signals.start import read_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from fractions import Fraction

__all__ = ["IncompleteFileError", "InvalidRecordingError", "Recording"]

LARGEST_RECORD = 10_000_000  # bytes; the specification asks for 61,440 at most, and one is in memory at a time
LONGEST = 30 * 24 * 3600  # seconds; a header that promises more is mistaken


class IncompleteFileError(ExtraHorizonError):
    """The download of a file ended before its full size. A retry may help."""


class Recording:
    """A recording whose header is valid; `records` reads its samples.

    Attributes:
        start: when its first sample was taken, by the clock of the recorder: EDF knows no time zones.
        channels: its signals, without annotations and those that are left out.
        record_count: how many data records it has.
        record_seconds: how long each of them lasts.
        has_clock: its data records say when they began; they are checked as they are read.
    """

    def __init__(self, pieces: Iterable[bytes], size: int, *, start_date: date | None = None) -> None:
        """Read the header, and the first data record where that says when exactly the recording begins.

        Args:
            pieces: the file's content, cut anywhere.
            size: the file's size in bytes.
            start_date: the day on which it began, where another one than the header's is the true one.

        Raises:
            InvalidRecordingError: the file cannot be used.
            IncompleteFileError: the content is shorter than `size`.
        """
        self._warnings: list[str] = []
        self._source = _Source(pieces, size)
        head = self._source.take(min(BLOCK, size))
        header = read_header(head, size, self._warnings)
        self.start = read_start(head.decode("latin-1"), start_date, self._warnings)
        self.record_seconds = header.record_seconds
        rest = self._source.take(header.size - BLOCK)
        if not (head + rest).isascii():
            self._warnings.append("its header has other characters than ASCII; labels were read as UTF-8 or Latin-1")
        self._signals = read_signals(rest, header.count, self.record_seconds, self._warnings)
        self._record_size = self._signals[-1].end
        self.channels = tuple(signal.channel for signal in self._signals if signal.channel)
        if not self.channels:
            raise invalid("it has no signals but annotations")
        self.record_count = self._counted(header, size)
        self._clock = self._clock_of(header)
        self.has_clock = self._clock is not None
        self._given = 0
        self._first = b""
        if self._clock:
            self._first = self._source.take(self._record_size)
            self.start += timedelta(microseconds=round(self._clock.start(self._first) * 1_000_000))

    @property
    def seconds(self) -> Fraction:
        """Return the duration of the recording."""
        return self.record_count * self.record_seconds

    @property
    def warnings(self) -> list[str]:
        """What was odd about the file and has been read all the same; its clock counts as far as it has been read."""
        return self._warnings + (self._clock.warnings() if self._clock else [])

    def records(self) -> Iterator[list[bytes]]:
        """Yield the samples of each channel, data record by data record: 16-bit integers, little-endian.

        Each is given out once: what is called again goes on where the call before ended.

        Raises:
            IncompleteFileError: the content is shorter than the file.
            InvalidRecordingError: a data record did not begin where the one before ended.
        """
        while self._given < self.record_count:
            self._given += 1
            record, self._first = self._first or self._source.take(self._record_size), b""
            if self._clock:
                self._clock.check(record)
            yield [record[signal.begin : signal.end] for signal in self._signals if signal.channel]

    def _counted(self, header: Header, size: int) -> int:
        """Return the number of data records, from the header and the file's size."""
        if self._record_size > LARGEST_RECORD:
            raise invalid(
                f"a data record of it has {self._record_size:,} bytes; {LARGEST_RECORD:,} can be read: export it with "
                "shorter data records"
            )
        whole, more = divmod(size - header.size, self._record_size)
        if header.records is None:
            self._warnings.append(
                f"the recorder never closed it: by its size it has {whole:,} data records"
                + (f", and {more:,} bytes of one more, which were not read" if more else "")
            )
            if whole == 0:
                raise invalid("the recorder never closed it, and it has no whole data record")
        count = whole if header.records is None else header.records
        if count * self.record_seconds > LONGEST:
            raise invalid("it would last more than 30 days: its number of data records, or their duration, is wrong")
        expected = header.size + count * self._record_size
        if size < expected:
            raise invalid(
                f"it has {size:,} bytes, and {count:,} data records would make {expected:,}: its end is missing; "
                "upload it again"
            )
        if header.records is not None and size > expected:
            is_more = size - expected >= self._record_size
            self._warnings.append(
                f"{size - expected:,} bytes after its last data record were not read"
                + (f": write -1 for the number of data records ({count:,}) if they are samples" if is_more else "")
            )
        return count

    def _clock_of(self, header: Header) -> Clock | None:
        """Return a check of the data records' times, if the file has them: in its first signal of annotations."""
        annotations = [signal for signal in self._signals if signal.is_annotations]
        if annotations:
            begin, end = annotations[0].begin, annotations[0].end
            if header.may_have_gaps:
                self._warnings.append("it says that it has gaps (EDF+D); it was read since it has none")
            if not header.is_plus:
                self._warnings.append("it has annotations, and does not say that it is EDF+; it was read as EDF+")
            return Clock(begin, end, self.record_seconds, may_have_gaps=header.may_have_gaps)
        if header.may_have_gaps:
            raise invalid(
                "it may have gaps (EDF+D), and its data records do not say when they began: export it as EDF+C"
            )
        if header.is_plus:
            self._warnings.append("it is EDF+ without annotations: that it has no gaps is not known, and was assumed")
        return None


class _Source:
    """Bytes in the amounts that are asked for, from pieces of any size."""

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self._pieces = iter(pieces)
        self._size = size
        self._read = 0
        self._buffer = b""
        self._position = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self._position + count
        if end > len(self._buffer):
            self._fill(count)
            end = count
        taken = self._buffer[self._position : end]
        self._position = end
        return taken

    def _fill(self, count: int) -> None:
        """Read until the buffer has `count` bytes."""
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
