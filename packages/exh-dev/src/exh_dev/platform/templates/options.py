"""Options of the helpers of Templates v2, such as `style="percent"`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Options = Mapping[str, Any]


def choice_option(options: Options, name: str, choices: tuple[str, ...], default: str | None = None) -> str | None:
    """Return an option that must be one of `choices`, or `default`.

    Raises:
        ValueError: it is another value.
    """
    value = options.get(name, default)
    if value is not None and value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return None if value is None else str(value)


def integer_option(options: Options, name: str, most: int) -> int | None:
    """Return an integer option; None if not given.

    Raises:
        ValueError: it is not an integer, or larger than `most`.
    """
    value = options.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most):
        raise ValueError(f"{name} must be an integer up to {most}")
    return value
