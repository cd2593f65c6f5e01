"""The template service, version 1, at `/templates/v1`: snake_case members, timestamps in epoch milliseconds.

Templates are addressed by id. Every user may render them. Assumed: a name may be used more than once; an update keeps
missing members; a syntax error is reported on rendering, because no source documents an error for it on creation; the
PDF is that of the field `body`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, after_body, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.tasks.runner import NotInvocableError
from exh_dev.platform.templates import pdf_renderer
from exh_dev.platform.templates_v1.resolving import COLLECTION, Filling
from exh_dev.platform.templates_v1.schema import check_schema

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/templates/v1"
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("id", "name", "description"), "string"),
    **dict.fromkeys(("creation_timestamp", "update_timestamp"), "number"),
}


class TemplateServiceV1(Service):
    """The templates of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        one = f"{BASE}/{{id}}"
        resolve, pdf = after_body(self._resolve), after_body(self._pdf)
        return [
            Route(BASE, self._find, methods=["GET"]),
            Route(BASE, self._create, methods=["POST"]),
            Route(one, self._update, methods=["PUT"]),
            Route(one, self._remove, methods=["DELETE"]),
            Route(f"{one}/resolve", resolve, methods=["POST"]),
            Route(f"{one}/resolve/{{language}}", resolve, methods=["POST"]),
            Route(f"{one}/pdf", pdf, methods=["POST"]),
            Route(f"{one}/pdf/{{language}}", pdf, methods=["POST"]),
        ]

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_TEMPLATES")
        return page(request, self._store, COLLECTION, shape=lambda path: _KINDS.get(path, "any"))

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("CREATE_TEMPLATES")
        fields = await read_json(request)
        template: Document = {"id": object_id(), "name": fields.text("name"), "schema": {"type": "object"}}
        if fields.optional_object("fields") is None:
            raise ErrorAnswer(14, "The field fields is required")
        now = epoch_ms(self._clock())
        template |= {**_content(fields), "creation_timestamp": now, "update_timestamp": now}
        self._store.put(COLLECTION, template)
        return JSONResponse(template)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_TEMPLATES")
        fields = await read_json(request)
        template = {**self._named(request), **_content(fields), "update_timestamp": epoch_ms(self._clock())}
        self._store.put(COLLECTION, template)
        return JSONResponse(template)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_TEMPLATES")
        self._store.delete(COLLECTION, self._named(request)["id"])
        return JSONResponse({"records_affected": 1})

    async def _resolve(self, request: Request) -> JSONResponse:
        return JSONResponse(await self._filled_in(request))

    async def _pdf(self, request: Request) -> Response:
        outputs = await self._filled_in(request)
        if "body" not in outputs:
            raise ErrorAnswer(26, "The template needs a field body to make a PDF of it")
        try:
            content = await asyncio.to_thread(pdf_renderer.renderer.render, outputs["body"])
        except NotInvocableError as error:
            raise ErrorAnswer(4, str(error)) from None
        return Response(content, media_type="application/pdf")

    async def _filled_in(self, request: Request) -> dict[str, str]:
        fields = await read_json(request)
        content = fields.optional_object("content")
        if content is None:
            raise ErrorAnswer(14, "The field content is required")
        filling = Filling(
            self._store,
            self._named(request),
            content,
            user=rights_of(request, self._store).user,
            language=request.path_params.get("language") or fields.optional_text("language"),
            time_zone=fields.optional_text("time_zone"),
        )
        return await filling.outputs()

    def _named(self, request: Request) -> Document:
        """Return the template in the path.

        Raises:
            ErrorAnswer: 12 for an invalid id, 16 when it does not exist.
        """
        template = self._store.get(COLLECTION, checked_id(request.path_params["id"]))
        if template is None:
            raise ErrorAnswer(16, "There is no template of version 1 with this id")
        return template


def _content(fields: Fields) -> dict[str, Any]:
    """Parse a template in a body; null counts as missing.

    Raises:
        ErrorAnswer: 15 for invalid members.
    """
    content: dict[str, Any] = {}
    for name in ("name", "description"):
        if (text := fields.optional_text(name)) is not None:
            content[name] = text
    if content.get("name") == "":
        raise ErrorAnswer(15, "The field name must not be empty")
    if (schema := fields.optional_object("schema")) is not None:
        check_schema(schema)
        content["schema"] = {"type": "object", **schema}
    if (texts := fields.optional_object("fields")) is not None:
        for name, text in texts.items():
            if not isinstance(text, str):
                raise ErrorAnswer(15, f"The field fields.{name} must be a string")
        content["fields"] = texts
    return content
