"""Results for people: the measured part of `docs/benchmarks.md`, and the plots beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.plot import Bar, bars
from benchmarks.results import is_missed
from benchmarks.worth import worth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.results import Result, Results

OPEN, CLOSE = "<!-- measured -->", "<!-- /measured -->"
RATIOS = "ratios"
_NO_FIGURE = ""


def page_with(text: str, results: Results) -> str:
    """Return the page with these results between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    before, opening, rest = text.partition(OPEN)
    _, closing, after = rest.partition(CLOSE)
    if not opening or not closing:
        raise ValueError(f"there is no {OPEN} or no {CLOSE} to put the results between")
    return f"{before}{OPEN}\n{markdown(results)}\n{CLOSE}{after}"


def markdown(results: Results) -> str:
    """Table, misses, plots, imports, and on what it was measured."""
    measured: Mapping[str, Result] = results["benchmarks"]
    compared = {name: each for name, each in measured.items() if "ratio" in each}
    sections = [_table(compared), *_missed(compared), *_skipped(measured)]
    sections += worth(measured)
    sections += [f"![{title}](benchmarks/{name}.svg)" for name, title in _plots(measured).items()]
    sections += [_imports(each) for each in measured.values() if "packages" in each]
    sections += ["## The machine", *(_machine(number, each) for number, each in results["machines"].items())]
    return "\n\n".join(sections)


def plots(results: Results) -> dict[str, str]:
    """Return the plots as SVG, by file name without its suffix."""
    measured: Mapping[str, Result] = results["benchmarks"]
    series = {_plot(name): each["series"] for name, each in measured.items() if "series" in each}
    return {
        name: bars(title, list(_shares(measured)), mark=1.0, mark_label="target")
        if name == RATIOS
        else bars(title, [_bar(each) for each in series[name]])
        for name, title in _plots(measured).items()
    }


def _plots(measured: Mapping[str, Result]) -> dict[str, str]:
    titles = {RATIOS: "Ratios as shares of their targets: shorter is better"} if list(_shares(measured)) else {}
    for name, result in measured.items():
        if series := result.get("series"):
            titles[_plot(name)] = f"{_plot(name)}: {series[0]['unit']}"
    return titles


def _plot(name: str) -> str:
    """Return a benchmark has one plot, whichever of its parts has the series."""
    return name.partition(".")[0]


def _shares(measured: Mapping[str, Result]) -> Iterator[Bar]:
    for name, each in measured.items():
        if target := each.get("target"):
            spread = {part: each[f"ratio_{part}"] / target for part in ("least", "most") if f"ratio_{part}" in each}
            kind = "missed" if is_missed(each) else "met"
            yield Bar(name, each["ratio"] / target, f"{_ratio(each['ratio'])} of {_ratio(target)}", kind=kind, **spread)


def _bar(series: Mapping[str, Any]) -> Bar:
    text = f"{_number(series['median'])} {series['unit']}"
    return Bar(series["label"], series["median"], text, series.get("least"), series.get("most"))


def _table(compared: Mapping[str, Result]) -> str:
    head = ["| | ours | held against | ratio | target | | date |", "| --- | --- | --- | --- | --- | --- | --- |"]
    return "\n".join(head + [_line(name, each) for name, each in compared.items()])


def _line(name: str, each: Result) -> str:
    target = each.get("target")
    verdict = "reported" if target is None else "**missed**" if is_missed(each) else "met"
    ratio = _ratio(each["ratio"])
    if "ratio_least" in each and each.get("rounds", 0) > 1:
        ratio += f" ({_ratio(each['ratio_least'])} to {_ratio(each['ratio_most'])})"
    cells = [
        f"`{name}`: {each['what'].rstrip('.')}",
        _side(each, "ours"),
        _side(each, "theirs"),
        ratio,
        _NO_FIGURE if target is None else _ratio(target),
        verdict,
        f"{each['measured']}, machine {each['machine']}",
    ]
    return f"| {' | '.join(cells)} |"


def _side(each: Result, side: str) -> str:
    if spread := each.get(f"{side}_ms"):
        median, least, most = (_number(spread[part]) for part in ("median", "least", "most"))
        return f"{median} ms ({least} to {most})" if each.get("rounds", 0) > 1 else f"{median} ms"
    if size := each.get(f"{side}_bytes"):
        return f"{size:,} bytes"
    return str(each.get(f"{side}_text", _NO_FIGURE))


def _missed(compared: Mapping[str, Result]) -> list[str]:
    lines = [
        f"- `{name}`: {_ratio(each['ratio'])}, and at most {_ratio(each['target'])} was aimed for. "
        f"{each.get('if_missed') or 'Why has not been found out.'}"
        for name, each in compared.items()
        if is_missed(each)
    ]
    return ["Missed:", "\n".join(lines)] if lines else ["No target was missed."]


def _skipped(measured: Mapping[str, Result]) -> list[str]:
    lines = [f"- `{name}`: {each['skipped']}" for name, each in measured.items() if "skipped" in each]
    return ["Not measured:", "\n".join(lines)] if lines else []


def _imports(each: Result) -> str:
    rows = [f"| `{part['name']}` | {part['modules']} | {part['ms']:.1f} | {part['why']} |" for part in each["packages"]]
    imported = (
        f"`import handlers.whoami`, from its bundle, once the runtime client has loaded what it needs itself: "
        f"{each['modules']} modules, {each['ms']:.0f} ms. Medians of {each['rounds']} runs, {each['measured']}, with "
        "`-X importtime`, which takes time too."
    )
    head = ["## What a cold start imports", "", imported, "", "| | modules | ms | why |", "| --- | --- | --- | --- |"]
    below = (
        "The tree: ms with all that is below, where that is 1 ms or more. What two of them need is counted where it "
        "came first."
    )
    return "\n".join([*head, *rows, "", below, "", "```text", *each["tree"], "```"])


def _machine(number: str, machine: Mapping[str, str]) -> str:
    return f"Machine {number}: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + "."


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.1g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
