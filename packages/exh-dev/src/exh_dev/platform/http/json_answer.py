"""JSON answers that may contain a function's result."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from exh_dev.json_text import json_text


class JsonAnswer(JSONResponse):
    """An answer in JSON; half of a surrogate pair, which UTF-8 cannot hold, is an escape in it."""

    def render(self, content: Any) -> bytes:
        return json_text(content, allow_nan=False).encode()
