"""The timestamps that the platform reads: ISO 8601, as JavaScript's Date reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.platform.data.configuration import Mismatch, fitting
from exh_dev.platform.storage.timestamps import epoch_seconds, iso, read_iso


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T24:00:00Z", "2026-02-01T00:00:00.000Z"),
        ("2026-01-31T24:00Z", "2026-02-01T00:00:00.000Z"),
        ("2026-01-31 24:00:00.000", "2026-02-01T00:00:00.000Z"),
        ("2026-12-31T24:00:00+02:00", "2026-12-31T22:00:00.000Z"),
        ("2026-01-31T00:00:00", "2026-01-31T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),  # which clients write for no end
        ("1000-01-01", "1000-01-01T00:00:00.000Z"),
    ],
)
def test_midnight_may_end_a_day_and_the_last_millisecond_a_year(text, expected):
    assert iso(epoch_seconds(text)) == expected
    assert fitting({"type": "string", "format": "date-time"}, text, "taken") == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T24:00:01Z",
        "2026-01-31T24:30:00Z",
        "2026-01-31T24:00:00.5Z",
        "2016-12-31T23:59:60Z",  # a leap second, which JavaScript's Date refuses too
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:59.9996Z",  # which is rounded to the next year
        "0999-12-31T00:00:00Z",  # `iso` writes four digits, so that strings sort by time
        "2026-02-30",
        "",
    ],
)
def test_times_that_do_not_exist_or_are_out_of_range_are_refused(text):
    with pytest.raises(ValueError, match="out of range|in range|isoformat|must be in|day is|hour"):
        epoch_seconds(text)
    with pytest.raises(Mismatch, match="taken has to be a date in ISO 8601, of the years 1000 to 9999"):
        fitting({"type": "string", "format": "date-time"}, text, "taken")


@given(st.floats(-30_610_224_000, 253_402_300_799).map(lambda seconds: round(seconds, 3)))
def test_what_is_written_is_read_as_the_same_time(seconds):
    assert read_iso(iso(seconds)) == pytest.approx(seconds, abs=0.001)
