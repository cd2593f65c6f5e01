"""The start of a recording: from the header's date and time, its field about the recording, and its document.

EDF gives the year two digits, EDF+ repeats the date with four in the field about the recording. Files that were made
anonymous keep their time and carry a date that is none, or 01.01.85, or an X in that field.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time

from handlers.chunk_psg_signals.header import invalid

UNKNOWN = date(1985, 1, 1)  # what EDF+ has anonymous files say
_DATE = re.compile(r"(\d{1,2})\D(\d{1,2})\D(\d{1,2})", re.ASCII)
_PLAIN_DATE = re.compile(r"\d\d\.\d\d\.\d\d", re.ASCII)
_TIME = re.compile(r"(\d{1,2})\D(\d{1,2})\D(\d{1,2})", re.ASCII)
_NO_DATE = re.compile(r"[0xX?\-./: ]*")
_RECORDED = re.compile(r"Startdate +(\d\d?)-([A-Z]{3})-((?:19|20|21)\d\d)(?![^ \0])", re.IGNORECASE | re.ASCII)
_LEFT_OUT = re.compile(r"(Startdate +)?X(?![^ \0])", re.IGNORECASE)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_HINT = "say the true one as `startDate` in the recording's document"


def read_start(text: str, given: date | None, warnings: list[str]) -> datetime:
    """Return the start in full seconds, by the recorder's clock: EDF knows no time zones.

    Args:
        text: the first 256 bytes of the file, a character for each byte.
        given: the date that the recording's document gives; it takes the place of the header's.
        warnings: what is odd about the date is put here.

    Raises:
        InvalidRecordingError: there is no date, or no time, in the header.
    """
    at = _time(text[176:184].strip(" \0"))
    field = text[168:176].strip(" \0")
    in_header, recorded = _date(field), _recorded(text[88:168])
    if in_header and not _PLAIN_DATE.fullmatch(field) and not given:
        warnings.append("its date is not written as dd.mm.yy; it was read as day, month, year")
    if given:
        if in_header not in (None, UNKNOWN, given):
            warnings.append("the document's `startDate` was taken; the header has another date")
        return datetime.combine(given, at)
    if in_header is None and recorded is None and not _NO_DATE.fullmatch(field):
        raise invalid(f"its header has no valid start: dd.mm.yy and hh.mm.ss are expected; or {_HINT}")
    if in_header in (None, UNKNOWN):
        if recorded in (None, UNKNOWN):
            warnings.append(f"it was made anonymous: its date is unknown, and 1985-01-01 stands for it; {_HINT}")
            return datetime.combine(UNKNOWN, at)
        warnings.append("its date was taken from the field about the recording; the header's own is none")
        return datetime.combine(recorded or UNKNOWN, at)
    day = in_header or UNKNOWN
    if _LEFT_OUT.match(text[88:168]):
        warnings.append(f"its field about the recording leaves out the date, as anonymous files do; {_HINT}")
    elif recorded and (recorded.day, recorded.month, recorded.year % 100) != (day.day, day.month, day.year % 100):
        warnings.append("its field about the recording has another date than the header, whose date was taken")
    elif recorded:
        day = recorded  # the year with four digits
    return datetime.combine(day, at)


def _date(text: str) -> date | None:
    """Parse a date of the header; its years are 1985 to 2084, by the specification."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year = map(int, match.groups())
    try:
        return date((1900 if year >= 85 else 2000) + year, month, day)
    except ValueError:
        return None


def _time(text: str) -> time:
    match = _TIME.fullmatch(text)
    try:
        hour, minute, second = map(int, match.groups() if match else ())
        return time(hour, minute, second)
    except ValueError:
        raise invalid("its header has no valid start: hh.mm.ss is expected as its time") from None


def _recorded(text: str) -> date | None:
    """Return the date with four digits for its year, in the field about the recording of EDF+."""
    match = _RECORDED.match(text)
    try:
        return date(int(match[3]), _MONTHS.index(match[2].upper()) + 1, int(match[1])) if match else None
    except ValueError:
        return None
