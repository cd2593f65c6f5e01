"""Users: registration, visibility, changes and deletion.

Without a permission, users see themselves completely, members of the groups where they are staff, and the staff of the
groups where they are a patient. Assumed: a user whom the caller may not see gives 10, whether or not the user exists;
e-mail addresses are case-sensitive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from exh_dev.platform.auth.login import hash_password
from exh_dev.platform.auth.tokens import end_tokens
from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.languages import LANGUAGES
from exh_dev.platform.localizations.service import DEFAULT_LANGUAGE
from exh_dev.platform.payments.subscriptions import forget_user as forget_subscriptions
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.sql import EVERYTHING, NOTHING, Sql
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users import views
from exh_dev.platform.users.passwords import check_policy
from exh_dev.platform.users.verification import forget_requests, request_activation

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.users.views import View

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CHANGEABLE = ("first_name", "last_name", "phone_number", "language", "time_zone")
_TIME_ZONE = "UTC"  # where a registration names none; not documented
_MODES = ("hash", "pin_code", "manual")


def checked_email(fields: Fields) -> str:
    """Return the e-mail address in a body.

    Raises:
        ErrorAnswer: 14, or 15 when it is none.
    """
    email = fields.text("email")
    if not _EMAIL.fullmatch(email):
        raise ErrorAnswer(15, "The field email must be an e-mail address")
    return email


def new_user(
    *, first_name: str, last_name: str, email: str, phone_number: str = "", language: str = DEFAULT_LANGUAGE, now: float
) -> Document:
    """Return the record of a user who is not activated, has no password and no permissions."""
    return {
        "id": object_id(),
        "first_name": first_name,
        "last_name": last_name,
        "email": email,
        "phone_number": phone_number,
        "language": language,
        "time_zone": _TIME_ZONE,
        "activation": False,
        "role_ids": [],
        "staff_enlistments": [],
        "patient_enlistments": [],
        "failed_count": 0,
        "password_hash": "",
        "creation_timestamp": epoch_ms(now),
        "update_timestamp": epoch_ms(now),
    }


@dataclass
class Accounts:
    """The users of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of users themselves."""
        return [
            Route(f"{base}/me", self._me, methods=["GET"]),
            Route(f"{base}/register", self._register, methods=["POST"]),
            Route(f"{base}/email_available", self._email_available, methods=["GET"]),
            Route(f"{base}/patients", self._patients, methods=["GET"]),
            Route(f"{base}/staff", self._staff, methods=["GET"]),
            Route(base, self._find, methods=["GET"]),
            Route(base, self._remove_many, methods=["DELETE"]),
            Route(f"{base}/{{id}}", self._get, methods=["GET"]),
            Route(f"{base}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{base}/{{id}}", self._remove, methods=["DELETE"]),
            Route(f"{base}/{{id}}/email", self._update_email, methods=["PUT"]),
            Route(f"{base}/{{id}}/profile_image", self._set_image, methods=["PUT"]),
            Route(f"{base}/{{id}}/profile_image", self._remove_image, methods=["DELETE"]),
            Route(f"{base}/{{id}}/reset_failed_login_attempts", self._reset_failures, methods=["POST"]),
        ]

    async def _me(self, request: Request) -> Response:
        shown = views.own_view(user_of(request), self.store, self.clock)
        if shown is None:
            raise ErrorAnswer(16, "The user does not exist")
        return Response(shown, media_type="application/json")

    async def _register(self, request: Request) -> Response:
        fields = await read_json(request)
        mode = _mode(fields)
        now = self.clock()
        names = {name: fields.text(name) for name in ("first_name", "last_name")}
        email, phone_number, language = checked_email(fields), fields.text("phone_number"), fields.text("language")
        user = new_user(now=now, **names, email=email, phone_number=phone_number, language=language) | _coded(fields)
        password = fields.text("password")
        check_policy(self.store, password)
        user["password_hash"] = hash_password(password)
        if self.store.one(views.COLLECTION, "email", str(user["email"])):
            raise ErrorAnswer(203, "This e-mail address is used by another user")
        with self.store.transaction():
            self.store.put(views.COLLECTION, user)
            send = request_activation(self.store, user, mode, now=now)
            events.publish(self.store, "user_created", {"id": user["id"]}, now=now)
        await send()
        return self._answer(user)

    async def _email_available(self, request: Request) -> JSONResponse:
        email = request.query_params.get("email")
        if not email:
            raise ErrorAnswer(14, "The query parameter email is required")
        return JSONResponse({"email_available": self.store.one(views.COLLECTION, "email", email) is None})

    async def _find(self, request: Request) -> Response:
        rights = rights_of(request, self.store)
        me = rights.require_user()
        if rights.has("VIEW_USER"):
            return views.page(request, self.store, visible=EVERYTHING, view=views.FULL, show=self._shown(views.FULL))
        visible = Sql("id = ?", (me,)) | _members(rights)
        return views.page(request, self.store, visible=visible, view=views.MEMBER, show=self._shown(views.MEMBER, me))

    async def _patients(self, request: Request) -> Response:
        return self._enlisted(request, "patient_enlistments", "VIEW_PATIENTS", views.PATIENT)

    async def _staff(self, request: Request) -> Response:
        return self._enlisted(request, "staff_enlistments", "VIEW_STAFF", views.STAFF)

    def _enlisted(self, request: Request, kind: str, permission: str, view: View) -> Response:
        rights = rights_of(request, self.store)
        rights.require_user()
        if rights.has(permission):
            visible = _any_enlistment(kind)
        elif rights.staff_groups:
            visible = views.enlisted(kind, rights.staff_groups)
        else:
            raise ErrorAnswer(10, f"This call needs the permission {permission}, or to be staff of a group")
        return views.page(request, self.store, visible=visible, view=view, show=self._shown(view))

    async def _get(self, request: Request) -> Response:
        user_id = checked_id(request.path_params["id"])
        rights = rights_of(request, self.store)
        me = rights.require_user()
        if me == user_id or rights.has("VIEW_USER"):
            return self._answer(self._existing(user_id))
        sights = [
            (views.MEMBER, _members(rights)),
            (views.PATIENT, _any_enlistment("patient_enlistments") if rights.has("VIEW_PATIENTS") else NOTHING),
            (views.STAFF, _any_enlistment("staff_enlistments") if rights.has("VIEW_STAFF") else NOTHING),
        ]
        seen = [view for view, condition in sights if self._is(user_id, condition)]
        if seen:  # what any of them shows is shown
            return JSONResponse(
                views.shown(self._existing(user_id), self.store, self.clock(), frozenset.intersection(*seen))
            )
        if rights.has("VIEW_PATIENTS") or rights.has("VIEW_STAFF"):
            raise ErrorAnswer(16, "The user does not exist, or may not be seen")
        raise ErrorAnswer(10, "This call needs the permission VIEW_USER")

    async def _update(self, request: Request) -> Response:
        user, fields = await self._changing(request, "UPDATE_USER")
        changes = {name: fields.optional_text(name) for name in _CHANGEABLE} | _coded(fields)
        return self._changed(user, {name: value for name, value in changes.items() if value is not None})

    async def _update_email(self, request: Request) -> Response:
        user, fields = await self._changing(request, "UPDATE_USER_EMAIL")
        email, mode = checked_email(fields), _mode(fields)
        other = self.store.one(views.COLLECTION, "email", email)
        if other is not None and other["id"] != user["id"]:
            raise ErrorAnswer(203, "This e-mail address is used by another user")
        now = self.clock()
        user |= {"email": email, "activation": False, "update_timestamp": epoch_ms(now)}
        with self.store.transaction():
            self.store.put(views.COLLECTION, user)
            forget_requests(self.store, user["id"])  # links mailed to the old address become invalid
            send = request_activation(self.store, user, mode, now=now, again=True)
        await send()
        return self._answer(user)

    async def _remove(self, request: Request) -> JSONResponse:
        self._delete([self._changeable(request, "DELETE_USER")])
        return JSONResponse({"records_affected": 1})

    async def _remove_many(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self.store)
        me = rights.require_user()
        visible = EVERYTHING if rights.has("DELETE_USER") else Sql("id = ?", (me,))
        chosen = views.chosen(request, self.store, visible=visible)
        self._delete(chosen)
        return JSONResponse({"records_affected": len(chosen)})

    async def _set_image(self, request: Request) -> Response:
        user, fields = await self._changing(request, "UPDATE_PROFILE_IMAGE")
        return self._changed(user, {"profile_image": fields.text("hash")})

    async def _remove_image(self, request: Request) -> Response:
        user = self._changeable(request, "UPDATE_PROFILE_IMAGE")
        user.pop("profile_image", None)
        return self._changed(user, {})

    async def _reset_failures(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("RESET_FAILED_LOGIN_ATTEMPTS")
        user = self._existing(checked_id(request.path_params["id"]))
        self.store.put(views.COLLECTION, {**user, "failed_count": 0})
        return JSONResponse({"records_affected": 1})

    async def _changing(self, request: Request, permission: str) -> tuple[Document, Fields]:
        """Return the user of the path, and the body. The user is read last: it may change while the body arrives."""
        self._changeable(request, permission)
        fields = await read_json(request)
        return self._changeable(request, permission), fields

    def _changeable(self, request: Request, permission: str) -> Document:
        """Return the user of the path, when it is the caller or the caller has the permission."""
        user_id = checked_id(request.path_params["id"])
        rights = rights_of(request, self.store)
        if rights.require_user() != user_id:
            rights.require(permission)
        return self._existing(user_id)

    def _existing(self, user_id: str) -> Document:
        user = self.store.get(views.COLLECTION, user_id)
        if user is None:
            raise ErrorAnswer(16, "The user does not exist")
        return user

    def _is(self, user_id: str, condition: Sql) -> bool:
        return self.store.count(views.COLLECTION, Sql("id = ?", (user_id,)) & condition) == 1

    def _changed(self, user: Document, changes: Document) -> Response:
        user |= {**changes, "update_timestamp": epoch_ms(self.clock())}
        self.store.put(views.COLLECTION, user)
        return self._answer(user)

    def _delete(self, users: list[Document]) -> None:
        with self.store.transaction():
            for user in users:
                self.store.delete(views.COLLECTION, user["id"])
                self.store.delete("mfa_settings", user["id"])
                forget_requests(self.store, user["id"])
                end_tokens(self.store, "userId", user["id"])
                forget_subscriptions(self.store, user["id"], now=self.clock())
                events.publish(self.store, "user_deleted", {"id": user["id"]}, now=self.clock())

    def _answer(self, user: Document) -> Response:
        return Response(views.full_view(user, self.store, self.clock()), media_type="application/json")

    def _shown(self, view: View, me: str | None = None) -> views.Show:
        """Return users as a view shows them, and the caller in full."""
        return lambda user: views.shown(user, self.store, self.clock(), views.FULL if user["id"] == me else view)


def _members(rights: Rights) -> Sql:
    """Return the condition for members of groups where the caller is staff, and staff where the caller is a patient."""
    staff_of = rights.staff_groups | rights.patient_groups
    return views.enlisted("patient_enlistments", rights.staff_groups) | views.enlisted("staff_enlistments", staff_of)


def _any_enlistment(kind: str) -> Sql:
    return Sql(f"json_array_length(body, '$.{kind}') > 0")


def _coded(fields: Fields) -> dict[str, str]:
    """Return the language, time zone and other codes in a body.

    Raises:
        ErrorAnswer: 15 for an invalid language or time zone.
    """
    found = {name: text for name in ("language", "time_zone") if (text := fields.optional_text(name)) is not None}
    if found.get("language", DEFAULT_LANGUAGE) not in LANGUAGES:
        raise ErrorAnswer(15, "The field language must be a language code, two capital letters such as EN")
    if not found.get("time_zone"):
        found.pop("time_zone", None)
    else:
        from exh_dev.platform.templates.written_dates import zone_of

        try:
            zone_of(found["time_zone"])
        except ValueError:
            raise ErrorAnswer(15, "The field time_zone must be the name of a time zone") from None
    return found


def _mode(fields: Fields) -> str:
    mode = fields.optional_text("activation_mode") or "hash"
    if mode not in _MODES:
        raise ErrorAnswer(15, f"The field activation_mode must be one of {', '.join(_MODES)}")
    return mode
