"""`/_dev/seed`: load users, documents and files with fixed ids before an event is handled.

    {"users": [{"id": "68498c…", "first_name": "Ada", "permissions": ["VIEW_DOCUMENTS"], "patient_of": ["67c6…"]}],
     "documents": {"pulse": [{"id": "6968c2…", "creatorId": "68498c…", "status": "new", "data": {"pulse": 130}}]},
     "files": [{"token": "6968c223f7f029ecb98abe98-3f0e…", "base64": "MCAg…", "name": "night.edf"}]}

Other members have defaults; values are checked as the platform does. In a seed file, `path` can replace `base64`.
"""

from __future__ import annotations

import binascii
import mimetypes
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.data import history
from exh_dev.platform.data.collections import documents_of
from exh_dev.platform.data.fields import fitted
from exh_dev.platform.files.service import keep_file
from exh_dev.platform.http.access import Rights
from exh_dev.platform.http.bodies import Fields, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.sending import COLLECTION as MAILS
from exh_dev.platform.mails.sending import checked_recipients
from exh_dev.platform.profiles.fields import OF_PROFILE, read
from exh_dev.platform.profiles.service import PROFILES
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

PATH = "/_dev/seed"
PARTS = ("users", "documents", "files", "profiles", "mails")


def routes(store: Store, folder: Path, find_schema: Callable[[str], Document], *, clock: Clock) -> list[Route]:
    """POST loads everything, or nothing if a part is invalid; files' contents go to `folder`."""

    async def seed(request: Request) -> JSONResponse:
        fields = await read_json(request)
        unknown = fields.members.keys() - PARTS
        if unknown:
            raise ErrorAnswer(15, f"A seed has {', '.join(PARTS)}, and no {', '.join(sorted(unknown))}")
        users = [read_user(Fields(_object(each, "a user")), clock()) for each in _list(fields.value("users"), "users")]
        documents = [
            (schema, read_document(Fields(_object(each, "a document")), schema, clock()))
            for name, made in (fields.optional_object("documents") or {}).items()
            for schema in [find_schema(name)]
            for each in _list(made, f"documents of {name}")
        ]
        files = [read_file(Fields(_object(each, "a file"))) for each in _list(fields.value("files"), "files")]
        listed = _list(fields.value("profiles"), "profiles")
        profiles = [read_profile(Fields(_object(each, "a profile")), clock()) for each in listed]
        mails = [read_mail(Fields(_object(each, "a mail")), clock()) for each in _list(fields.value("mails"), "mails")]
        with store.transaction():
            for mail in mails:
                store.put(MAILS, mail)
            for file in files:
                keep_file(store, folder, **file, now=clock())
            for profile in profiles:
                store.put(PROFILES, profile)
            for user, role, group_roles in users:
                store.put("roles", role)
                for group_role in group_roles:
                    store.put("group_roles", group_role)
                known = store.one("users", "email", user["email"])
                if known is not None and known["id"] != user["id"]:
                    raise ErrorAnswer(203, f"Another user has the e-mail address of the user {user['id']}")
                store.put("users", user)
            for schema, document in documents:
                store.put(documents_of(schema), document)
                history.forget(store, document["id"])
                history.note(store, document, Rights(), change="creation", now=clock())
        counts = (len(users), len(documents), len(files), len(profiles), len(mails))
        return JSONResponse(dict(zip(PARTS, counts, strict=True)))

    return [Route(PATH, seed, methods=["POST"])]


