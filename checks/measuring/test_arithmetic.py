"""Medians, spreads and what is kept of earlier runs."""

import pytest

from benchmarks.results import is_missed, merged, named
from benchmarks.timing import compare, comparison, interleaved

HERE, ELSEWHERE = {"cores": "2"}, {"cores": "8"}


def test_a_ratio_is_one_of_medians_and_its_spread_is_that_of_the_rounds():
    found = comparison([0.001, 0.009, 0.002], [0.004, 0.006, 0.004], target=0.6)
    assert (found["ratio"], found["ratio_least"], found["ratio_most"]) == (0.5, 0.25, 1.5)
    assert found["ours_ms"] == {"median": 2.0, "least": 1.0, "most": 9.0}
    assert found["theirs_ms"] == {"median": 4.0, "least": 4.0, "most": 6.0}
    assert found["rounds"] == 3


def test_rounds_that_do_not_pair_are_not_compared():
    with pytest.raises(ValueError, match="longer"):
        comparison([1.0], [1.0, 2.0], target=1)


def test_each_round_takes_everything_once_and_the_first_one_does_not_count():
    calls = []

    def taking(name):
        def once():
            calls.append(name)
            return float(len(calls))

        return once

    times = interleaved({name: taking(name) for name in "abc"}, rounds=4)
    assert [sorted(calls[start : start + 3]) for start in range(0, 15, 3)] == [list("abc")] * 5
    assert all(len(each) == 4 for each in times.values())
    assert min(min(each) for each in times.values()) > 3


def test_without_a_warm_up_every_round_counts():
    found = compare(lambda: 1.0, lambda: 2.0, rounds=1, target=1, warm_up=False)
    assert (found["rounds"], found["ratio"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("ratio", "target", "missed"), [(0.6, 0.6, False), (0.601, 0.6, True), (9.0, None, False), (0.1, 0.6, False)]
)
def test_a_target_is_missed_by_what_is_above_it(ratio, target, missed):
    assert is_missed({"ratio": ratio, "target": target}) is missed


def test_what_was_skipped_misses_nothing():
    assert not is_missed({"skipped": "There is no Node."})


def test_one_result_has_the_name_of_its_benchmark_and_several_are_parts_of_it():
    assert list(named("paging", "Pages.", {"target": 1.0, "ratio": 0.5})) == ["paging"]
    parts = named("cold_start", "Starts.", {"plain": {"target": 1}, "boto3": {"target": None, "what": "By boto3"}})
    assert {name: each["what"] for name, each in parts.items()} == {
        "cold_start.plain": "Starts.",
        "cold_start.boto3": "By boto3",
    }


def run(before, names, *, known=("queue", "cold_start", "paging"), machine=HERE, date="2026-02-01"):
    return merged(before, {name: {"ratio": 2} for name in names}, known=known, machine=machine, date=date)


def test_results_of_what_was_not_run_stay_with_their_date_and_machine():
    before = run({}, ["queue", "cold_start.old", "paging"], date="2026-01-01", machine=ELSEWHERE)
    after = run(before, ["cold_start.new", "paging"])
    assert list(after["benchmarks"]) == ["cold_start.new", "paging", "queue"]
    dates = {name: each["measured"] for name, each in after["benchmarks"].items()}
    assert dates == {"cold_start.new": "2026-02-01", "paging": "2026-02-01", "queue": "2026-01-01"}
    machines = {name: after["machines"][each["machine"]] for name, each in after["benchmarks"].items()}
    assert machines == {"cold_start.new": HERE, "paging": HERE, "queue": ELSEWHERE}


def test_a_machine_is_listed_once_and_only_while_something_was_measured_on_it():
    before = run({}, ["queue", "paging"], machine=ELSEWHERE)
    assert len(run(before, ["queue"], machine=ELSEWHERE)["machines"]) == 1
    assert list(run(before, ["queue", "paging"])["machines"].values()) == [HERE]


def test_results_of_a_benchmark_that_is_gone_go():
    before = run({}, ["queue", "cold_start.plain"])
    assert list(run(before, ["queue"], known=("queue",))["benchmarks"]) == ["queue"]
