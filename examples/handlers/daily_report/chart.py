"""The chart of a day's blood pressures as SVG: for each hour a bar from the mean diastolic to the mean systolic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.daily_report.day import Hour

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 240, 32, 20  # pixels
_LOWEST, _HIGHEST = 40, 220  # mmHg on the axis; beyond them a bar ends at the edge
_LINES = (60, 90, 120, 140, 180)  # mmHg, with a line across
_HIGH = 140  # mmHg systolic, from which a bar is red


def draw(hours: Sequence[Hour]) -> str:
    """Return an SVG element with a column for each hour.

    Every text in it is made of digits, so that a template may put it in as it is.
    """
    lines = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{_y(value)}" y2="{_y(value)}" stroke="#d5dde5"/>'
        f'<text x="{_LEFT - 4}" y="{_y(value) + 3}" text-anchor="end">{value}</text>'
        for value in _LINES
    )
    step = (_WIDTH - _LEFT) / max(len(hours), 1)
    columns = "".join(_column(hour, _LEFT + (number + 0.5) * step, step) for number, hour in enumerate(hours))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="9" fill="#5a6b7b">'
        f"{lines}{columns}</svg>"
    )


def _column(hour: Hour, x: float, step: float) -> str:
    label = f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{int(hour.label)}</text>'
    if hour.systolic is None or hour.diastolic is None:
        return label
    top, bottom = _y(hour.systolic), _y(hour.diastolic)
    colour = "#c0392b" if hour.systolic >= _HIGH else "#2e75b6"
    size = f'width="{step * 0.5:.1f}" height="{max(bottom - top, 1):.1f}"'
    return f'<rect x="{x - step * 0.25:.1f}" y="{top:.1f}" {size} rx="2" fill="{colour}"/>{label}'


def _y(value: float) -> float:
    within = min(max(value, _LOWEST), _HIGHEST)
    return round((_HEIGHT - _BOTTOM) * (_HIGHEST - within) / (_HIGHEST - _LOWEST), 1)
