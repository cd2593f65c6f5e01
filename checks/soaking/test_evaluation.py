"""How a soak is judged: what counts as growth, and what fails it."""

import random
from dataclasses import replace

import pytest

from benchmarks.soak.books import Books
from benchmarks.soak.evaluation import GROWTH, Sample, failures, growth
from benchmarks.soak.report import Report

FLAT = Sample(0.0, 200.0, 300.0, 90, 40, 7, 2.0, 150.0, 5.0, 60.0, 2_000, 0, 0)
MINUTES = range(1, 61)


def soak(**changing):
    """An hour of samples; each name is a function of the minute."""
    return [replace(FLAT, minutes=float(at), **{name: value(at) for name, value in changing.items()}) for at in MINUTES]


def test_what_stays_as_it_is_passes():
    assert failures(soak()) == []


@pytest.mark.parametrize("name", GROWTH)
def test_what_grows_all_the_time_fails(name):
    limit = GROWTH[name]
    (told,) = failures(soak(**{name: lambda at: 100 + 2 * limit * at / 60}))
    assert told.startswith(f"{name} grew by {2 * limit:.1f} an hour")
    assert failures(soak(**{name: lambda at: 100 + 0.9 * limit * at / 60})) == []


def test_a_leak_is_seen_through_noise():
    noise = random.Random(1)  # noqa: S311 - reproducible
    samples = soak(memory_mb=lambda at: 200 + 120 * at / 60 + noise.uniform(-30, 30))
    assert any(each.startswith("memory_mb grew") for each in failures(samples))


def test_noise_alone_is_no_leak():
    for seed in range(50):
        noise = random.Random(seed)  # noqa: S311 - reproducible
        assert failures(soak(memory_mb=lambda _, noise=noise: 200 + noise.uniform(-60, 60))) == []


def test_what_fills_up_in_the_first_quarter_is_no_leak():
    assert failures(soak(memory_mb=lambda at: 100 + 20 * min(at, 14), threads=lambda at: min(at, 14))) == []


def test_a_single_peak_is_no_leak():
    assert failures(soak(peak_mb=lambda at: 900 if at == 40 else 300)) == []


@pytest.mark.parametrize("minutes", [0, 1, 5, 10])
def test_a_short_soak_judges_no_growth(minutes):
    times = [minutes * number / 20 for number in range(20)]
    assert growth(times, [float(number) for number in range(20)], 0.0) is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"worst_ms": 3_001.0}, "a well-behaved client waited 3.0 s in minute 7"),
        ({"server_errors": 2}, "2 responses of 5xx that no fault rule caused"),
        ({"tracebacks": 1}, "1 tracebacks on the server's stderr"),
    ],
)
def test_one_bad_minute_fails(changed, told):
    samples = soak()
    samples[6] = replace(samples[6], **changed)
    assert failures(samples) == [told]


def test_what_was_lost_and_what_nobody_expected_fails():
    told = failures(soak(), lost=["mail a"], surprises={"a client failed: OSError()": 3})
    assert told == ["a client failed: OSError() (3 times)", "lost: mail a"]


def test_a_soak_without_samples_has_failed():
    assert failures([]) == ["there are no samples"]


def test_a_document_is_lost_when_it_is_in_no_state_that_it_may_be_in():
    books = Books()
    for name in ("same", "changed", "older", "gone", "deleted", "back"):
        books.made(name, (1, "new"))
    books.documents["changed"].may_become((2, "new"))
    books.documents["older"].is_now((2, "new"))
    books.documents["deleted"].is_now(None)
    books.documents["back"].is_now(None)
    found = {"same": (1, "new"), "changed": (2, "new"), "older": (1, "new"), "back": (1, "new")}
    assert books.lost(found) == [
        "document older is (1, 'new'), but was acknowledged as (2, 'new')",
        "document gone is None, but was acknowledged as (1, 'new')",
        "document back is (1, 'new'), but was acknowledged as None",
    ]


def test_a_change_without_an_answer_may_have_come_about_or_not():
    books = Books()
    document = books.made("a", (1, "new"))
    document.may_become((2, "new"))
    document.may_become((2, "seen"))
    assert [books.lost({"a": state}) == [] for state in [(1, "new"), (2, "new"), (2, "seen"), (3, "new")]] == [
        True, True, True, False,
    ]  # fmt: skip


def test_the_report_is_json_when_piped(capsys):
    import json

    Report(soak(), {"health": 3}, ["lost: mail a"]).show()
    told = json.loads(capsys.readouterr().out)
    assert told["failures"] == ["lost: mail a"]
    assert told["counts"] == {"health": 3}
    assert told["growth"]["files"] == {"mean": 90.0, "per_hour": 0.0, "error": 0.0, "limit": 6.0, "flat": True}
    assert len(told["samples"]) == 60
    assert told["samples"][0]["worst_ms"] == 150.0


def test_the_report_is_a_table_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Report(soak(), {"health": 3}, []).show()
    told = capsys.readouterr().out
    assert "The server, minute by minute" in told
    assert told.count("flat") == len(GROWTH)
    assert told.rstrip().endswith("Passed.")
