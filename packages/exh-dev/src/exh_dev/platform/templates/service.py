"""The template service, version 2, at `/templates/v2`.

A template is reached by its id or by its name; an id is looked for first.
"""

from __future__ import annotations

import asyncio
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, after_body, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.localizations.service import DEFAULT_LANGUAGE, translation
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.store import DuplicateError
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.templates.inputs import NAME, check_types, fitting

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/templates/v2"
COLLECTION = "templates"
_LOOKED_UP_WITHIN = 10  # seconds; longer only where the loop has ended
_LANGUAGE = re.compile(r"[A-Za-z]{2}(-[A-Za-z]{2})?")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("id", "name", "description"), "string"),
    **dict.fromkeys(("creationTimestamp", "updateTimestamp"), "date-time"),
}


def find_template(store: Store, id_or_name: str) -> Document | None:
    """Return a template by its id, else by its name."""
    template = store.get(COLLECTION, id_or_name)
    if template is None:
        found = store.matching(COLLECTION, Sql(f"{member('name')} = ?", (id_or_name,)))
        template = found[0] if found else None
    return template


async def resolve(
    store: Store,
    template: Document,
    inputs: dict[str, Any],
    *,
    user: Document | None,
    language: str | None = None,
    time_zone: str | None = None,
) -> dict[str, str]:
    """Return the outputs of a template, in a language and a time zone: those asked for, else the user's, else EN and
    UTC.

    Call it on the event loop's thread, and in no transaction: a template is rendered on another one, and others are
    served meanwhile.

    Raises:
        ErrorAnswer: 1003 for inputs that do not fit, 1005 for an output that cannot be rendered, 15 for a language or a
            time zone that is none.
    """
    from exh_dev.platform.templates.handlebars import TemplateError, render
    from exh_dev.platform.templates.written_dates import zone_of

    own_language, own_time_zone = settings_of(user or {})
    language, time_zone = language or own_language, time_zone or own_time_zone
    if not _LANGUAGE.fullmatch(language):
        raise ErrorAnswer(15, "The field language must be a code of two letters")
    try:
        zone_of(time_zone)
    except ValueError:
        raise ErrorAnswer(15, "The field timeZone must be the name of a time zone") from None
    fitted = fitting(template.get("inputs", {}), inputs)
    loop = asyncio.get_running_loop()

    async def looked_up(key: str) -> str | None:
        return translation(store, key, language)

    @cache
    def translate(key: str) -> str | None:
        # The store is used on one thread only, and nothing is awaited here.
        return asyncio.run_coroutine_threadsafe(looked_up(key), loop).result(_LOOKED_UP_WITHIN)

    def rendered() -> dict[str, str]:
        outputs = {}
        for name, source in template["outputs"].items():
            try:
                outputs[name] = render(source, fitted, language=language, time_zone=time_zone, translate=translate)
            except TemplateError as error:
                details = {"output": name, "message": str(error)}
                raise ErrorAnswer(1005, f"The output {name} cannot be resolved", resolveError=details) from None
        return outputs

    return await asyncio.to_thread(rendered)


def settings_of(user: Document) -> tuple[str, str]:
    """Return a user's language and time zone; EN and UTC if invalid, because the user service accepts any string."""
    from exh_dev.platform.templates.written_dates import zone_of

    language, time_zone = user.get("language") or "", user.get("time_zone") or "UTC"
    try:
        zone_of(time_zone)
    except ValueError:
        time_zone = "UTC"
    return language if _LANGUAGE.fullmatch(language) else DEFAULT_LANGUAGE, time_zone


class TemplateService(Service):
    """The templates of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("templates_name", COLLECTION, [member("name")], unique=True)

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        return [
            Route(BASE, self._find, methods=["GET"]),
            Route(BASE, self._create, methods=["POST"]),
            Route(f"{BASE}/{{template}}", self._update, methods=["PUT"]),
            Route(f"{BASE}/{{template}}", self._remove, methods=["DELETE"]),
            Route(f"{BASE}/{{template}}/resolve", after_body(self._resolve), methods=["POST"]),
        ]

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_TEMPLATES")
        return page(request, self._store, COLLECTION, shape=lambda path: _KINDS.get(path, "any"))

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("CREATE_TEMPLATES")
        fields = await read_json(request)
        template: Document = {"id": object_id(), "name": fields.text("name")}
        if fields.optional_object("outputs") is None:
            raise ErrorAnswer(14, "The field outputs is required")
        now = iso(self._clock())
        template |= {**_content(fields), "creationTimestamp": now, "updateTimestamp": now}
        self._put(template)
        return JSONResponse(template)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_TEMPLATES")
        fields = await read_json(request)
        template = self._named(request)
        changes = _content(fields)
        for name in ("description", "inputs"):
            if name in fields.members and fields.members[name] is None:
                template.pop(name, None)
        self._put({**template, **changes, "updateTimestamp": iso(self._clock())})
        return JSONResponse({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_TEMPLATES")
        self._store.delete(COLLECTION, self._named(request)["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _resolve(self, request: Request) -> JSONResponse:
        fields = await read_json(request) if request.state.body.strip() else Fields({})
        rights = rights_of(request, self._store)
        template = find_template(self._store, request.path_params["template"])
        rights.require("RESOLVE_TEMPLATES", template["name"] if template else request.path_params["template"])
        template = self._named(request)
        outputs = await resolve(
            self._store,
            template,
            fields.optional_object("inputs") or {},
            user=rights.user,
            language=fields.optional_text("language"),
            time_zone=fields.optional_text("timeZone"),
        )
        return JSONResponse(outputs)

    def _named(self, request: Request) -> Document:
        """Return the template in the path.

        Raises:
            ErrorAnswer: 16 when it does not exist.
        """
        template = find_template(self._store, request.path_params["template"])
        if template is None:
            raise ErrorAnswer(16, "There is no template with this id or name")
        return template

    def _put(self, template: Document) -> None:
        try:
            self._store.put(COLLECTION, template)
        except DuplicateError:
            raise ErrorAnswer(17, f"There is a template {template['name']} already") from None


def _content(fields: Fields) -> Document:
    """Parse a template in a body; null counts as missing.

    Raises:
        ErrorAnswer: 15 for invalid members, 1004 for an output with a syntax error.
    """
    content: Document = {}
    if (name := fields.optional_text("name")) is not None:
        if not NAME.fullmatch(name):
            raise ErrorAnswer(15, "A template's name has a letter, then up to 49 letters, digits, _ and -")
        content["name"] = name
    if (description := fields.optional_text("description")) is not None:
        content["description"] = description
    if (inputs := fields.optional_object("inputs")) is not None:
        check_types(inputs)
        content["inputs"] = inputs
    if (outputs := fields.optional_object("outputs")) is not None:
        _check_outputs(outputs)
        content["outputs"] = outputs
    return content


def _check_outputs(outputs: dict[str, Any]) -> None:
    from exh_dev.platform.templates.handlebars import TemplateError, check_syntax

    if not outputs:
        raise ErrorAnswer(15, "The field outputs needs at least one member")
    for name, source in outputs.items():
        if not NAME.fullmatch(name):
            raise ErrorAnswer(15, "An output's name has a letter, then up to 49 letters, digits, _ and -")
        if not isinstance(source, str):
            raise ErrorAnswer(15, f"The field outputs.{name} must be a string")
        try:
            check_syntax(source)
        except TemplateError as error:
            details = {"output": name, "message": str(error)}
            raise ErrorAnswer(1004, f"The output {name} is no template", syntaxError=details) from None
