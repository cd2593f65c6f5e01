r"""JSON that every encoding can represent, whatever a function returned.

JSON can say `"\ud83d"`, half of a surrogate pair, and so can a Python string; UTF-8 cannot. It stays an escape here,
which RFC 8259, section 8.2, allows, and reads back as what it was.
"""

from __future__ import annotations

import json
import re
from typing import Any

from exh_dev.javascript_numbers import respelled

_HALF = re.compile("[\ud800-\udfff]")


def json_text(value: Any, *, allow_nan: bool = True) -> str:
    """Return a value as compact JSON that can be encoded as UTF-8.

    Args:
        value: what JSON can hold.
        allow_nan: False to refuse what Python writes as NaN or Infinity.

    Raises:
        TypeError, ValueError, RecursionError: as `json.dumps` raises them.
    """
    text = respelled(json.dumps(value, allow_nan=allow_nan, ensure_ascii=False, separators=(",", ":")))
    return text if text.isascii() else _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def encodable_text(value: Any) -> str:
    """Return a value as a string with each half of a surrogate pair replaced by a question mark.

    For what is compared and searched as plain text, where an escape has no meaning.
    """
    return str(value).encode(errors="replace").decode()
