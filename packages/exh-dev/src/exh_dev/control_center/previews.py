"""`/_dev/api/previews`: HTML that a template rendered, shown in a sandboxed frame as in a mail program.

The HTML needs a URL of its own: an inline frame would inherit the page's content security policy, which forbids inline
styles.
"""

from __future__ import annotations

from collections import OrderedDict
from secrets import token_hex
from typing import TYPE_CHECKING

from starlette.responses import Response

from exh_dev.control_center.mails import HARMLESS
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

_MOST = 20  # that are kept, the latest
_LARGEST = 5_000_000  # characters


def routes(base: str) -> list[Route]:
    """Return the routes that store a preview for a while, and show it."""
    kept: OrderedDict[str, str] = OrderedDict()

    async def keep(request: Request) -> JsonAnswer:
        text = (await read_json(request)).text("html")
        if len(text) > _LARGEST:
            raise ErrorAnswer(15, f"html has {len(text):,} characters, and at most {_LARGEST:,} are shown")
        name = token_hex(16)
        kept[name] = text
        while len(kept) > _MOST:
            kept.popitem(last=False)
        return JsonAnswer({"id": name}, 201)

    async def show(request: Request) -> Response:
        text = kept.get(request.path_params["id"])
        if text is None:
            raise ErrorAnswer(16, f"There is no such preview any more; the latest {_MOST} are kept")
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": HARMLESS})

    return [
        Route(f"{base}/previews", keep, methods=["POST"]),
        Route(f"{base}/previews/{{id}}", show, methods=["GET"]),
    ]
