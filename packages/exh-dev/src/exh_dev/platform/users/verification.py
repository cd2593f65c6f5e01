"""Verification of e-mail addresses: activation and password reset.

A request for each user and purpose stores the mailed code: a `hash`, or a `pin_code` of 8 digits. It is mailed if a
template is configured; no endpoint shows it. A hash expires after an hour if requests are limited, otherwise never; a
PIN code after 15 minutes. A new request is allowed after 5 minutes (221, 223), and 5 without completing one (220, 222).
Assumed: the request of a registration counts; 5 wrong PIN codes invalidate a request (213).
"""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from exh_dev.platform.auth.login import hash_password
from exh_dev.platform.auth.tokens import end_tokens
from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.sending import send_by_template
from exh_dev.platform.storage.ids import checked_id, hex40, object_id
from exh_dev.platform.storage.listing import page_of, query_of
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.templates.service import settings_of
from exh_dev.platform.users import views
from exh_dev.platform.users.passwords import check_policy, refuse_oidc
from exh_dev.platform.users.settings import EMAIL_TEMPLATES, VERIFICATION, setting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

    #: Sends a mail.
    Mailing = Callable[[], Awaitable[None]]

_LIFETIMES = {"hash": 3_600_000, "pin_code": 900_000}  # milliseconds
_PAUSE = 300_000  # milliseconds between requests
_MOST_REQUESTS = 5
_MOST_ATTEMPTS = 5
_SECRET = ("hash", "pin_code")
_SHOWN = "json_remove(body, '$.hash', '$.pin_code')"


log = logging.getLogger("exh_dev.platform")


@dataclass(frozen=True)
class Purpose:
    """The purpose of a request: its collection, mail, settings and error codes."""

    collection: str
    mail: str
    hash_input: str
    limited: str
    pin_codes: str
    too_many: int
    too_soon: int
    unknown_hash: int
    unknown_pin_code: int


ACTIVATION = Purpose(
    "activation_requests",
    "activation",
    "activation_hash",
    "limit_hash_activation_requests",
    "enable_pin_code_activation_requests",
    too_many=222,
    too_soon=223,
    unknown_hash=205,
    unknown_pin_code=205,
)
RESET = Purpose(
    "forgot_password_requests",
    "password_reset",
    "reset_hash",
    "limit_hash_forgot_password_requests",
    "enable_pin_code_forgot_password_requests",
    too_many=220,
    too_soon=221,
    unknown_hash=207,
    unknown_pin_code=219,
)


def request_activation(store: Store, user: Document, mode: str, *, now: float, again: bool = False) -> Mailing:
    """Start the activation of a new e-mail address, replacing earlier requests; `again` after a change.

    Returns:
        A function that sends the mail; call it outside transactions.

    Raises:
        ErrorAnswer: 218 when PIN codes are not enabled.
    """
    if mode != "manual":
        _check_mode(store, ACTIVATION, mode)
    for earlier in _requests(store, ACTIVATION, user["id"]):
        store.delete(ACTIVATION.collection, earlier["id"])
    if mode == "manual":
        return _no_mail
    return _ask(store, ACTIVATION, user, mode, now=now, mail="reactivation" if again else None)


def request_reset_after_unlinking(store: Store, user: Document, *, now: float) -> Mailing:
    """Start a password reset for a user without a password, by a hash if it has a template, else by a PIN code.

    Assumed: earlier requests do not count.

    Returns:
        A function that sends the mail; call it outside transactions.

    Raises:
        ErrorAnswer: 27 without a template.
    """
    mail = "oidc_unlink"
    mode = next((each for each in ("hash", "pin_code") if _chosen(store, _template_of(mail, each))), None)
    if mode is None:
        raise ErrorAnswer(27, "No e-mail template is configured for unlinking (oidc_unlink_email_template_name)")
    for earlier in _requests(store, RESET, user["id"]):
        store.delete(RESET.collection, earlier["id"])
    return _ask(store, RESET, user, mode, now=now, mail=mail)


def forget_requests(store: Store, user_id: str) -> None:
    """Delete the requests of a user."""
    for purpose in (ACTIVATION, RESET):
        for request in _requests(store, purpose, user_id):
            store.delete(purpose.collection, request["id"])


