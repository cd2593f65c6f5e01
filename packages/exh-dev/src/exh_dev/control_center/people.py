"""Explain users' permissions, list who has one, and create credentials for a user."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from exh_dev.control_center.entries import among_newest
from exh_dev.platform.auth.oauth1 import create_oauth1_token
from exh_dev.platform.http.access import rights_of_user
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.sql import EVERYTHING, Sql
from extrahorizon.permissions import GLOBAL_PERMISSIONS, GROUP_PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store

_MOST_HOLDERS = 200  # of a role: a page that a browser shows at once
_MOST_MEMBERS = 2_000  # users who are counted in groups
_LOOKED_THROUGH = 20_000  # the newest users


def routes(base: str, context: Context) -> list[Route]:
    """Return the routes for permissions and credentials."""
    store = context.store

    async def held(request: Request) -> JsonAnswer:
        """Return what a user may do, everywhere and in groups."""
        return JsonAnswer({"data": rights_of_user(_user(request, store), store).held()})

    async def explain(request: Request) -> JsonAnswer:
        """Return the roles that give a user a permission, and the roles that would."""
        return JsonAnswer(_explained(store, _user(request, store), request.path_params["name"]))

    async def permissions(_: Request) -> JsonAnswer:
        return JsonAnswer({"data": _permissions(store)})

    async def holders(request: Request) -> JsonAnswer:
        return JsonAnswer({"data": _holders(store, request.path_params["name"])})

    async def groups(_: Request) -> JsonAnswer:
        return JsonAnswer({"data": _groups(store)})

    async def credentials(request: Request) -> JsonAnswer:
        """Return a new OAuth1 token of the first application for a user, with all that a client needs."""
        user = _user(request, store)
        details = context.details()
        token = create_oauth1_token(store, details["application_id"], user["id"], now=time.time())
        members = {
            "host": details["host"],
            "consumer_key": details["consumer_key"],
            "consumer_secret": details["consumer_secret"],
            "token": token["token"],
            "token_secret": token["tokenSecret"],
            "email": user["email"],
            "user_id": user["id"],
        }
        return JsonAnswer(members, 201, headers={"Cache-Control": "no-store"})

    return [
        Route(f"{base}/users/{{id}}/permissions", held, methods=["GET"]),
        Route(f"{base}/users/{{id}}/permissions/{{name}}", explain, methods=["GET"]),
        Route(f"{base}/users/{{id}}/credentials", credentials, methods=["POST"]),
        Route(f"{base}/groups", groups, methods=["GET"]),
        Route(f"{base}/permissions", permissions, methods=["GET"]),
        Route(f"{base}/permissions/{{name}}/holders", holders, methods=["GET"]),
    ]


def _user(request: Request, store: Store) -> Document:
    wanted = request.path_params["id"]
    user = store.get("users", wanted)
    if user is None:
        raise ErrorAnswer(16, f"There is no user {wanted}")
    return user


def _grants(names: set[str], wanted: str) -> bool:
    """Return whether one of these permissions is the wanted one, or the one that it narrows: `NAME` for `NAME:ecg`."""
    parts = wanted.split(":")
    return any(":".join(parts[:depth]) in names for depth in range(1, len(parts) + 1))


def _explained(store: Store, user: Document, wanted: str) -> dict[str, Any]:
    by: list[dict[str, Any]] = []
    for role in _roles(store):
        if not _grants(_names(role), wanted):
            continue
        about = {"role": role["name"], "role_id": role["id"], "group": role.get("group_id")}
        if "group_id" not in role:
            by.append({**about, "has": role["id"] in user["role_ids"]})
        else:
            staff = {each["group_id"]: each["role_ids"] for each in user["staff_enlistments"]}
            by.append({**about, "has": role["id"] in staff.get(role["group_id"], ())})
    has = [each for each in by if each["has"]]
    return {
        "permission": wanted,
        "known": wanted.partition(":")[0] in {*GLOBAL_PERMISSIONS, *GROUP_PERMISSIONS},
        "everywhere": any(each["group"] is None for each in has),
        "groups": sorted({each["group"] for each in has if each["group"] is not None}),
        "by": [_without_has(each) for each in has],
        "would_give": [_without_has(each) for each in by if not each["has"]],
    }


def _without_has(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "has"}


def _roles(store: Store) -> Iterator[Document]:
    """Yield the roles that count everywhere, then those of groups, which have a `group_id`."""
    yield from store.matching("roles", EVERYTHING)
    yield from store.matching("group_roles", EVERYTHING)


def _names(role: Document) -> set[str]:
    return {each if isinstance(each, str) else each["name"] for each in role["permissions"]}


def _permissions(store: Store) -> list[dict[str, Any]]:
    """List every permission of the platform or of a role, with the roles that have it."""
    roles = list(_roles(store))
    known = dict.fromkeys([*GLOBAL_PERMISSIONS, *GROUP_PERMISSIONS])
    named = {name for role in roles for name in _names(role)}
    return [
        {
            "name": name,
            "everywhere": [role["name"] for role in roles if "group_id" not in role and name in _names(role)],
            "in_groups": [
                {"role": role["name"], "group": role["group_id"]}
                for role in roles
                if "group_id" in role and name in _names(role)
            ],
        }
        for name in [*known, *sorted(named - set(known))]
    ]


def _groups(store: Store) -> list[dict[str, Any]]:
    """List every group with staff, patients or roles. The platform has no record of a group."""
    found: dict[str, dict[str, Any]] = {}

    def of(group: str) -> dict[str, Any]:
        return found.setdefault(group, {"id": group, "staff": 0, "patients": 0, "roles": []})

    for user in _users_with(store, "group_id", _MOST_MEMBERS):
        for each in user["staff_enlistments"]:
            of(each["group_id"])["staff"] += 1
        for each in user["patient_enlistments"]:
            of(each["group_id"])["patients"] += 1
    for role in store.matching("group_roles", EVERYTHING):
        permissions = sorted(_names(role))
        of(role["group_id"])["roles"].append({"id": role["id"], "name": role["name"], "permissions": permissions})
    return list(found.values())


def _holders(store: Store, wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for role in _roles(store):
        if not _grants(_names(role), wanted):
            continue
        about = {"role": role["name"], "group": role.get("group_id")}
        for user in _users_with(store, role["id"], _MOST_HOLDERS - len(found)):
            in_group = [each["group_id"] for each in user["staff_enlistments"] if role["id"] in each["role_ids"]]
            if role["id"] in user["role_ids"] or role.get("group_id") in in_group:
                found.append({"user_id": user["id"], "email": user["email"], **about})
    return found


def _users_with(store: Store, text: str, most: int) -> list[Document]:
    """Return the newest users whose records contain a text."""
    condition = among_newest("users", _LOOKED_THROUGH, Sql("instr(body, ?)", (text,)))
    return [json.loads(each) for each in store.page("users", condition, ("id DESC",), most, 0)]
