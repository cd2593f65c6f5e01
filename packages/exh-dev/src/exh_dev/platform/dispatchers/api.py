"""The endpoints of the dispatcher service: camelCase members, timestamps in epoch milliseconds.

Assumed: a name that is taken is 17, of dispatchers and of the actions of one; `null` leaves a member as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.dispatchers.actions import check_names, read_action
from exh_dev.platform.events.events import DISPATCHERS
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import member
from exh_dev.platform.storage.store import DuplicateError
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/dispatchers/v1"
_HIDDEN = ("createdByUserId", "createdByApplicationId")


@dataclass
class Dispatchers:
    """The dispatchers of a store."""

    store: Store
    clock: Clock

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        self.store.index("dispatchers_name", DISPATCHERS, [member("name")], unique=True)
        self.store.index("dispatchers_event_type", DISPATCHERS, [member("eventType")])
        one = f"{BASE}/{{id}}"
        return [
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._find, methods=["GET"]),
            Route(one, self._update, methods=["PUT"]),
            Route(one, self._remove, methods=["DELETE"]),
            Route(f"{one}/actions", self._create_action, methods=["POST"]),
            Route(f"{one}/actions/{{action}}", self._update_action, methods=["PUT"]),
            Route(f"{one}/actions/{{action}}", self._remove_action, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self.store)
        rights.require("CREATE_DISPATCHERS")
        fields = await read_json(request)
        event_type, listed = fields.text("eventType"), fields.value("actions")
        if listed is None:
            raise ErrorAnswer(14, "The field actions is required")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise ErrorAnswer(15, "The field actions must be a list of objects")
        actions = [read_action(Fields(each)) for each in listed]
        check_names(actions)
        now = epoch_ms(self.clock())
        dispatcher = {
            "id": object_id(),
            "eventType": event_type,
            **_described(fields),
            "actions": actions,
            "creationTimestamp": now,
            "updateTimestamp": now,
            "createdByUserId": rights.user_id,
        }
        if rights.application_id is not None:
            dispatcher["createdByApplicationId"] = rights.application_id
        _put(self.store, dispatcher)
        return JSONResponse(_shown(dispatcher))

    async def _find(self, request: Request) -> Response:
        rights_of(request, self.store).require("VIEW_DISPATCHERS")
        return page(request, self.store, DISPATCHERS, shape=_kind, show=_shown, is_hidden=_HIDDEN.__contains__)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_DISPATCHERS")
        fields = await read_json(request)
        event_type = fields.optional_text("eventType")
        changes = _described(fields) | ({} if event_type is None else {"eventType": event_type})
        return self._change(self._existing(request) | changes)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("DELETE_DISPATCHERS")
        self.store.delete(DISPATCHERS, self._existing(request)["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _create_action(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_DISPATCHERS")
        action = read_action(await read_json(request))
        dispatcher = self._existing(request)
        self._change({**dispatcher, "actions": [*dispatcher["actions"], action]})
        return JSONResponse(action)

    async def _update_action(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_DISPATCHERS")
        fields = await read_json(request)
        dispatcher = self._existing(request)
        known = _action(dispatcher, request)
        action = read_action(fields, known)
        return self._change(
            {**dispatcher, "actions": [action if each is known else each for each in dispatcher["actions"]]}
        )

    async def _remove_action(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_DISPATCHERS")
        dispatcher = self._existing(request)
        gone = _action(dispatcher, request)
        return self._change({**dispatcher, "actions": [each for each in dispatcher["actions"] if each is not gone]})

    def _existing(self, request: Request) -> Document:
        dispatcher = self.store.get(DISPATCHERS, checked_id(request.path_params["id"]))
        if dispatcher is None:
            raise ErrorAnswer(16, "There is no such dispatcher")
        return dispatcher

    def _change(self, dispatcher: Document) -> JSONResponse:
        check_names(dispatcher["actions"])
        _put(self.store, dispatcher | {"updateTimestamp": epoch_ms(self.clock())})
        return JSONResponse({"affectedRecords": 1})


def _described(fields: Fields) -> Document:
    members = {
        "name": fields.optional_text("name"),
        "description": fields.optional_text("description"),
        "tags": fields.optional_texts("tags"),
    }
    return {name: value for name, value in members.items() if value is not None}


def _put(store: Store, dispatcher: Document) -> None:
    try:
        store.put(DISPATCHERS, dispatcher)
    except DuplicateError:
        raise ErrorAnswer(17, "Another dispatcher has this name") from None


def _action(dispatcher: Document, request: Request) -> Document:
    action_id = checked_id(request.path_params["action"])
    found: list[Document] = [each for each in dispatcher["actions"] if each["id"] == action_id]
    if not found:
        raise ErrorAnswer(16, "The dispatcher has no such action")
    return found[0]


def _shown(dispatcher: Document) -> Document:
    return {name: value for name, value in dispatcher.items() if name not in _HIDDEN}


def _kind(path: str) -> Kind:
    return "string" if path in {"id", "eventType", "name", "description"} else "any"