@dataclass
class Verification:
    """The requests of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of activation, password reset, and their requests."""
        return [
            Route(f"{base}/activation", self._request_activation, methods=["GET"]),
            Route(f"{base}/activation", self._activate, methods=["POST"]),
            Route(f"{base}/forgot_password", self._request_reset, methods=["GET"]),
            Route(f"{base}/forgot_password", self._reset, methods=["POST"]),
            *_listing(base, self.store, ACTIVATION, "VIEW_ACTIVATION_REQUESTS", "DELETE_ACTIVATION_REQUEST"),
            *_listing(base, self.store, RESET, "VIEW_FORGOT_PASSWORD_REQUESTS", "DELETE_FORGOT_PASSWORD_REQUEST"),
        ]

    async def _request_activation(self, request: Request) -> Response:
        user, mode = self._asked(request)
        if user["activation"]:
            raise ErrorAnswer(206, "The user is activated already")
        _check_mode(self.store, ACTIVATION, mode)
        await _ask(self.store, ACTIVATION, user, mode, now=self.clock())()
        return Response()

    async def _activate(self, request: Request) -> Response:
        fields = await read_json(request)
        user = self._proven(fields, ACTIVATION)
        now = self.clock()
        with self.store.transaction():
            self.store.put(views.COLLECTION, {**user, "activation": True, "update_timestamp": epoch_ms(now)})
            self._complete(ACTIVATION, user)
            events.publish(self.store, "user_activation_completed", {"user_id": user["id"]}, now=now)
        return Response()

    async def _request_reset(self, request: Request) -> Response:
        user, mode = self._asked(request)
        refuse_oidc(user)
        if not user["activation"]:
            raise ErrorAnswer(204, "The user is not activated")
        _check_mode(self.store, RESET, mode)
        if not _chosen(self.store, _template_of(RESET.mail, mode)):
            raise ErrorAnswer(27, "No e-mail template is configured for password resets")
        await _ask(self.store, RESET, user, mode, now=self.clock())()
        return Response()

    async def _reset(self, request: Request) -> Response:
        fields = await read_json(request)
        password = fields.text("new_password")
        check_policy(self.store, password)
        user = self._proven(fields, RESET)
        refuse_oidc(user)
        if not user["activation"]:
            raise ErrorAnswer(204, "The user is not activated")
        now = self.clock()
        user |= {"password_hash": hash_password(password), "failed_count": 0, "update_timestamp": epoch_ms(now)}
        with self.store.transaction():
            self.store.put(views.COLLECTION, user)
            self._complete(RESET, user)
            end_tokens(self.store, "userId", user["id"])
            events.publish(self.store, "password_reset_completed", {"user_id": user["id"]}, now=now)
        return Response()

    def _asked(self, request: Request) -> tuple[Document, str]:
        """Return the user and the mode that the query of a URL names."""
        email, mode = request.query_params.get("email"), request.query_params.get("mode") or "hash"
        if not email:
            raise ErrorAnswer(14, "The query parameter email is required")
        if mode not in _LIFETIMES:
            raise ErrorAnswer(15, "The query parameter mode must be hash or pin_code")
        user = self.store.one(views.COLLECTION, "email", email)
        if user is None:
            raise ErrorAnswer(202, "There is no user with this e-mail address")
        return user, mode

    def _proven(self, fields: Fields, purpose: Purpose) -> Document:
        """Return the user of a hash, or of an e-mail address and a PIN code.

        Raises:
            ErrorAnswer: 14 without any, the purpose's own for what is unknown or expired, 213 or 224 for a PIN code.
        """
        now = epoch_ms(self.clock())
        hashed = fields.optional_text("hash")
        if hashed is not None:
            found = self.store.matching(purpose.collection, Sql(f"{member('hash')} = ?", (hashed,)))
            user = self.store.get(views.COLLECTION, found[0]["user_id"]) if found else None
            if user is None or _is_over(found[0], now):
                raise ErrorAnswer(purpose.unknown_hash, "The hash is unknown, or has expired")
            return user
        email, pin_code = fields.text("email"), fields.text("pin_code")
        user = self.store.one(views.COLLECTION, "email", email)
        pending = _requests(self.store, purpose, user["id"]) if user else []
        if user is None or not pending or "pin_code" not in pending[0] or _is_over(pending[0], now):
            raise ErrorAnswer(purpose.unknown_pin_code, "No PIN code was asked for, or it has expired")
        self._check_pin_code(purpose, pending[0], pin_code, now)
        return user

    def _check_pin_code(self, purpose: Purpose, pending: Document, pin_code: str, now: int) -> None:
        failed = pending.get("failed_attempts", 0)
        if failed >= _MOST_ATTEMPTS:
            raise ErrorAnswer(213, "The PIN code was wrong too often; ask for another")
        if not hmac.compare_digest(pending["pin_code"].encode(), pin_code.encode()):
            attempt = {"failed_attempts": failed + 1, "last_failed_attempt_timestamp": now, "update_timestamp": now}
            self.store.put(purpose.collection, {**pending, **attempt})
            raise ErrorAnswer(224, "The PIN code is wrong")

    def _complete(self, purpose: Purpose, user: Document) -> None:
        for request in _requests(self.store, purpose, user["id"]):
            self.store.delete(purpose.collection, request["id"])


