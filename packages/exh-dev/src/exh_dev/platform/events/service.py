"""The endpoints of the event service: snake_case members, timestamps in epoch milliseconds.

Callers with the permission may publish any type, including the platform's own: no published rule forbids it.
Subscriptions are stored and listed but have no effect; only dispatchers react to events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/events/v1"
_SUBSCRIPTIONS = "event_subscriptions"


class EventService(Service):
    """Events, and the subscriptions of other services to them."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the endpoints of the service, and `/_dev/events/{id}/redeliver`, which delivers an event again."""
        return [
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._find, methods=["GET"]),
            Route(f"{BASE}/subscriptions", self._subscribe, methods=["POST"]),
            Route(f"{BASE}/subscriptions", self._find_subscriptions, methods=["GET"]),
            Route("/_dev/events/{id}/redeliver", self._redeliver, methods=["POST"]),
        ]

    async def _create(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("CREATE_EVENTS")
        fields = await read_json(request)
        event_type, content = _filled(fields, "type"), fields.optional_object("content")
        with self._store.transaction():
            event = events.publish(self._store, event_type, content, now=self._clock())
        return JsonAnswer(event)

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_EVENTS")
        return page(request, self._store, events.COLLECTION, shape=_kind)

    async def _subscribe(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("CREATE_SUBSCRIPTIONS")
        fields = await read_json(request)
        service, types = fields.optional_object("service"), fields.optional_texts("event_types")
        if service is None or types is None:
            raise ErrorAnswer(14, "The fields service and event_types are required")
        _check_service(Fields(service))
        now = epoch_ms(self._clock())
        subscription = {
            "id": object_id(),
            "service": {name: service[name] for name in ("name", "version")},
            "event_types": types,
            "retriable": bool(fields.optional_flag("retriable")),
            "creation_timestamp": now,
            "update_timestamp": now,
        }
        self._store.put(_SUBSCRIPTIONS, subscription)
        return JsonAnswer(subscription)

    async def _find_subscriptions(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_SUBSCRIPTIONS")
        return page(request, self._store, _SUBSCRIPTIONS)

    async def _redeliver(self, request: Request) -> JsonAnswer:
        event = self._store.get(events.COLLECTION, checked_id(request.path_params["id"]))
        if event is None:
            raise ErrorAnswer(16, "There is no such event")
        with self._store.transaction():
            number = events.deliver(self._store, event)
        return JsonAnswer({"deliveries": number})


def _kind(path: str) -> Kind:
    return "string" if path in {"id", "type"} else "any"


def _filled(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not text:
        raise ErrorAnswer(15, f"The field {name} must not be empty")
    return text


def _check_service(service: Fields) -> None:
    """Judge the name and the version of a subscribing service.

    Raises:
        ErrorAnswer: 14 or 15.
    """
    _filled(service, "name")
    version = service.optional_object("version")
    if version is None:
        raise ErrorAnswer(14, "The field service.version is required")
    for part in ("major", "minor", "patch"):
        if Fields(version).optional_integer(part) is None:
            raise ErrorAnswer(14, f"The field service.version.{part} is required")
