"""Routes that change a schema's properties, statuses, transitions and indexes. They need `UPDATE_SCHEMAS`.

Objects are stored as sent: the official CLI compares what it reads with its files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.collections import documents_of
from exh_dev.platform.data.configuration import check_configuration
from exh_dev.platform.http.bodies import is_one_of, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.members import INDEXES
from exh_dev.platform.storage.sql import member
from exh_dev.platform.storage.store import DuplicateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from exh_dev.platform.data.schemas import Schemas
    from exh_dev.platform.storage.store import Document, Store

_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{0,49}")
_MEMBERS = {"id", "creatorId", "userIds", "groupIds", "status", "data", "creationTimestamp", "updateTimestamp"}
_CONDITIONS = {
    "input": ("configuration",),
    "document": ("configuration",),
    "initiatorHasRelationToUserInData": ("userIdField", "relation"),
    "initiatorHasRelationToGroupInData": ("groupIdField", "relation"),
}
_ACTIONS: dict[str, tuple[str, ...]] = {
    "set": ("field", "value"),
    "unset": (),  # `fields`, or `field`
    "addItems": ("field", "values"),
    "removeItems": ("field", "values"),
    "linkCreator": (),
    "linkUserFromData": ("userIdField",),
    "linkEnlistedGroups": (),
    "linkGroupFromData": ("groupIdField",),
    "task": ("functionName",),
    "delay": (),
    "measurementReviewedNotification": (),
}
_AFTER_ACTIONS: dict[str, tuple[str, ...]] = {"task": ("functionName",), "notifyAlgoQueueManager": ()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


#: What the members of conditions and actions have to be.
_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("field", "userIdField", "groupIdField", "functionName", "relation"), (_is_text, "a string")),
    "requiredPermission": (_is_text, "a string"),
    "fields": (lambda value: isinstance(value, list) and all(map(_is_text, value)), "a list of strings"),
    "values": (lambda value: isinstance(value, list), "a list"),
    "data": (lambda value: isinstance(value, dict), "an object"),
    "priority": (lambda value: isinstance(value, int) and not isinstance(value, bool), "an integer"),
}


class Definitions:
    """The parts of the schemas of a store."""

    def __init__(self, store: Store, schemas: Schemas) -> None:
        self._store = store
        self._schemas = schemas

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints under a schema that change what it defines."""
        one = f"{base}/{{schema}}"
        return [
            Route(f"{one}/properties", self._add_property, methods=["POST"]),
            Route(f"{one}/properties/{{path}}", self._update_property, methods=["PUT"]),
            Route(f"{one}/properties/{{path}}", self._remove_property, methods=["DELETE"]),
            Route(f"{one}/statuses", self._add_status, methods=["POST"]),
            Route(f"{one}/statuses/{{name}}", self._update_status, methods=["PUT"]),
            Route(f"{one}/statuses/{{name}}", self._remove_status, methods=["DELETE"]),
            Route(f"{one}/creationTransition", self._update_creation, methods=["PUT"]),
            Route(f"{one}/transitions", self._add_transition, methods=["POST"]),
            Route(f"{one}/transitions/{{id}}", self._update_transition, methods=["PUT"]),
            Route(f"{one}/transitions/{{id}}", self._remove_transition, methods=["DELETE"]),
            Route(f"{one}/indexes", self._add_index, methods=["POST"]),
            Route(f"{one}/indexes/{{id}}", self._remove_index, methods=["DELETE"]),
        ]

    async def _add_property(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        fields = await read_json(request)
        path, configuration = fields.text("name"), fields.value("configuration")
        check_configuration(configuration, path)
        holder, name = _holder(schema, path)
        if name in holder:
            raise ErrorAnswer(17, "There is a property with this name")
        holder[name] = configuration
        return self._saved(schema)

    async def _update_property(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        path = request.path_params["path"]
        configuration = (await read_json(request)).members
        holder, name = _holder(schema, path)
        if name not in holder:
            raise ErrorAnswer(16, "There is no such property")
        check_configuration(configuration, path)
        holder[name] = configuration
        return self._saved(schema)

    async def _remove_property(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        path = request.path_params["path"]
        holder, name = _holder(schema, path)
        if name not in holder:
            raise ErrorAnswer(16, "There is no such property")
        # An index of it stays: the official CLI removes properties first, and drops their indexes at the end of a sync.
        del holder[name]
        return self._saved(schema)

    async def _add_status(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        fields = await read_json(request)
        name, labels = fields.text("name"), fields.optional_object("data") or {}
        if not _NAME.fullmatch(name):
            raise ErrorAnswer(15, "The name of a status is a letter, then letters, digits, _ and -, 50 at most")
        if name in schema["statuses"]:
            raise ErrorAnswer(17, "There is a status with this name")
        schema["statuses"][name] = labels
        return self._saved(schema)

    async def _update_status(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        name = request.path_params["name"]
        fields = await read_json(request)
        if name not in schema["statuses"]:
            raise ErrorAnswer(16, "There is no such status")
        # Wrapped in `data` by the CLI, bare in older descriptions.
        given = fields.members.get("data")
        labels = {**schema["statuses"][name], **(given if isinstance(given, dict) else fields.members)}
        schema["statuses"][name] = {label: text for label, text in labels.items() if text is not None}
        return self._saved(schema)

    async def _remove_status(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        name = request.path_params["name"]
        if name not in schema["statuses"]:
            raise ErrorAnswer(16, "There is no such status")
        mentioned = {schema["creationTransition"]["toStatus"]}
        for transition in schema["transitions"]:
            mentioned |= {transition["toStatus"], *transition["fromStatuses"]}
        if name in mentioned:
            raise ErrorAnswer(414, "A transition mentions this status")
        del schema["statuses"][name]
        return self._saved(schema)

    async def _update_creation(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        transition = (await read_json(request)).members
        _check_transition(schema, transition, types={"manual"})
        schema["creationTransition"] = transition
        return self._saved(schema)

    async def _add_transition(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        transition = _named_transition(schema, (await read_json(request)).members)
        transition = {**transition, "id": object_id()}
        schema["transitions"].append(transition)
        self._schemas.save(schema)
        return JsonAnswer(transition)

    async def _update_transition(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        position = _position(schema["transitions"], request)
        transition = _named_transition(schema, (await read_json(request)).members)
        schema["transitions"][position] = {**transition, "id": request.path_params["id"]}
        return self._saved(schema)

    async def _remove_transition(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        del schema["transitions"][_position(schema["transitions"], request)]
        return self._saved(schema)

    async def _add_index(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        fields = await read_json(request)
        indexed = _index_fields(fields.value("fields"))
        index: Document = {
            "id": object_id(),
            "name": fields.optional_text("name") or "_".join(f"{each['name']}_{each['type']}" for each in indexed),
            "fields": indexed,
            "options": fields.optional_object("options") or {},
            "system": False,
        }
        if any(each["fields"] == indexed for each in schema["indexes"]):
            raise ErrorAnswer(17, "There is an index of these fields")
        texts = [each for each in indexed if each["type"] == "text"]
        if texts and any(field["type"] == "text" for each in schema["indexes"] for field in each["fields"]):
            raise ErrorAnswer(17, "The schema has a text index already; only one is allowed")
        schema["indexes"].append(index)
        with self._store.transaction():
            if not texts:
                self._make(schema, index)
            self._schemas.save(schema)
        return JsonAnswer(index)

    async def _remove_index(self, request: Request) -> JsonAnswer:
        schema = self._schemas.change(request)
        position = _position(schema["indexes"], request)
        if schema["indexes"][position]["system"]:
            raise ErrorAnswer(10, "An index of the system's own cannot be removed")
        index = schema["indexes"].pop(position)
        with self._store.transaction():
            self._store.drop_index(f"{schema['id']}:{index['id']}")
            self._schemas.save(schema)
        return JsonAnswer({"affectedRecords": 1})

    def _make(self, schema: Document, index: Document) -> None:
        expressions = [member(_document_path(each["name"])) for each in index["fields"]]
        name = f"{schema['id']}:{index['id']}"
        try:
            self._store.index(name, documents_of(schema), expressions, unique=bool(index["options"].get("unique")))
        except DuplicateError:
            raise ErrorAnswer(27, "Documents with the same values are there already") from None

    def _saved(self, schema: Document) -> JsonAnswer:
        self._schemas.save(schema)
        return JsonAnswer({"affectedRecords": 1})


def indexes_of(schema: Document) -> dict[str, str]:
    """Return the names of the indexes on a schema's documents in the store, by the member that each is on first."""
    own = {
        _document_path(index["fields"][0]["name"]): f"{schema['id']}:{index['id']}"
        for index in schema["indexes"]
        if all(field["type"] != "text" for field in index["fields"])
    }
    return {**own, **INDEXES}


def _holder(schema: Document, path: str) -> tuple[dict[str, Any], str]:
    """Return the properties that contain the end of a dotted path, and its last name."""
    *outer, name = path.split(".")
    holder: Any = schema["properties"]
    for step in outer:
        inner = holder.get(step)
        while isinstance(inner, dict) and inner.get("type") == "array":
            inner = inner.get("items")
        if not isinstance(inner, dict) or inner.get("type") != "object":
            raise ErrorAnswer(16, "There is no such property to hold it")
        if inner.get("properties") is None:
            inner["properties"] = {}
        holder = inner["properties"]
    if not name:
        raise ErrorAnswer(15, "A property needs a name")
    return holder, name


def _document_path(name: str) -> str:
    return name if name.partition(".")[0] in _MEMBERS else f"data.{name}"


def _position(parts: list[Document], request: Request) -> int:
    for position, part in enumerate(parts):
        if part["id"] == request.path_params["id"]:
            return position
    raise ErrorAnswer(16, "The schema has no such part")


def _named_transition(schema: Document, transition: Document) -> Document:
    if not isinstance(transition.get("name"), str) or not _NAME.fullmatch(transition["name"]):
        raise ErrorAnswer(26, "The name of a transition is a letter, then letters, digits, _ and -, 50 at most")
    _check_transition(schema, transition, types={"manual", "automatic"})
    origins = transition.get("fromStatuses")
    if not isinstance(origins, list) or not origins or not all(is_one_of(each, schema["statuses"]) for each in origins):
        raise ErrorAnswer(26, "fromStatuses is a list of statuses of the schema, one at least")
    return transition


def _check_transition(schema: Document, transition: Document, *, types: set[str]) -> None:
    if not is_one_of(transition.get("type"), types):
        raise ErrorAnswer(26, f"The type of this transition is {' or '.join(sorted(types))}")
    if not is_one_of(transition.get("toStatus"), schema["statuses"]):
        raise ErrorAnswer(26, "toStatus is a status of the schema")
    for member_name, known in (("conditions", _CONDITIONS), ("actions", _ACTIONS), ("afterActions", _AFTER_ACTIONS)):
        parts = transition.get(member_name, [])
        if not isinstance(parts, list):
            raise ErrorAnswer(26, f"{member_name} is a list")
        for part in parts:
            _check_part(part, known, member_name)


def _check_part(part: Any, known: Mapping[str, Sequence[str]], member_name: str) -> None:
    """Check a condition or an action."""
    kind = str(part.get("type")) if isinstance(part, dict) else ""
    if kind not in known:
        raise ErrorAnswer(26, f"The {member_name} have one of an unknown type")
    missing = [name for name in known[kind] if name not in part]
    if kind == "unset" and not part.keys() & {"field", "fields"}:
        missing = ["fields"]
    if missing:
        raise ErrorAnswer(26, f"A {kind} of the {member_name} needs {', '.join(missing)}")
    if "configuration" in part:
        check_configuration(part["configuration"], f"a {kind} condition", typed=False)
    for name, (fits, expected) in _PARTS.items():
        if name in part and not fits(part[name]):
            raise ErrorAnswer(26, f"The {name} of a {kind} is {expected}")


def _index_fields(value: Any) -> list[Document]:
    def usable(field: Any) -> bool:
        return (
            isinstance(field, dict)
            and isinstance(field.get("name"), str)
            and re.fullmatch(r"[\w$-]+(\.[\w$-]+)*", field["name"]) is not None
            and is_one_of(field.get("type"), ("asc", "desc", "text"))
        )

    if not isinstance(value, list) or not value or not all(usable(field) for field in value):
        raise ErrorAnswer(26, "fields is a list of names, each with a type asc, desc or text")
    return value