def read_user(fields: Fields, now: float) -> tuple[Document, Document, list[Document]]:
    """Return a user, a role with its permissions, and a role in each group where it is staff; all known by the user's
    id.
    """
    user_id = checked_id(fields.text("id"))
    stamps = {"creation_timestamp": epoch_ms(now), "update_timestamp": epoch_ms(now)}
    names = fields.optional_texts("permissions") or []
    permissions = [{"name": name, "description": ""} for name in names]
    role = {"id": user_id, "name": f"seed.{user_id}", "description": "Of a seed", "permissions": permissions, **stamps}
    groups = [checked_id(group) for group in fields.optional_texts("staff_of") or []]
    group_roles = [
        {"id": sha256(f"{user_id}{group}".encode()).hexdigest()[:24], "group_id": group, "name": f"seed.{user_id}",
         "description": "Of a seed", "permissions": names, **stamps}
        for group in groups
    ]  # fmt: skip
    user = {
        "id": user_id,
        "first_name": fields.optional_text("first_name") or "Seeded",
        "last_name": fields.optional_text("last_name") or "User",
        "email": fields.optional_text("email") or f"{user_id}@localhost.example",
        "phone_number": fields.optional_text("phone_number") or "0000000000",
        "language": fields.optional_text("language") or "EN",
        "time_zone": fields.optional_text("time_zone") or "UTC",
        "activation": True,
        "role_ids": [user_id],
        "staff_enlistments": [
            {"group_id": each["group_id"], "role_ids": [each["id"]], **stamps} for each in group_roles
        ],
        "patient_enlistments": [
            {"group_id": checked_id(group), "expired": False, "creation_timestamp": epoch_ms(now)}
            for group in fields.optional_texts("patient_of") or []
        ],
        "failed_count": 0,
        "password_hash": "",
        **stamps,
    }
    return user, role, group_roles


def read_document(fields: Fields, schema: Document, now: float) -> Document:
    status = fields.optional_text("status") or schema["creationTransition"]["toStatus"]
    if status not in schema["statuses"]:
        raise ErrorAnswer(26, f"The schema {schema['name']} has no status {status}")
    timestamp = iso(now)
    creator = checked_id(fields.text("creatorId"))
    return {
        "id": checked_id(fields.text("id")),
        "creatorId": creator,
        "userIds": [checked_id(each) for each in _or(fields.optional_texts("userIds"), [creator])],
        "groupIds": [checked_id(each) for each in fields.optional_texts("groupIds") or []],
        "status": status,
        "statusChangedTimestamp": timestamp,
        "data": fitted(schema, fields.optional_object("data") or {}),
        "creationTimestamp": timestamp,
        "updateTimestamp": timestamp,
    }


def read_file(fields: Fields) -> dict[str, Any]:
    """Return what `keep_file` takes."""
    try:
        content = b64decode(fields.text("base64"), validate=True)
    except (binascii.Error, ValueError):
        raise ErrorAnswer(15, "The field base64 of a file is not base64") from None
    name = fields.optional_text("name") or "data"
    creator = fields.optional_text("creatorId")
    return {
        "token": fields.text("token"),
        "content": content,
        "name": name,
        "mimetype": fields.optional_text("mimetype") or mimetypes.guess_type(name)[0] or "application/octet-stream",
        "creator_id": checked_id(creator) if creator else None,
    }


def read_profile(fields: Fields, now: float) -> Document:
    required = {"country": "BE", "birthday": "1970-01-01", "gender": 0}
    groups = [{"group_id": checked_id(each)} for each in fields.optional_texts("groups") or []]
    stamps = {"creation_timestamp": epoch_ms(now), "update_timestamp": epoch_ms(now)}
    return {"id": checked_id(fields.text("id")), **required, **read(fields, OF_PROFILE), "groups": groups, **stamps}


def read_mail(fields: Fields, now: float) -> Document:
    """Return a mail that was sent before."""
    stamps = {"creation_timestamp": epoch_ms(now), "update_timestamp": epoch_ms(now)}
    recipients = checked_recipients(fields.optional_object("recipients"))
    mail: Document = {"id": checked_id(fields.text("id")), "recipients": recipients, "views": 0, **stamps}
    texts = {name: fields.optional_text(name) for name in ("subject", "body", "template_name", "language")}
    return {**mail, "content": fields.optional_object("content") or {}, **{k: v for k, v in texts.items() if v}}


def _or(given: list[str] | None, default: list[str]) -> list[str]:
    return default if given is None else given


def _list(value: Any, what: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ErrorAnswer(15, f"The {what} are a list")
    return value or []


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ErrorAnswer(15, f"{what.capitalize()} of a seed is an object")
    return value
