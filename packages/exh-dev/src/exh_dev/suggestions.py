"""Suggestions in messages about a name that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTENED = 3  # minimum letters of a truncated name


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` for the known name closest to `text`, or the only one that begins with it.

    Else an empty string.
    """
    from difflib import get_close_matches

    folded = {name.lower(): name for name in known}
    begun = [name for name in folded if len(text) >= _SHORTENED and name.startswith(text.lower())]
    close = get_close_matches(text.lower(), folded, n=1) or (begun if len(begun) == 1 else [])
    return f" (did you mean `{folded[close[0]]}`?)" if close else ""