def _listing(base: str, store: Store, purpose: Purpose, view: str, delete: str) -> list[Route]:
    """Return the endpoints that show requests, and remove one."""

    async def find(request: Request) -> Response:
        rights_of(request, store).require(view)
        wanted = search(query_of(request), body=_SHOWN)  # a query cannot ask for the secret either
        return page_of(wanted, store, purpose.collection, show=_without_secret)

    async def remove(request: Request) -> JSONResponse:
        rights_of(request, store).require(delete)
        request_id = checked_id(request.path_params["id"])
        if store.get(purpose.collection, request_id) is None:
            raise ErrorAnswer(16, "The request does not exist")
        store.delete(purpose.collection, request_id)
        return JSONResponse({"records_affected": 1})

    path = f"{base}/{purpose.collection}"
    return [Route(path, find, methods=["GET"]), Route(f"{path}/{{id}}", remove, methods=["DELETE"])]


def _ask(store: Store, purpose: Purpose, user: Document, mode: str, *, now: float, mail: str | None = None) -> Mailing:
    """Create or renew a request, within its limits; return a function that sends the mail."""
    timestamp = epoch_ms(now)
    earlier = next(iter(_requests(store, purpose, user["id"])), None)
    limited = mode == "pin_code" or setting(store, VERIFICATION)[purpose.limited]
    if earlier and limited:
        if earlier["request_count"] >= _MOST_REQUESTS:
            raise ErrorAnswer(purpose.too_many, "Too many requests were made without completing one")
        if timestamp - earlier["last_request_timestamp"] < _PAUSE:
            raise ErrorAnswer(purpose.too_soon, "The request comes too soon after the last one")
    request = {
        "id": earlier["id"] if earlier else object_id(),
        "user_id": user["id"],
        "mode": mode,
        "request_count": (earlier["request_count"] if earlier else 0) + 1,
        "last_request_timestamp": timestamp,
        "failed_attempts": 0,
        "creation_timestamp": earlier["creation_timestamp"] if earlier else timestamp,
        "update_timestamp": timestamp,
        mode: hex40() if mode == "hash" else f"{secrets.randbelow(10**8):08}",
    }
    if limited:
        request["expiry_timestamp"] = timestamp + _LIFETIMES[mode]
    store.put(purpose.collection, request)
    content = {purpose.hash_input if mode == "hash" else mode: request[mode]}
    return partial(_mail, store, mail or purpose.mail, user, content, now=now)


async def _no_mail() -> None:
    pass


async def _mail(store: Store, mail: str, user: Document, content: dict[str, str], *, now: float) -> None:
    """Send a mail in the user's language, if a template is configured. Failures are only logged.

    The template also gets the user's names, as `firstname` and `lastname`.
    """
    template = _template_of(mail, "pin_code" if "pin_code" in content else "hash")
    chosen = _chosen(store, template)
    if not chosen:
        return
    language, time_zone = settings_of(user)
    try:
        await send_by_template(
            store,
            template_id=chosen.get("template_id"),
            template_name=chosen.get("template_name"),
            recipients={"to": [user["email"]]},
            content={"firstname": user["first_name"], "lastname": user["last_name"], **content},
            language=language,
            time_zone=time_zone,
            now=now,
        )
    except ErrorAnswer as answer:
        log.warning("The mail for %s was not sent: %s", template, answer)


def _template_of(mail: str, mode: str) -> str:
    """Return the prefix of the settings for a mail's template, before `_id` or `_name`."""
    return f"{mail}{'_pin' if mode == 'pin_code' else ''}_email_template"


def _chosen(store: Store, template: str) -> dict[str, str]:
    """Return the configured template as arguments of `send_by_template`; empty if none."""
    templates = setting(store, EMAIL_TEMPLATES)
    return {f"template_{by}": templates[f"{template}_{by}"] for by in ("id", "name") if f"{template}_{by}" in templates}


def _requests(store: Store, purpose: Purpose, user_id: str) -> list[Document]:
    return store.matching(purpose.collection, Sql(f"{member('user_id')} = ?", (user_id,)))


def _check_mode(store: Store, purpose: Purpose, mode: str) -> None:
    if mode == "pin_code" and not setting(store, VERIFICATION)[purpose.pin_codes]:
        raise ErrorAnswer(218, "PIN codes are not enabled")


def _is_over(request: Document, now: int) -> bool:
    return bool(request.get("expiry_timestamp", now + 1) <= now)


def _without_secret(request: Document) -> Document:
    return {name: value for name, value in request.items() if name not in _SECRET}
