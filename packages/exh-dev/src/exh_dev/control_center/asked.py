"""Query parameters of requests, except filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from starlette.requests import Request


def integer_parameter(request: Request, name: str, usual: int, *, most: int | None = None) -> int:
    """Return an integer query parameter, `usual` if missing, at most `most`.

    Raises:
        ErrorAnswer: 15 when it is not an integer.
    """
    text = request.query_params.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(2**53)):
        raise ErrorAnswer(15, f"{name} must be an integer")
    return min(int(text), most) if most is not None else int(text)
