"""Bars with their spread, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 760, 290, 90  # pixels: in all, for labels, for values
ROW, BAR, TOP, BOTTOM = 30, 16, 44, 30
COLOURS = {"": "#4a6fa5", "met": "#2e7d5b", "missed": "#b3261e"}
_INK, _FAINT = "#24292f", "#8c959f"


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: what it stands for.
        value: how long it is; from zero on.
        text: the label at its end.
        least: where its spread begins; None without one.
        most: where its spread ends.
        kind: `met` or `missed`, for those that are held against a target.
    """

    label: str
    value: float
    text: str
    least: float | None = None
    most: float | None = None
    kind: str = ""


def bars(title: str, rows: list[Bar], *, mark: float | None = None, mark_label: str = "") -> str:
    """Return an SVG file of horizontal bars that begin at zero, with a line at `mark`.

    Spreads that reach beyond one and a half times the longest bar (and the mark) end in an arrow.
    """
    end = max([row.value for row in rows] + ([mark] if mark else [])) * 1.5 or 1.0
    scale = (WIDTH - LEFT - RIGHT) / end
    height = TOP + ROW * len(rows) + BOTTOM
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    font = 'font-family="system-ui, sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="600" fill="{_INK}">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        parts += _row(row, TOP + ROW * number + ROW / 2, scale, end)
    if mark is not None:
        x = round(LEFT + mark * scale, 1)
        foot = TOP + ROW * len(rows)
        parts.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{foot}" stroke="{_INK}" stroke-dasharray="4 3"/>')
        parts.append(f'<text x="{x}" y="{foot + 16}" text-anchor="middle" fill="{_INK}">{escape(mark_label)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _row(row: Bar, middle: float, scale: float, end: float) -> list[str]:
    length = round(row.value * scale, 1)
    top = round(middle - BAR / 2, 1)
    baseline = round(middle + 4.5, 1)
    parts = [
        f'<text x="{LEFT - 10}" y="{baseline}" text-anchor="end" fill="{_INK}">{escape(row.label)}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{length}" height="{BAR}" rx="2" fill="{COLOURS[row.kind]}"/>',
        f'<text x="{WIDTH - 12}" y="{baseline}" text-anchor="end" fill="{_INK}">{escape(row.text)}</text>',
    ]
    if row.least is not None and row.most is not None:
        first, last = (round(LEFT + min(each, end) * scale, 1) for each in (row.least, row.most))
        stroke = f'stroke="{_FAINT}" stroke-width="2"'
        parts.append(f'<line x1="{first}" y1="{middle}" x2="{last}" y2="{middle}" {stroke}/>')
        beyond = row.most > end
        head = (
            f"M{last - 5} {middle - 4}L{last} {middle}L{last - 5} {middle + 4}" if beyond else f"M{last} {middle - 4}v8"
        )
        parts.append(f'<path d="M{first} {middle - 4}v8{head}" fill="none" {stroke}/>')
    return parts
