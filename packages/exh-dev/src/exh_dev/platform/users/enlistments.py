"""Enlistments of users in groups, as staff or patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.data.group_sync import enlistment_changed
from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users import views
from exh_dev.platform.users.roles import required_texts

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock


@dataclass
class Enlistments:
    """The enlistments of the users of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        patient = f"{base}/{{id}}/patient_enlistments"
        return [
            Route(f"{base}/add_to_staff", self._add_to_staff, methods=["POST"]),
            Route(f"{base}/remove_from_staff", self._remove_from_staff, methods=["POST"]),
            Route(patient, self._add_patient, methods=["POST"]),
            Route(f"{patient}/{{group}}", self._remove_patient, methods=["DELETE"]),
        ]

    async def _add_to_staff(self, request: Request) -> JSONResponse:
        groups, users = await self._staff(request, "ADD_STAFF")
        now = epoch_ms(self.clock())
        with self.store.transaction():
            for user in users:
                enlisted = {each["group_id"] for each in user["staff_enlistments"]}
                user["staff_enlistments"] += [
                    {"group_id": group, "role_ids": [], "creation_timestamp": now, "update_timestamp": now}
                    for group in groups
                    if group not in enlisted
                ]
                self.store.put(views.COLLECTION, {**user, "update_timestamp": now})
        return JSONResponse({"records_affected": len(users)})

    async def _remove_from_staff(self, request: Request) -> JSONResponse:
        groups, users = await self._staff(request, "REMOVE_STAFF", leaving=True)
        now = epoch_ms(self.clock())
        with self.store.transaction():
            for user in users:
                left = [each for each in user["staff_enlistments"] if each["group_id"] not in groups]
                self.store.put(views.COLLECTION, {**user, "staff_enlistments": left, "update_timestamp": now})
        return JSONResponse({"records_affected": len(users)})

    async def _staff(
        self, request: Request, permission: str, *, leaving: bool = False
    ) -> tuple[list[str], list[Document]]:
        """Return the groups in the body, each of which requires the permission, and the users that the RQL selects."""
        rights = rights_of(request, self.store)
        rights.require_user()
        if not rights.groups_with(permission):
            rights.require(permission)
        groups = [checked_id(group) for group in required_texts(await read_json(request), "groups")]
        for group in groups:
            rights.require(permission, group=group)
        if rights.has(permission):
            users = views.chosen(request, self.store)
        else:  # a group's staff must not find out about others by how many are affected
            members = views.enlisted("staff_enlistments", frozenset(groups)) if leaving else EVERYTHING
            users = views.chosen(request, self.store, visible=members, view=views.MEMBER)
        if not users:
            raise ErrorAnswer(16, "No user matches")
        return groups, users

    async def _add_patient(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self.store)
        rights.require_user()
        if not rights.groups_with("ADD_PATIENT"):
            rights.require("ADD_PATIENT")
        fields = await read_json(request)
        group = checked_id(fields.text("group_id"))
        rights.require("ADD_PATIENT", group=group)
        user = self._user(request)
        if any(each["group_id"] == group for each in user["patient_enlistments"]):
            raise ErrorAnswer(17, "The user is a patient of this group already")
        now = self.clock()
        enlistment = {"group_id": group, "expired": False, "creation_timestamp": epoch_ms(now)}
        expiry = fields.optional_integer("expiry_timestamp")
        if expiry is not None:
            enlistment["expiry_timestamp"] = expiry
        user["patient_enlistments"].append(enlistment)
        return self._changed(user, group, added=True)

    async def _remove_patient(self, request: Request) -> JSONResponse:
        group = checked_id(request.path_params["group"])
        rights = rights_of(request, self.store)
        if rights.require_user() != checked_id(request.path_params["id"]):
            rights.require("REMOVE_PATIENT", group=group)
        user = self._user(request)
        left = [each for each in user["patient_enlistments"] if each["group_id"] != group]
        if len(left) == len(user["patient_enlistments"]):
            raise ErrorAnswer(16, "The user is not a patient of this group")
        return self._changed({**user, "patient_enlistments": left}, group, added=False)

    def _changed(self, user: Document, group: str, *, added: bool) -> JSONResponse:
        now = self.clock()
        content = {"user_id": user["id"], "group_id": group}
        with self.store.transaction():
            self.store.put(views.COLLECTION, {**user, "update_timestamp": epoch_ms(now)})
            enlistment_changed(self.store, user["id"], group, added)
            events.publish(self.store, f"patient_enlistment_{'added' if added else 'removed'}", content, now=now)
        return JSONResponse({"records_affected": 1})

    def _user(self, request: Request) -> Document:
        user = self.store.get(views.COLLECTION, checked_id(request.path_params["id"]))
        if user is None:
            raise ErrorAnswer(16, "The user does not exist")
        return user
