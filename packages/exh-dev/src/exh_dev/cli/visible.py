"""Escape text so that it cannot control the terminal or disguise itself as other text."""

from __future__ import annotations

import re
from typing import Any

# What moves the cursor or reads as a command (C0, DEL, C1), what turns the order of letters around (bidi controls),
# zero-width characters that make two strings look alike (soft hyphen, zero-width space, word joiner, BOM), and halves
# of surrogate pairs, which cannot be printed at all. Zero-width joiners stay: Persian, Hindi and emoji need them.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_PICTURES = 0x2400  # U+2400 on: a picture of each control character


def visible(value: Any, *, lines: bool = False) -> str:
    """Return a value as a string with control characters escaped.

    Args:
        value: what is printed.
        lines: keep line breaks; otherwise return one line.
    """
    text = str(value).replace("\r\n", "\n") if lines else str(value)
    return _ACTING.sub(lambda found: "\n" if lines and found[0] == "\n" else _shown(found[0]), text)


def visible_json(text: str) -> str:
    """Return JSON with those characters escaped, which parses to the same value.

    Line breaks are those of its layout, for in a string JSON has them escaped already.
    """
    return _ACTING.sub(lambda found: "\n" if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def _shown(character: str) -> str:
    number = ord(character)
    if number < 0x20:
        return chr(_PICTURES + number)
    return "\u2421" if character == "\x7f" else f"<{number:04X}>"
