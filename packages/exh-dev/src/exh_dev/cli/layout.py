"""Tables that fit the terminal: one line for each row; columns shrink by priority."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from exh_dev.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exh_dev.output import Table

_GAP = "  "
_LEAST = 8  # columns of truncated cells; narrower ones are unreadable
_NUMBER = re.compile(r"(\d[\d.,]*( [A-Za-z]{1,3})?|warm|)$")  # a warm start has no time
_ID = re.compile("[0-9a-f]{24}")
_STYLES = {"OK": "green", "FAILED": "red", "running": "cyan", "failed": "red", "complete": "green"}


def lines_of(table: Table, width: int) -> Iterator[Text]:
    """Yield the lines of a table: headings, rows, and the line below a row, such as an error.

    If the table is too wide, first its `gives_way` columns are dropped, then the widest text columns are truncated. Ids
    are never truncated, because people copy them.

    Args:
        table: what to print.
        width: columns of the terminal.
    """
    rows = [[visible(cell) for cell in row] for row in table.rows]
    columns = list(range(len(table.headings)))
    widths = [max(map(cell_len, (table.headings[each], *(row[each] for row in rows)))) for each in columns]
    for heading in table.gives_way:
        if _total(columns, widths) <= width:
            break
        columns.remove(table.headings.index(heading))
    is_number = [bool(rows) and all(_NUMBER.match(row[each]) for row in rows) for each in columns]
    cut = [
        each
        for each, number in zip(columns, is_number, strict=True)
        if not number and not any(_ID.fullmatch(row[each]) for row in rows)
    ]
    while _total(columns, widths) > width and any(widths[each] > _LEAST for each in cut):
        widths[max(cut, key=lambda each: widths[each])] -= 1
    headings = zip(columns, is_number, strict=True)
    yield _line([(table.headings[each], widths[each], number) for each, number in headings], "bold")
    below = table.below or [""] * len(rows)
    for row, more in zip(rows, below, strict=True):
        cells = [(row[each], widths[each], number) for each, number in zip(columns, is_number, strict=True)]
        yield _line(cells)
        if more:
            yield Text(f"  {visible(more)}", style="red")


def _total(columns: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[each] for each in columns) + len(_GAP) * (len(columns) - 1)


def _line(cells: Sequence[tuple[str, int, bool]], style: str = "") -> Text:
    line = Text(style=style)
    for index, (text, width, to_the_right) in enumerate(cells):
        shown = text if cell_len(text) <= width else _shortened(text, width)
        space = " " * (width - cell_len(shown))
        line.append(_GAP if index else "")
        line.append(space if to_the_right else "").append(shown, style=_STYLES.get(text, ""))
        line.append("" if to_the_right or index == len(cells) - 1 else space)
    return line


def _shortened(text: str, width: int) -> str:
    """Return a string with its middle elided: names and paths differ at their end as often as at their start."""
    end = (width - 1) // 3
    start = width - 1 - end
    last = text[len(text) - end :] if end else ""
    while cell_len(last) > end:
        last = last[1:]
    return set_cell_size(text, start) + "…" + " " * (end - cell_len(last)) + last
