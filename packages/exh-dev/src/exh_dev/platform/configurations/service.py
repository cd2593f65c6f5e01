"""The configuration service: camelCase members, timestamps in ISO 8601.

Levels are stored as written: the general one, one for each group, and one for each user with a part for each
enlistment. Clients merge the levels, not the platform.

Assumed: a change replaces the members it names, in each section; fields are deleted by their path from the top
(`data.theme.color`); RQL makes a change conditional, with 0 affected records if it does not match; a configuration that
was never written is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import meets
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

    How = Callable[[Document, Fields, Iterable[str]], list[str]]
    Endpoint = Callable[[Request], Awaitable[JsonAnswer]]

BASE = "/configurations/v2"
_GENERAL, _GROUPS, _USERS = "general_configurations", "group_configurations", "user_configurations"
_GENERAL_ID = "000000000000000000000001"
_OF_GENERAL = ("data", "userConfiguration", "groupConfiguration", "staffConfiguration", "patientConfiguration")
#: The sections of a group's configuration, and the permission narrowed to each.
_OF_GROUP = {"data": None, "staffConfiguration": "STAFF", "patientConfiguration": "PATIENT"}
#: Parts of a user's configuration: the word in permission names, and the enlistments.
_ENLISTED = {
    "staffConfigurations": ("STAFF", "staff_enlistments"),
    "patientConfigurations": ("PATIENT", "patient_enlistments"),
}


class ConfigurationService(Service):
    """The configurations of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        general, group, user = f"{BASE}/general", f"{BASE}/groups/{{id}}", f"{BASE}/users/{{id}}"
        both = {"": ("PUT", _put_in), "/deleteFields": ("POST", _delete)}
        routes = [
            Route(general, self._general, methods=["GET"]),
            Route(group, self._group, methods=["GET"]),
            Route(user, self._user, methods=["GET"]),
        ]
        for suffix, (method, how) in both.items():
            routes += [
                Route(general + suffix, self._change_general(how), methods=[method]),
                Route(group + suffix, self._change_group(how), methods=[method]),
                Route(user + suffix, self._change_user(how), methods=[method]),
                *(
                    Route(f"{user}/{part}/{{group}}{suffix}", self._change_enlisted(part, how), methods=[method])
                    for part in _ENLISTED
                ),
            ]
        return routes

    async def _general(self, _: Request) -> JsonAnswer:
        return JsonAnswer(self._stored(_GENERAL, _GENERAL_ID, _OF_GENERAL))

    async def _group(self, request: Request) -> JsonAnswer:
        rights, group = rights_of(request, self._store), checked_id(request.path_params["id"])
        rights.require_user()
        hidden = [name for name in _OF_GROUP if not _may(rights, "VIEW", name, group)]
        if len(hidden) == len(_OF_GROUP):
            raise ErrorAnswer(10, "This call needs the permission VIEW_CONFIGURATIONS")
        stored = self._stored(_GROUPS, group, _OF_GROUP)
        return JsonAnswer({name: value for name, value in stored.items() if name not in hidden})

    async def _user(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        me, target = rights.require_user(), self._target(request)
        stored = self._stored(_USERS, target["id"], ("data",))
        if me != target["id"] and not rights.has("VIEW_CONFIGURATIONS"):
            stored = _seen_by_staff(rights, target, stored)
        return JsonAnswer(stored)

    def _change_general(self, how: How) -> Endpoint:
        async def change(request: Request) -> JsonAnswer:
            rights_of(request, self._store).require("UPDATE_CONFIGURATIONS")
            fields = await read_json(request)
            stored = self._stored(_GENERAL, _GENERAL_ID, _OF_GENERAL)
            if not meets(request, self._store, stored):
                return JsonAnswer({"affectedRecords": 0})
            how(stored, fields, _OF_GENERAL)
            return self._put(_GENERAL, stored)

        return change

    def _change_group(self, how: How) -> Endpoint:
        async def change(request: Request) -> JsonAnswer:
            rights, group = rights_of(request, self._store), checked_id(request.path_params["id"])
            rights.require_user()
            allowed = [name for name in _OF_GROUP if _may(rights, "UPDATE", name, group)]
            if not allowed:
                raise ErrorAnswer(10, "This call needs the permission UPDATE_CONFIGURATIONS")
            fields = await read_json(request)
            stored = self._stored(_GROUPS, group, _OF_GROUP)
            if not meets(request, self._store, stored):
                return JsonAnswer({"affectedRecords": 0})
            for name in how(stored, fields, _OF_GROUP):
                if name not in allowed:
                    raise ErrorAnswer(10, f"Changing {name} needs the permission UPDATE_CONFIGURATIONS")
            return self._put(_GROUPS, stored)

        return change

    def _change_user(self, how: How) -> Endpoint:
        async def change(request: Request) -> JsonAnswer:
            rights, user_id = rights_of(request, self._store), checked_id(request.path_params["id"])
            if rights.require_user() != user_id:
                rights.require("UPDATE_CONFIGURATIONS")
            fields = await read_json(request)
            stored = self._stored(_USERS, self._target(request)["id"], ("data",))
            if not meets(request, self._store, stored):
                return JsonAnswer({"affectedRecords": 0})
            how(stored, fields, ("data",))
            return self._put(_USERS, stored)

        return change

    def _change_enlisted(self, part: str, how: How) -> Endpoint:
        word, kind = _ENLISTED[part]

        async def change(request: Request) -> JsonAnswer:
            rights, group = rights_of(request, self._store), checked_id(request.path_params["group"])
            narrowed = f"UPDATE_{word}_CONFIGURATIONS"
            if not (rights.has(narrowed) or group in rights.groups_with(narrowed)):
                rights.require("UPDATE_CONFIGURATIONS", group=group)
            fields = await read_json(request)
            target = self._target(request)
            if group not in _groups(target, kind):
                raise ErrorAnswer(16, "The user is not enlisted in this group")
            stored = self._stored(_USERS, target["id"], ("data",))
            one = next((each for each in stored.setdefault(part, []) if each["groupId"] == group), None)
            if one is None:
                one = {"groupId": group, "data": {}}
                stored[part].append(one)
            how(one, fields, ("data",))
            return self._put(_USERS, stored)

        return change

    def _target(self, request: Request) -> Document:
        user = self._store.get("users", checked_id(request.path_params["id"]))
        if user is None:
            raise ErrorAnswer(16, "There is no such user")
        return user

    def _stored(self, collection: str, document_id: str, sections: Iterable[str]) -> Document:
        return self._store.get(collection, document_id) or {"id": document_id, **{name: {} for name in sections}}

    def _put(self, collection: str, configuration: Document) -> JsonAnswer:
        now = iso(self._clock())
        configuration = {"creationTimestamp": now, **configuration, "updateTimestamp": now}
        self._store.put(collection, configuration)
        return JsonAnswer({"affectedRecords": 1})


def _may(rights: Rights, verb: str, section: str, group: str) -> bool:
    """Return whether the caller may view or update a section of a group's configuration."""
    narrowed = _OF_GROUP[section]
    names = [f"{verb}_CONFIGURATIONS", *([f"{verb}_{narrowed}_CONFIGURATIONS"] if narrowed else [])]
    return any(rights.has(name) or group in rights.groups_with(name) for name in names)


def _seen_by_staff(rights: Rights, target: Document, stored: Document) -> Document:
    """Return the parts of a user's configuration that the staff of the user's groups may see."""
    seen: Document = {name: value for name, value in stored.items() if name not in {"data", *_ENLISTED}}
    allowed_at_all = False
    for part, (word, kind) in _ENLISTED.items():
        name, enlisted = f"VIEW_{word}_CONFIGURATIONS", _groups(target, kind)
        allowed = rights.groups_with(name) | rights.groups_with("VIEW_CONFIGURATIONS")
        allowed = enlisted if rights.has(name) else enlisted & allowed
        if allowed:
            allowed_at_all = True
            seen[part] = [each for each in stored.get(part, ()) if each["groupId"] in allowed]
    if not allowed_at_all:
        raise ErrorAnswer(10, "This call needs the permission VIEW_CONFIGURATIONS")
    return seen


def _groups(user: Document, kind: str) -> frozenset[str]:
    return frozenset(each["group_id"] for each in user[kind])


def _put_in(configuration: Document, fields: Fields, sections: Iterable[str]) -> list[str]:
    """Replace the members that were sent, in each section; the sections that were."""
    sent = {name: fields.optional_object(name) for name in sections}
    for name, members in sent.items():
        if members is not None:
            configuration[name] = {**configuration.get(name, {}), **members}
    return [name for name, members in sent.items() if members is not None]


def _delete(configuration: Document, fields: Fields, sections: Iterable[str]) -> list[str]:
    """Delete the fields that were named; the sections they are in."""
    paths = fields.optional_texts("fields")
    if paths is None:
        raise ErrorAnswer(14, "The field fields is required")
    changed = []
    for path in paths:
        section, *names = path.split(".")
        if section not in sections:
            raise ErrorAnswer(15, f"A field to delete begins with one of {', '.join(sections)}")
        changed.append(section)
        if not names:
            configuration[section] = {}
            continue
        holder = configuration.get(section)
        for name in names[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.pop(names[-1], None)
    return changed
