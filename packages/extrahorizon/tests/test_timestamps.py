from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extrahorizon.timestamps import iso, parse

MOMENT = datetime(2026, 1, 15, 10, 30, 12, 104_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1768473012104,
        1768473012104.0,
        "2026-01-15T10:30:12.104Z",
        "2026-01-15T11:30:12.104+01:00",
        "2026-01-15T10:30:12.104",
    ],
)
def test_a_timestamp_is_read_from_milliseconds_and_from_iso_8601(written):
    assert parse(written) == MOMENT
    assert parse(written).utcoffset().total_seconds() == 0


@pytest.mark.slow
@given(st.datetimes(timezones=st.timezones()).map(lambda timestamp: timestamp.astimezone(UTC)))
def test_a_timestamp_is_read_as_it_was_written(timestamp):
    milliseconds = timestamp.replace(microsecond=timestamp.microsecond // 1000 * 1000)
    text = milliseconds.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert parse(text) == milliseconds
    assert parse(round(milliseconds.timestamp() * 1000)) == milliseconds


@pytest.mark.parametrize("wrong", ["", "yesterday", "2026-13-01", 1e30, float("nan"), float("inf")])
def test_a_string_or_number_that_is_no_timestamp_is_refused_without_quoting_it(wrong):
    with pytest.raises(ValueError, match="not a timestamp") as raised:
        parse(wrong)
    assert "yesterday" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


@pytest.mark.parametrize("wrong", [None, True, [], {}])
def test_a_value_of_another_type_is_no_timestamp(wrong):
    with pytest.raises(TypeError):
        parse(wrong)


def test_a_timestamp_is_sent_in_utc():
    assert iso(MOMENT) == "2026-01-15T10:30:12.104Z"
    assert iso(MOMENT.astimezone(timezone(timedelta(hours=5)))) == "2026-01-15T10:30:12.104Z"


@pytest.mark.parametrize(
    ("timestamp", "message"),
    [(datetime(2026, 1, 1), "time zone"), (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "years")],  # noqa: DTZ001 - without a time zone on purpose
)
def test_a_timestamp_without_a_zone_or_out_of_range_is_refused(timestamp, message):
    with pytest.raises(ValueError, match=message):
        iso(timestamp)
