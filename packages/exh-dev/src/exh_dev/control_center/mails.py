"""`/_dev/api/mails`: complete mails with attachments, rendered as in a mail program."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.sending import COLLECTION, attachments_of, shown
from exh_dev.platform.storage.sql import EVERYTHING, Sql

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store

_MOST = 200  # the newest; older ones are found by the search
#: Sandboxed: mails may have any style, but no scripts, forms or remote content.
HARMLESS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def routes(base: str, context: Context) -> list[Route]:
    store = context.store

    async def find(request: Request) -> JsonAnswer:
        search = request.query_params.get("search", "").lower()
        condition = Sql("instr(lower(body), ?)", (search,)) if search else EVERYTHING
        found = [json.loads(text) for text in store.page(COLLECTION, condition, ("id DESC",), _MOST, 0)]
        listed = [{name: value for name, value in _mail(store, each).items() if name != "body"} for each in found]
        return JsonAnswer({"total": store.count(COLLECTION, condition), "data": listed})

    async def show(request: Request) -> JsonAnswer:
        return JsonAnswer(_mail(store, _known(request, store)))

    async def body(request: Request) -> Response:
        """Return HTML if a template rendered it, else text."""
        found = _known(request, store)
        kind = "text/html" if "content" in found else "text/plain"
        return Response(found["body"], media_type=kind, headers={"Content-Security-Policy": HARMLESS})

    async def attachment(request: Request) -> Response:
        attachments = attachments_of(store, _known(request, store)["id"])
        number = request.path_params["number"]
        if number >= len(attachments):
            raise ErrorAnswer(16, "The mail has no such attachment")
        found = attachments[number]
        headers = {
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        kind = found.type or "application/octet-stream"
        return Response(base64.b64decode(found.content), headers={**headers, "Content-Type": kind})

    return [
        Route(f"{base}/mails", find, methods=["GET"]),
        Route(f"{base}/mails/{{id}}", show, methods=["GET"]),
        Route(f"{base}/mails/{{id}}/body", body, methods=["GET"]),
        Route(f"{base}/mails/{{id}}/attachments/{{number:int}}", attachment, methods=["GET"]),
    ]


def _known(request: Request, store: Store) -> Document:
    mail_id = request.path_params["id"]
    found = store.get(COLLECTION, mail_id)
    if found is None:
        raise ErrorAnswer(16, f"There is no mail {mail_id}; exh-dev mails lists those that there are")
    return found


def _mail(store: Store, mail: Document) -> Document:
    attachments = [
        {"name": each.name, "type": each.type, "size": len(base64.b64decode(each.content))}
        for each in attachments_of(store, mail["id"])
    ]
    return {**shown(mail), "attachments": attachments}
