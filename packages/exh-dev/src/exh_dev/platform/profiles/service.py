"""The endpoints of the profile service.

Snake_case members, timestamps in epoch milliseconds. A profile's id is its user's.

Staff may see the profiles of patients of their groups, and those with a part for the group.

Assumed: a change replaces the members it names; an unknown profile or part gives 16; only its author can change a log
entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer, refused
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.profiles.fields import (
    COMORBIDITIES,
    IMPEDIMENTS,
    OF_GROUP,
    OF_PROFILE,
    PROTECTED,
    PROTECTED_OF_GROUP,
    REQUIRED,
    read,
    without,
)
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import matching, page, single_page
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users.views import enlisted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

    Endpoint = Callable[[Request], Awaitable[JsonAnswer]]

BASE = "/profiles/v1"
PROFILES, LOGS = "profiles", "profile_logs"


class ProfileService(Service):
    """The profiles of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("profile_logs_profile", LOGS, [member("profile_id"), member("group_id")])

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        groups = f"{BASE}/{{id}}/groups"
        group = f"{groups}/{{group}}"
        return [
            Route(BASE, self._find, methods=["GET"]),
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._update, methods=["PUT"]),
            Route(f"{BASE}/remove_fields", self._remove_fields, methods=["POST"]),
            Route(f"{BASE}/comorbidities", _listed(COMORBIDITIES), methods=["GET"]),
            Route(f"{BASE}/impediments", _listed(IMPEDIMENTS), methods=["GET"]),
            Route(groups, self._add_group, methods=["POST"]),
            Route(group, self._update_group, methods=["PUT"]),
            Route(group, self._remove_group, methods=["DELETE"]),
            Route(f"{group}/remove_fields", self._remove_group_fields, methods=["POST"]),
            Route(f"{group}/logs", self._find_logs, methods=["GET"]),
            Route(f"{group}/logs", self._create_log, methods=["POST"]),
            Route(f"{group}/logs/{{entry}}", self._update_log, methods=["PUT"]),
            Route(f"{group}/logs/{{entry}}", self._remove_log, methods=["DELETE"]),
        ]

    async def _find(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        visible = _of(rights.require_user(), rights.staff_groups)
        if rights.has("VIEW_PATIENTS"):
            visible = EVERYTHING
        return page(request, self._store, PROFILES, visible=visible, shape=_kind)

    async def _create(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        fields = await read_json(request)
        user_id = checked_id(fields.text("id"))
        if user_id != me:
            rights.require("CREATE_PROFILES")
        for name in REQUIRED:
            if fields.value(name) is None:
                raise ErrorAnswer(14, f"The field {name} is required")
        sent = read(fields, OF_PROFILE)
        if self._store.get("users", user_id) is None:
            raise ErrorAnswer(16, "There is no such user")
        if self._store.get(PROFILES, user_id) is not None:
            raise ErrorAnswer(301, "The user has a profile already")
        now = epoch_ms(self._clock())
        profile = {"id": user_id, **sent, "creation_timestamp": now, "update_timestamp": now}
        self._store.put(PROFILES, profile)
        return JsonAnswer(profile)

    async def _update(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        rights.require_user()
        changes = read(await read_json(request), OF_PROFILE)
        return self._put_all([profile | changes for profile in self._changeable(request, rights)])

    async def _remove_fields(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        rights.require_user()
        paths = _paths(await read_json(request))
        return self._put_all([without(profile, paths, PROTECTED) for profile in self._changeable(request, rights)])

    async def _add_group(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        fields = await read_json(request)
        group_id = checked_id(fields.text("group_id"))
        everywhere = rights.has("ADD_PATIENT") and rights.has("ACTIVATE_PRESCRIPTIONS")
        allowed = everywhere or group_id in rights.groups_with("ADD_PATIENT")
        if checked_id(request.path_params["id"]) != me and not allowed:
            raise refused(
                "This call needs the permission ADD_PATIENT in the group, or everywhere with ACTIVATE_PRESCRIPTIONS",
                permission=["ADD_PATIENT", "ACTIVATE_PRESCRIPTIONS"],
                group=group_id,
                held=rights.held(),
            )
        group = {"group_id": group_id, **read(fields, OF_GROUP)}
        profile = self._profile(request)
        groups = profile.get("groups", [])
        if any(each["group_id"] == group_id for each in groups):
            raise ErrorAnswer(17, "The profile has this group already")
        self._put(profile | {"groups": [*groups, group]})
        return JsonAnswer(group)

    async def _update_group(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("UPDATE_PROFILES", group=_group_id(request))
        fields = await read_json(request)
        profile, group = self._group(request)
        return self._put_group(profile, group, group | read(fields, OF_GROUP))

    async def _remove_group(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        if rights.require_user() != checked_id(request.path_params["id"]):
            rights.require("UPDATE_PROFILES", group=_group_id(request))
        profile, group = self._group(request)
        self._put(profile | {"groups": [each for each in profile["groups"] if each is not group]})
        return JsonAnswer({"records_affected": 1})

    async def _remove_group_fields(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("UPDATE_PROFILES", group=_group_id(request))
        paths = _paths(await read_json(request))
        profile, group = self._group(request)
        return self._put_group(profile, group, without(group, paths, PROTECTED_OF_GROUP))

    async def _find_logs(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_PROFILE_LOG_ENTRIES", group=_group_id(request))
        profile, group = self._group(request)
        of_group = Sql(f"{member('profile_id')} = ? AND {member('group_id')} = ?", (profile["id"], group["group_id"]))
        return page(request, self._store, LOGS, visible=of_group)

    async def _create_log(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        rights.require("CREATE_PROFILE_LOG_ENTRIES", group=_group_id(request))
        text = (await read_json(request)).text("text")
        profile, group = self._group(request)
        now = epoch_ms(self._clock())
        entry = {
            "id": object_id(),
            "profile_id": profile["id"],
            "group_id": group["group_id"],
            "user_id": rights.user_id,
            "text": text,
            "creation_timestamp": now,
            "update_timestamp": now,
        }
        self._store.put(LOGS, entry)
        return JsonAnswer(entry)

    async def _update_log(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        rights.require("CREATE_PROFILE_LOG_ENTRIES", group=_group_id(request))
        text = (await read_json(request)).text("text")
        entry = self._own_entry(request, rights) | {"text": text, "update_timestamp": epoch_ms(self._clock())}
        self._store.put(LOGS, entry)
        return JsonAnswer(entry)

    async def _remove_log(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        rights.require("CREATE_PROFILE_LOG_ENTRIES", group=_group_id(request))
        self._store.delete(LOGS, self._own_entry(request, rights)["id"])
        return JsonAnswer({"records_affected": 1})

    def _changeable(self, request: Request, rights: Rights) -> list[Document]:
        """Return the profiles that the RQL picks among those that the caller may change."""
        allowed = _of(rights.require_user(), rights.groups_with("UPDATE_PROFILES"))
        visible = EVERYTHING if rights.has("UPDATE_PROFILES") else allowed
        return matching(request, self._store, PROFILES, visible=visible)

    def _profile(self, request: Request) -> Document:
        profile = self._store.get(PROFILES, checked_id(request.path_params["id"]))
        if profile is None:
            raise ErrorAnswer(16, "There is no such profile")
        return profile

    def _group(self, request: Request) -> tuple[Document, Document]:
        profile, group_id = self._profile(request), _group_id(request)
        found = [each for each in profile.get("groups", ()) if each["group_id"] == group_id]
        if not found:
            raise ErrorAnswer(16, "The profile has no such group")
        return profile, found[0]

    def _own_entry(self, request: Request, rights: Rights) -> Document:
        profile, group = self._group(request)
        entry = self._store.get(LOGS, checked_id(request.path_params["entry"]))
        if entry is None or (entry["profile_id"], entry["group_id"]) != (profile["id"], group["group_id"]):
            raise ErrorAnswer(16, "There is no such entry")
        if entry["user_id"] != rights.user_id:
            raise ErrorAnswer(10, "Another user wrote this entry")
        return entry

    def _put(self, profile: Document) -> None:
        self._store.put(PROFILES, profile | {"update_timestamp": epoch_ms(self._clock())})

    def _put_all(self, profiles: list[Document]) -> JsonAnswer:
        with self._store.transaction():
            for profile in profiles:
                self._put(profile)
        return JsonAnswer({"records_affected": len(profiles)})

    def _put_group(self, profile: Document, group: Document, changed: Document) -> JsonAnswer:
        self._put(profile | {"groups": [changed if each is group else each for each in profile["groups"]]})
        return JsonAnswer(changed)


def _group_id(request: Request) -> str:
    return checked_id(request.path_params["group"])


def _of(user_id: str, groups: frozenset[str]) -> Sql:
    """Return the user's own profile, and those of the groups."""
    patients = enlisted("patient_enlistments", groups)
    named = enlisted("groups", groups)  # a part for a group has its group_id, too
    # The condition is of constants and question marks.
    of_patients = f"id IN (SELECT id FROM documents WHERE collection = 'users' AND {patients.text})"
    return Sql("id = ?", (user_id,)) | named | Sql(of_patients, patients.values)


def _paths(fields: Fields) -> list[str]:
    paths = fields.optional_texts("fields")
    if paths is None:
        raise ErrorAnswer(14, "The field fields is required")
    return paths


def _listed(names: Sequence[str]) -> Endpoint:
    async def answer(_: Request) -> JsonAnswer:
        return JsonAnswer(single_page(names))

    return answer


def _kind(path: str) -> Kind:
    return "string" if path in {"id", "country", "region", "city", "birthday", "activity"} else "any"
