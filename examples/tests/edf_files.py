"""EDF files to read: a plain writer of our own, for files that are whole and for those that are not.

python tests/edf_files.py          makes `events/files/psg-night.edf` anew
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

PATIENT = "MCH-0234567 F 02-MAR-1951 Wilhelmina_Quackenbush"  # nobody; looked for where it must not be

NIGHT = Path(__file__).parent.parent / "events" / "files" / "psg-night.edf"


@dataclass
class Signal:
    label: str = "EEG Fpz-Cz"
    unit: str = "uV"
    per_record: int = 64
    physical: tuple[str, str] = ("-500", "500")
    digital: tuple[int, int] = (-2048, 2047)
    samples: list[int] = field(default_factory=list)  # of all records; a slow wave where there are none
    transducer: str = "AgAgCl electrode"
    filtering: str = "HP:0.1Hz"


def edf(signals, records=90, seconds="1", *, reserved="", onset=None, start=("30.12.24", "22.58.03"), **fields):
    """The bytes of a file. `onset` is that of the first data record, or a list of each record's own.

    `fields` replace parts of the header: version, size, count, number, patient, recording. `tail` follows the records.
    """
    tail = fields.get("tail", b"")
    if onset is not None:
        signals = [*signals, annotations()]
    count = len(signals)
    header = [
        (fields.get("version", "0"), 8), (fields.get("patient", PATIENT), 80),
        (fields.get("recording", "Startdate 30-DEC-2024 PSG-1234 X X"), 80),
        (start[0], 8), (start[1], 8), (fields.get("size", str(256 * (count + 1))), 8), (reserved, 44),
        (fields.get("count", str(records)), 8), (seconds, 8), (fields.get("number", str(count)), 4),
    ]  # fmt: skip
    header += [(each.label, 16) for each in signals] + [(each.transducer, 80) for each in signals]
    header += [(each.unit, 8) for each in signals]
    header += [(each.physical[0], 8) for each in signals] + [(each.physical[1], 8) for each in signals]
    header += [(str(each.digital[0]), 8) for each in signals] + [(str(each.digital[1]), 8) for each in signals]
    header += [(each.filtering, 80) for each in signals] + [(str(each.per_record), 8) for each in signals]
    header += [("", 32) for _ in signals]
    content = bytearray(b"".join(_padded(text, width) for text, width in header))
    for record in range(records):
        for signal in signals:
            if signal.label == "EDF Annotations":
                content += _time_kept(onset, record, seconds).ljust(2 * signal.per_record, b"\0")[
                    : 2 * signal.per_record
                ]
            else:
                content += _samples(signal, record)
    return bytes(content) + tail


def _time_kept(onset, record, seconds):
    """The annotation that says when a data record began."""
    begins = onset[record] if isinstance(onset, list) else onset
    if not isinstance(onset, list) and onset != "at once":
        begins = f"+{Decimal(onset or 0) + record * Decimal(seconds)}"
    return begins if isinstance(begins, bytes) else f"{begins}\x14\x14\0".encode()


def annotations(per_record=32):
    return Signal("EDF Annotations", "", per_record, ("-1", "1"), (-32768, 32767), transducer="", filtering="")


def _samples(signal, record):
    first = record * signal.per_record
    values = signal.samples[first : first + signal.per_record] or [
        round(1000 * math.sin((first + each) / signal.per_record)) for each in range(signal.per_record)
    ]
    return struct.pack(f"<{signal.per_record}h", *values)


def _padded(text, width):
    field_bytes = text if isinstance(text, bytes) else text.encode()
    assert len(field_bytes) <= width, text
    return field_bytes.ljust(width)


def night():
    """The file that the sample events of chunk-psg-signals are about."""
    channels = [
        Signal(),
        Signal("EOG left", "uV", 32),
        Signal("SaO2", "%", 1, ("0", "100"), (0, 1000), [970 - each % 7 for each in range(150)]),
    ]
    return edf(channels, 150, reserved="EDF+C", onset="+0.25")


if __name__ == "__main__":
    NIGHT.write_bytes(night())
