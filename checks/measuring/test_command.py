"""`make bench`: which benchmarks run, what is written, and how it ends."""

import json
from types import SimpleNamespace

import pytest

from benchmarks.__main__ import found, main
from benchmarks.report import CLOSE, OPEN
from benchmarks.timing import Skipped


def benchmark(ratio, *, target=1.0, **more):
    return SimpleNamespace(__doc__="What it is.\n\nMore.", measure=lambda: {"ratio": ratio, "target": target}, **more)


def failing():
    raise AssertionError("it was not asked for")


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "benchmarks.md").write_text(f"# Fast\n\n{OPEN}\n{CLOSE}\n")
    return tmp_path


def kept(docs):
    return json.loads((docs / "benchmarks" / "results.json").read_text())["benchmarks"]


def test_all_but_those_on_request_run_and_are_written_down(docs, capsys):
    known = {"call": benchmark(0.5), "queue": SimpleNamespace(measure=failing, ON_REQUEST=True)}
    assert main([], known, docs) == 0
    assert kept(docs)["call"]["ratio"] == 0.5
    assert kept(docs)["call"]["what"] == "What it is."
    assert "| `call`: What it is |" in (docs / "benchmarks.md").read_text()
    assert (docs / "benchmarks" / "ratios.svg").exists()
    assert capsys.readouterr().out == "call: 0.5, met: at most 1.0\n"


def test_those_that_are_named_run_and_the_others_keep_their_results(docs):
    known = {"call": benchmark(0.5), "queue": benchmark(0.7, ON_REQUEST=True)}
    assert main(["queue"], known, docs) == 0
    known["queue"] = SimpleNamespace(measure=failing)
    assert main(["call"], known, docs) == 0
    assert {name: each["ratio"] for name, each in kept(docs).items()} == {"call": 0.5, "queue": 0.7}


def test_a_missed_target_is_written_down_and_ends_in_1(docs, capsys):
    assert main([], {"call": benchmark(1.5), "other": benchmark(0.5)}, docs) == 1
    assert "**missed**" in (docs / "benchmarks.md").read_text()
    assert set(kept(docs)) == {"call", "other"}
    assert "call: 1.5, MISSED: at most 1.0" in capsys.readouterr().out


def test_a_miss_of_an_earlier_run_is_no_miss_of_this_one(docs):
    assert main(["call"], {"call": benchmark(1.5)}, docs) == 1
    assert main(["other"], {"call": benchmark(1.5), "other": benchmark(0.5)}, docs) == 0


def test_what_has_no_target_cannot_be_missed(docs):
    assert main([], {"size": benchmark(9.0, target=None)}, docs) == 0


def test_an_unknown_name_ends_in_2_and_nothing_runs(docs, capsys):
    assert main(["call", "cal"], {"call": SimpleNamespace(measure=failing)}, docs) == 2
    error = capsys.readouterr().err
    assert "there is no benchmark cal;" in error
    assert "call" in error
    assert not (docs / "benchmarks").exists()


def test_what_this_machine_cannot_measure_is_skipped_with_a_sentence(docs, capsys):
    def measure():
        raise Skipped("There is no Node.")

    assert main([], {"javascript_sdk": SimpleNamespace(measure=measure)}, docs) == 0
    assert kept(docs)["javascript_sdk"]["skipped"] == "There is no Node."
    assert "There is no Node." in (docs / "benchmarks.md").read_text()
    assert "skipped" in capsys.readouterr().out


def test_what_was_measured_before_one_failed_is_kept(docs):
    with pytest.raises(AssertionError):
        main([], {"call": benchmark(0.5), "broken": SimpleNamespace(measure=failing)}, docs)
    assert list(kept(docs)) == ["call"]


def test_a_plot_that_nothing_has_any_more_goes(docs):
    (docs / "benchmarks").mkdir()
    (docs / "benchmarks" / "gone.svg").write_text("<svg/>")
    main([], {"call": benchmark(0.5)}, docs)
    assert [path.name for path in (docs / "benchmarks").glob("*.svg")] == ["ratios.svg"]


def test_every_benchmark_is_found_and_says_what_it_measures():
    known = found()
    assert {"cold_start", "signed_call", "fan_out", "paging", "invoke", "imports", "queue"} <= set(known)
    assert "loopback" not in known
    assert all(module.__doc__ for module in known.values())
    assert known["queue"].ON_REQUEST


def test_the_committed_page_has_a_place_for_results(project_root):
    text = (project_root / "docs" / "benchmarks.md").read_text()
    assert text.count(OPEN) == text.count(CLOSE) == 1
