"""What requests ask for in their queries, besides filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from starlette.requests import Request


def number_of(request: Request, name: str, usual: int, *, most: int | None = None) -> int:
    """Return a whole number of a request's query; `usual` where there is none, `most` where it is more.

    Raises:
        ErrorAnswer: 15 when it is no whole number.
    """
    text = request.query_params.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(2**53)):
        raise ErrorAnswer(15, f"{name} must be a whole number")
    return min(int(text), most) if most is not None else int(text)
