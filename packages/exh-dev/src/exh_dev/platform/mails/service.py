"""The mail service.

Snake_case members and epoch milliseconds, except in the list of queued mails. Without the permission, users may send to
their own activated address (204), and staff to the patients of their groups. Assumed: an unknown tracking hash affects
no records. Templates that staff may send to anyone are not supported: no endpoint to configure them is known.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.forwarding import QUEUED, Forwarder
from exh_dev.platform.mails.sending import (
    COLLECTION,
    Attachment,
    check_address,
    checked_addresses,
    checked_recipients,
    forget,
    is_secret,
    send_by_template,
    send_plain,
    shown,
)
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import Sql, member

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/mail/v1"
_TYPE = re.compile(r"[\w.+\-]+/[\w.+\-]+( *;[\x20-\x7e]*)?", re.ASCII)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("id", "creator_id", "subject", "template_id", "template_name", "from", "language"), "string"),
    **dict.fromkeys(("views", "creation_timestamp", "update_timestamp"), "number"),
}
_QUEUED_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("id", "status", "subject", "from"), "string"),
    **dict.fromkeys(("creationTimestamp", "updateTimestamp"), "number"),
}


class MailService(Service):
    """The mails of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock, smtp: str | None = None) -> None:
        """Serve the mails of `store`; copies go to `smtp`, HOST:PORT.

        Raises:
            DevkitError: `smtp` is something else.
        """
        self._store = store
        self._clock = clock
        store.index("mails_tracking_hash", COLLECTION, [member("tracking_hash")])
        if smtp is not None:
            Forwarder(store, smtp, clock=clock)

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        return [
            Route(BASE, self._send, methods=["POST"]),
            Route(BASE, self._find, methods=["GET"]),
            Route(f"{BASE}/queued", self._queued, methods=["GET"]),
            Route(f"{BASE}/{{hash}}/open", self._open, methods=["GET"]),
            Route(f"{BASE}/{{id}}", self._remove, methods=["DELETE"]),
        ]

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_MAILS")
        return page(
            request,
            self._store,
            COLLECTION,
            shape=lambda path: _KINDS.get(path, "any"),
            show=shown,
            is_hidden=is_secret,
        )

    async def _queued(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_MAILS")
        return page(request, self._store, QUEUED, shape=lambda path: _QUEUED_KINDS.get(path, "any"))

    async def _send(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require_user()
        fields = await read_json(request)
        rights = rights_of(request, self._store)  # as they are now: other requests may have changed them meanwhile
        recipients = fields.optional_object("recipients")
        if recipients is None:
            raise ErrorAnswer(14, "The field recipients is required")
        self._check_recipients(rights, checked_recipients(recipients))
        common: dict[str, Any] = {
            "recipients": recipients,
            "now": self._clock(),
            "creator_id": rights.user_id,
            "sender": _sender(fields),
            "reply_to": _reply_to(fields),
            "attachments": _attachments(fields),
        }
        template_id, template_name = fields.optional_text("template_id"), fields.optional_text("template_name")
        if template_id and template_name:
            raise ErrorAnswer(15, "The fields template_id and template_name exclude each other")
        if not (template_id or template_name):
            mail = send_plain(self._store, subject=fields.text("subject"), body=fields.text("body"), **common)
            return JsonAnswer(mail)
        mail = await send_by_template(
            self._store,
            template_id=checked_id(template_id) if template_id else None,
            template_name=template_name,
            content=fields.optional_object("content") or {},
            language=fields.optional_text("language"),
            time_zone=fields.optional_text("time_zone"),
            **common,
        )
        return JsonAnswer(mail)

    async def _open(self, request: Request) -> JsonAnswer:
        wanted = Sql(f"{member('tracking_hash')} = ?", (request.path_params["hash"],))
        found = self._store.matching(COLLECTION, wanted)
        for mail in found:
            self._store.put(COLLECTION, {**mail, "views": mail["views"] + 1})
        return JsonAnswer({"records_affected": len(found)})

    async def _remove(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("DELETE_MAILS")
        mail_id = checked_id(request.path_params["id"])
        if self._store.text(COLLECTION, mail_id) is None:
            raise ErrorAnswer(16, "There is no mail with this id")
        with self._store.transaction():
            forget(self._store, mail_id)
            self._store.delete(QUEUED, mail_id)
        return JsonAnswer({"records_affected": 1})

    def _check_recipients(self, rights: Rights, recipients: dict[str, list[str]]) -> None:
        """Check that the caller may send to all recipients.

        Raises:
            ErrorAnswer: 10 when not, 204 for the own address while it is not activated.
        """
        if rights.has("SEND_MAILS") or rights.user is None:
            return
        for address in {each for kind in recipients.values() for each in kind}:
            if address == rights.user["email"]:
                if not rights.user["activation"]:
                    raise ErrorAnswer(204, "The user's e-mail address is not activated")
            elif not self._is_patient(address, rights):
                raise ErrorAnswer(
                    10, "This call needs the permission SEND_MAILS, or recipients who are patients of the user"
                )

    def _is_patient(self, address: str, rights: Rights) -> bool:
        user = self._store.one("users", "email", address)
        groups = {each["group_id"] for each in user["patient_enlistments"]} if user else set()
        return not groups.isdisjoint(rights.staff_groups)


def _sender(fields: Fields) -> str | None:
    sender = fields.optional_text("from")
    if sender is not None:
        check_address("from", sender)
    return sender


def _reply_to(fields: Fields) -> list[str] | None:
    value = fields.value("reply_to")
    return None if value is None else checked_addresses("reply_to", value)


def _attachments(fields: Fields) -> list[Attachment]:
    """Return the attachments of a body.

    Raises:
        ErrorAnswer: 14 or 15 when one cannot be.
    """
    listed = fields.value("attachments")
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ErrorAnswer(15, "The field attachments must be a list of objects")
    return [_attachment(each) for each in listed]


def _attachment(given: dict[str, Any]) -> Attachment:
    name, content, kind = given.get("name"), given.get("content"), given.get("type")
    if name is None or content is None:
        raise ErrorAnswer(14, "An attachment needs the fields name and content")
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ErrorAnswer(15, "The name of an attachment must be a string on one line")
    if kind is not None and not (isinstance(kind, str) and _TYPE.fullmatch(kind)):
        raise ErrorAnswer(15, "The type of an attachment must be a MIME type")
    try:
        base64.b64decode(content if isinstance(content, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise ErrorAnswer(15, "The content of an attachment must be base64") from None
    return Attachment(name, content, kind)
