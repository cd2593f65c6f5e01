"""What a request has to look like."""

from datetime import UTC, datetime

import pytest
from extrahorizon.api import LARGEST_FILE, ApiError
from handlers.patient_api.photos import Photo, photo_of
from handlers.patient_api.validation import (
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    PageOf,
    checked_ids,
    measurement_of,
    page_of,
    period_of,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ID = "5f0a1b2c3d4e5f6071829301"
GOOD = {"systolic": 147, "diastolic": 93.5, "timestamp": "2026-01-31T12:30:00.1239+01:00"}
JPEG, PNG = b"\xff\xd8\xff\xe0rest", b"\x89PNG\r\n\x1a\nrest"


def reasons_of(function, *args, **kwargs):
    with pytest.raises(ApiError) as raised:
        function(*args, **kwargs)
    assert raised.value.status == 400
    return [field for field, _ in raised.value.reasons]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        ID.upper(),
        ID[:-1],
        f"{ID}0",
        f"{ID}\n",
        "../" + ID[3:],
        "\uff15f0a1b2c3d4e5f6071829301",
        "%2e%2e%2f",
        "me",
    ],
)
def test_what_is_no_id_is_refused(value):
    assert reasons_of(checked_ids, patient_id=value, measurement_id=ID) == ["patient_id"]
    assert reasons_of(checked_ids, patient_id=value, measurement_id=value) == ["patient_id", "measurement_id"]


@pytest.mark.parametrize(
    ("query", "page"),
    [({}, PageOf()), ({"limit": ("1",), "offset": ("7",)}, PageOf(1, 7)),
     ({"from": ("2026-01-01",)}, PageOf(begin=datetime(2026, 1, 1, tzinfo=UTC))),
     ({"from": ("2026-01-01T01:00:00+01:00",), "to": ("2026-01-02T00:00:00Z",)},
      PageOf(begin=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC)))],
)  # fmt: skip
def test_a_query_says_which_page(query, page):
    assert period_of(query) == page


@pytest.mark.parametrize(
    ("query", "wrong"),
    [({"limit": ("0",)}, ["limit"]), ({"limit": (str(LARGEST_LIMIT + 1),)}, ["limit"]), ({"limit": ("",)}, ["limit"]),
     ({"limit": ("-1",), "offset": ("-1",)}, ["limit", "offset"]), ({"limit": ("1.5",)}, ["limit"]),
     ({"limit": ("٣",)}, ["limit"]), ({"limit": ("1e1",)}, ["limit"]), ({"limit": ("9" * 5000,)}, ["limit"]),
     ({"limit": ("1", "2")}, ["limit"]), ({"from": ("2026", "2026")}, ["from"]), ({"from": ("yesterday",)}, ["from"]),
     ({"from": ("2026-01-01T00:00:00 01:00",)}, ["from"]), ({"from": ("0001-01-01T00:00:00+23:00",)}, ["from"]),
     ({"from": ("2026-02-01",), "to": ("2026-02-01",)}, ["to"]), ({"form": ("2026-01-01",)}, ["query"]),
     ({"x": ("1",), "limit": ("x",), "offset": ("x",), "from": ("x",), "to": ("x",)},
      ["query", "limit", "offset", "from", "to"])],
)  # fmt: skip
def test_everything_wrong_with_a_query_is_said_at_once(query, wrong):
    assert reasons_of(period_of, query) == wrong


def test_a_list_without_a_period_has_no_bounds():
    assert page_of({"limit": ("5",)}) == PageOf(5)
    assert reasons_of(page_of, {"from": ("2026-01-01",)}) == ["query"]


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(["from", "to", "limit", "offset"]), st.tuples(st.text())))
def test_any_query_is_a_page_or_a_refusal(query):
    try:
        page = period_of(query)
    except ApiError:
        return
    assert 1 <= page.limit <= LARGEST_LIMIT
    assert page.limit == DEFAULT_LIMIT or "limit" in query


def test_a_measurement_is_taken_with_its_time_in_utc():
    assert measurement_of(GOOD, now=NOW) == {
        "systolic": 147, "diastolic": 93.5, "timestamp": "2026-01-31T11:30:00.123Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "wrong"),
    [([], ["body"]), ("x", ["body"]), (None, ["body"]), ({}, ["systolic", "diastolic", "timestamp"]),
     ({**GOOD, "systolic": "147"}, ["systolic"]), ({**GOOD, "systolic": True}, ["systolic"]),
     ({**GOOD, "systolic": 39.9}, ["systolic"]), ({**GOOD, "systolic": 1e400}, ["systolic"]),
     ({**GOOD, "systolic": 10**400}, ["systolic"]), ({**GOOD, "systolic": float("nan")}, ["systolic"]),
     ({**GOOD, "diastolic": 147}, ["diastolic"]), ({**GOOD, "diastolic": None}, ["diastolic"]),
     *(({**GOOD, "timestamp": moment}, ["timestamp"]) for moment in (
         "2026-01-31T11:30:00", 1769858400000, "2026-01-31T12:05:01Z", "1999-12-31T23:59:59Z",
         "0001-01-01T00:00:00+14:00", "2026-13-01")),
     ({**GOOD, "patient": ID}, ["patient"]), ({**GOOD, "report": "x", "status": "y"}, ["report", "status"]),
     ({"Wilhelmina": 1, "systolic": "x", "diastolic": [], "timestamp": {}},
      ["body", "systolic", "diastolic", "timestamp"])],
)  # fmt: skip
def test_everything_wrong_with_a_measurement_is_said_at_once(body, wrong):
    assert reasons_of(measurement_of, body, now=NOW) == wrong


def test_a_refusal_repeats_nothing_that_was_sent():
    with pytest.raises(ApiError) as raised:
        measurement_of({"Wilhelmina": "Quillfeather", "systolic": "Quillfeather"}, now=NOW)
    assert "Quillfeather" not in str(raised.value.body())
    assert "Wilhelmina" not in str(raised.value.body())


@given(
    st.sampled_from(sorted(GOOD)),
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=3),
)
def test_any_value_is_part_of_a_measurement_or_refused_by_name(name, value):
    problem = None
    try:
        assert measurement_of({**GOOD, name: value}, now=NOW).keys() == GOOD.keys()
    except ApiError as error:
        problem = error
    assert problem is None or {field for field, _ in problem.reasons} <= {name, "diastolic"}


@pytest.mark.parametrize(
    ("content", "said", "mimetype"),
    [(JPEG, "image/jpeg", "image/jpeg"), (PNG, "IMAGE/PNG; charset=binary", "image/png")],
)
def test_a_photo_is_a_jpeg_or_a_png(content, said, mimetype):
    assert photo_of(content, said) == Photo(content, mimetype)


@pytest.mark.parametrize(
    ("content", "said", "status"),
    [(b"", "image/png", 400), (JPEG, "image/png", 415), (PNG, None, 415), (PNG, "", 415), (b"GIF89a", "image/gif", 415),
     (b"<svg>", "image/png", 415), (PNG + b"x" * LARGEST_FILE, "image/png", 413)],
)  # fmt: skip
def test_what_is_no_photo_is_refused(content, said, status):
    with pytest.raises(ApiError) as raised:
        photo_of(content, said)
    assert raised.value.status == status
