"""The table, the reasons of misses, and the plots."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.plot import Bar, bars
from benchmarks.report import CLOSE, OPEN, markdown, page_with, plots

SPREAD = {"median": 1.5, "least": 1.25, "most": 12345.6}
MET = {
    "what": "A call, against the plain way.", "ratio": 0.5, "ratio_least": 0.4, "ratio_most": 0.7, "target": 0.6,
    "ours_ms": SPREAD, "theirs_ms": SPREAD, "rounds": 20, "measured": "2026-01-15", "machine": "1",
}  # fmt: skip
MISSED = {**MET, "ratio": 0.75, "if_missed": "The disk is slow."}
REPORTED = {"what": "Bytes", "ratio": 4.4, "target": None, "ours_bytes": 3_898_286, "theirs_bytes": 876_270,
            "measured": "2026-01-15", "machine": "1"}  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


def results(**benchmarks):
    return {"machines": {"1": {"processor": "Z80", "cores": "2"}}, "benchmarks": benchmarks}


def row(name, **benchmarks):
    (line,) = (each for each in markdown(results(**benchmarks)).splitlines() if each.startswith(f"| `{name}`"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_says_what_was_measured_with_its_spread_and_when():
    assert row("call", call=MET) == [
        "`call`: A call, against the plain way", "1.5 ms (1.25 to 12,346)", "1.5 ms (1.25 to 12,346)",
        "0.50 (0.40 to 0.70)", "0.60", "met", "2026-01-15, machine 1",
    ]  # fmt: skip


def test_what_has_no_target_is_reported():
    assert row("bundle", bundle=REPORTED)[1:6] == ["3,898,286 bytes", "876,270 bytes", "4.40", "", "reported"]


def test_what_is_measured_in_words_is_shown_so():
    queue = {**REPORTED, "target": 0.75, "ours_text": "34 a second", "theirs_text": "19 a second"}
    del queue["ours_bytes"], queue["theirs_bytes"]
    assert row("queue", queue=queue)[1:3] == ["34 a second", "19 a second"]


def test_one_round_has_no_spread():
    assert row("call", call={**MET, "rounds": 1})[1:4] == ["1.5 ms", "1.5 ms", "0.50"]


def test_a_miss_is_shown_as_one_with_its_reason():
    assert row("slow", slow=MISSED)[5] == "**missed**"
    text = markdown(results(fast=MET, slow=MISSED))
    assert "- `slow`: 0.75, and at most 0.60 was aimed for. The disk is slow." in text
    assert "- `fast`" not in text


def test_a_miss_that_nobody_has_explained_says_so():
    assert "Why has not been found out." in markdown(results(slow={**MISSED, "if_missed": ""}))


def test_without_a_miss_that_is_said():
    assert "No target was missed." in markdown(results(fast=MET, bundle=REPORTED))


def test_what_was_skipped_stands_below_the_table_with_the_reason():
    skipped = {"what": "JavaScript", "skipped": "There is no Node.", "measured": "2026-01-15", "machine": "1"}
    text = markdown(results(fast=MET, javascript_sdk=skipped))
    assert "- `javascript_sdk`: There is no Node." in text
    assert "| `javascript_sdk`" not in text


def test_the_machine_is_told():
    assert "Machine 1: processor Z80, cores 2." in markdown(results(fast=MET))


def test_imports_are_told_with_their_reasons_and_their_tree():
    imports = {
        "what": "Imports", "target": None, "rounds": 9, "modules": 262, "ms": 73.4, "measured": "2026-01-15",
        "machine": "1", "packages": [{"name": "urllib3", "modules": 29, "ms": 11.1, "why": "the connections"}],
        "tree": ["  73.4  handlers.whoami", "  11.1    urllib3"],
    }  # fmt: skip
    text = markdown(results(imports=imports))
    assert "| `urllib3` | 29 | 11.1 | the connections |" in text
    assert "```text\n  73.4  handlers.whoami\n  11.1    urllib3\n```" in text


def test_only_what_stands_between_the_marks_is_replaced():
    page = page_with(f"Before\n{OPEN}\nold\n{CLOSE}\nAfter\n", results(fast=MET))
    assert page.startswith(f"Before\n{OPEN}\n| |")
    assert page.endswith(f"\n{CLOSE}\nAfter\n")
    assert "old" not in page
    assert page_with(page, results(fast=MET)) == page


@pytest.mark.parametrize("text", ["no marks", OPEN, CLOSE, f"{CLOSE} {OPEN}"])
def test_a_page_without_both_marks_is_refused(text):
    with pytest.raises(ValueError, match="results between"):
        page_with(text, results(fast=MET))


def test_each_plot_is_shown_and_each_shown_plot_is_drawn():
    series = [{"label": "1,000 <documents> & more", "unit": "ms", **SPREAD}, {"label": "1", "unit": "ms", "median": 0}]
    found = results(fast=MET, slow=MISSED, find={**MET, "series": series}, bundle=REPORTED)
    drawn = plots(found)
    assert set(drawn) == {"ratios", "find"}
    for name, svg in drawn.items():
        assert f"](benchmarks/{name}.svg)" in markdown(found)
        assert ET.fromstring(svg).tag == f"{SVG}svg"  # noqa: S314 - our own
    texts = [each.text for each in ET.fromstring(drawn["find"]).iter(f"{SVG}text")]  # noqa: S314 - drawn here
    assert "1,000 <documents> & more" in texts


def test_the_plot_of_a_part_is_that_of_its_benchmark():
    part = {**REPORTED, "series": [{"label": "one", "unit": "ms", **SPREAD}]}
    found = results(**{"cold_start.plain": part})
    assert set(plots(found)) == {"cold_start"}
    assert "](benchmarks/cold_start.svg)" in markdown(found)


def test_a_very_small_ratio_is_not_shown_as_none():
    assert row("find", find={**MET, "ratio": 0.0016})[3].startswith("0.002 ")


def test_without_a_target_there_are_no_ratios_to_plot():
    assert plots(results(bundle=REPORTED)) == {}


def drawn(*rows, **options):
    root = ET.fromstring(bars("A & B", list(rows), **options))  # noqa: S314 - drawn here
    return root, list(root.iter(f"{SVG}rect"))[1:]  # the first is the ground


def test_bars_are_as_long_as_their_values_and_coloured_by_what_became_of_them():
    _, (short, long) = drawn(Bar("a", 1, "1", kind="met"), Bar("b", 2, "2", kind="missed"))
    assert float(long.get("width")) == pytest.approx(2 * float(short.get("width")), abs=0.2)
    assert short.get("fill") != long.get("fill")


def test_nothing_is_drawn_outside_of_the_picture_however_wide_the_spread():
    root, _ = drawn(Bar("a", 1, "1", least=0.5, most=1000), Bar("b", 0, "0"), mark=1.0, mark_label="target")
    width = float(root.get("width"))
    for line in root.iter(f"{SVG}line"):
        assert 0 <= float(line.get("x1")) <= width
        assert 0 <= float(line.get("x2")) <= width


def test_bars_of_no_length_can_be_drawn():
    _, (bar,) = drawn(Bar("none", 0, "0"))
    assert float(bar.get("width")) == 0
