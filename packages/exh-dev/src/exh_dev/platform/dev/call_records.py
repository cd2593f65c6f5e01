"""Records of a function's calls for display: a summary, and separately the two bodies.

    number, timestamp, method, path, query, rql, status, duration_ms, attempt, waited_ms
    request    `headers`, `type`, `size`; the body in a complete call
    answer     the same
    error      the platform's `code`, `name` and `message`, and the `check` that failed
    checks     the permissions that were checked, with the results
    schema     of documents: its `id` and its `name`
    changes    records created, updated or deleted

Secrets are removed; see `shown_bodies.py`.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from exh_dev.json_text import encodable_text
from exh_dev.platform.data.collections import SCHEMAS
from exh_dev.platform.dev.effects import kind_of
from exh_dev.platform.dev.readable_rql import has_secret, readable
from exh_dev.platform.dev.shown_bodies import (
    hidden_inside,
    is_login,
    is_secret,
    kept,
    shown,
    without_file_tokens,
    without_secrets,
)
from extrahorizon.redaction import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exh_dev.platform.dev.effects import Effects
    from exh_dev.platform.dev.function_calls import Body, Call
    from exh_dev.platform.storage.store import Document, Store

#: Request headers that say how a call is meant. Not Authorization, nor what HTTP itself needs.
_HEADERS = re.compile(rb"accept(-language)?|content-(disposition|encoding|language|range|type)|if-.*|prefer|range|x-.*")
_NO_HEADERS = (b"x-amzn-trace-id", b"x-forwarded-proto")
_OF_SCHEMA = re.compile(r"/data/v1/([^/]+)")
_ID_LENGTH = 24
_MOST_CHANGES = 50  # that a call names
_REFUSED = (401, 403)
_LONGEST_QUERY = 8_192  # characters: longer ones are cut, for records stay in memory


class Records:
    """Creates the records of calls. It caches lookups, so use it only briefly."""

    def __init__(self, store: Store) -> None:
        """`store` resolves names."""
        self._store = store
        self._schemas: dict[str, dict[str, str]] = {}

    def of(self, calls: Iterable[Call]) -> list[dict[str, Any]]:
        """Return the calls of an invocation as a list shows them, in their order."""
        return list(self.each(calls))

    def each(self, calls: Iterable[Call]) -> Iterator[dict[str, Any]]:
        """Yield the same, one after the other. Which `attempt` at the same call each is, and how long was waited
        before, `waited_ms`, is seen by its method and path.
        """
        failed: dict[tuple[str, str], tuple[float, int]] = {}
        for call in calls:
            effects = call.effects
            key = effects.method, effects.path
            before = failed.pop(key, None)
            if call.record is None:
                began = call.ended - (effects.duration_ms or 0.0) / 1000
                waited = max(0, round((began - before[0]) * 1000)) if before else None
                attempt = before[1] + 1 if before else 1
                call.record = self._record(call, {"attempt": attempt, "waited_ms": waited})
            if not effects.status or effects.status >= HTTPStatus.BAD_REQUEST:
                failed[key] = call.ended, call.record["attempt"]
            yield call.record

    def changes(self, effects: Effects) -> list[dict[str, Any]]:
        """Return what a request created, changed or deleted, and inside of which of its `transitions`."""
        found = []
        has_failed = (effects.status or 0) >= HTTPStatus.BAD_REQUEST
        for (collection, thing), place in effects.stored.items():
            document = self._store.get(collection, thing)
            if document is None and (has_failed or effects.made(thing)):
                continue  # taken back, or an item of a queue that was done with meanwhile
            change = "deleted" if document is None else "created" if effects.made(thing) else "changed"
            named = self._name(collection, document or {})
            inside = {} if place is None else {"transition": place}
            found.append({"kind": kind_of(collection), "id": thing, "change": change, **named, **inside})
        return found

    def _record(self, call: Call, attempt: dict[str, Any]) -> dict[str, Any]:
        effects = call.effects
        changes = self.changes(effects) if effects.stored else []
        members = {
            "rql": None,
            **_query(call, effects.path),
            "error": _error(call),
            "checks": _checks(effects),
            "schema": self.schema_of(effects.path),
            "changes": changes[:_MOST_CHANGES],
            "more_changes": len(changes) - _MOST_CHANGES if len(changes) > _MOST_CHANGES else None,
            "transitions": [move._asdict() for move in effects.moves],
        }
        return {
            "number": effects.number,
            "timestamp": effects.timestamp,
            "method": effects.method,
            "path": without_file_tokens(effects.path),
            "status": effects.status or 0,
            "duration_ms": effects.duration_ms,
            **attempt,
            **{name: value for name, value in members.items() if value},
            "request": _request(call),
            "answer": {"type": _header(call.answer_headers, b"content-type"), "size": call.answer.size},
        }

    def schema_of(self, path: str) -> dict[str, str] | None:
        """Return the schema whose documents a path is about; None where it is about none."""
        found = _OF_SCHEMA.match(path)
        return (self._named(found[1]) or None) if found else None

    def _named(self, asked: str) -> dict[str, str]:
        if asked not in self._schemas:
            self._schemas[asked] = {}
            if len(asked) == _ID_LENGTH and (schema := self._store.get(SCHEMAS, asked)):
                self._schemas[asked] = {"id": asked, "name": schema["name"]}
        return self._schemas[asked]

    def _name(self, collection: str, document: Document) -> dict[str, Any]:
        kind, _, schema_id = collection.partition(":")
        if kind == "documents":
            return {"schema": self._named(schema_id).get("name", schema_id)}
        member = {"tasks": "functionName", "events": "type", "mails": "subject"}.get(kind, "name")
        name = document.get(member)
        return {"name": encodable_text(name)} if isinstance(name, str) else {}


def bodies_of(call: Call) -> dict[str, Any]:
    """Return the two `kept` bodies of a call; `left_out` marks those that were not kept."""
    effects = call.effects
    login = is_login(effects.path)
    has_failed = (effects.status or 0) >= HTTPStatus.BAD_REQUEST
    if not call.is_kept:
        return {"request": {"left_out": True}, "answer": {"left_out": True}}
    encoding = _header(call.headers, b"content-encoding") or ""
    return {
        "request": _kept(call.request, call.headers, encoding=encoding, login=login),
        "answer": _kept(call.answer, call.answer_headers, login=login and not has_failed),
    }


def trace_entry(done: Effects, records: Records) -> Document:
    """Return an external request, or a dispatcher's action, in the format of traces."""
    return {
        "id": done.id,
        "timestamp": done.timestamp,
        "method": done.method,
        "path": without_file_tokens(done.path),
        "status": done.status,
        "duration_ms": done.duration_ms,
        "schema": records.schema_of(done.path),
        "changes": records.changes(done),
        "transitions": [move._asdict() for move in done.moves],
    }


def with_bodies(call: Document, bodies: Document) -> Document:
    """Return a call with its two bodies, as `bodies_of` keeps them."""
    parts = {name: {**call[name], "body": shown(body)} for name, body in bodies.items() if name in call}
    return {**call, **parts}


def apart(calls: Any) -> tuple[Any, Document]:
    """Return calls without their bodies, and the bodies by the calls' numbers."""
    if not isinstance(calls, list):
        return calls, {}
    bodies = {}
    found = []
    for call in calls:
        parts = {name: call[name] for name in ("request", "answer") if isinstance(call.get(name), dict)}
        own = {name: each["body"] for name, each in parts.items() if isinstance(each.get("body"), dict)}
        if own:
            bodies[str(call.get("number"))] = own
        bare = {name: {key: value for key, value in each.items() if key != "body"} for name, each in parts.items()}
        found.append({**call, **bare})
    return found, bodies


def _kept(body: Body, headers: Sequence[tuple[bytes, bytes]], *, encoding: str = "", login: bool) -> dict[str, Any]:
    kind = _header(headers, b"content-type") or ""
    return kept(b"".join(body.pieces), body.size, kind, encoding=encoding, login=login)


def _request(call: Call) -> dict[str, Any]:
    content_length = _header(call.headers, b"content-length") or ""
    login = is_login(call.effects.path)
    shown_headers = {}
    for raw_name, raw_value in call.headers:
        if _HEADERS.fullmatch(raw_name) and raw_name not in _NO_HEADERS:
            name = raw_name.decode("latin-1")
            value = without_file_tokens(raw_value.decode("latin-1"))
            shown_headers[name] = REDACTED if is_secret(name, login=login) else value
    size = call.request.size
    announced = int(content_length) if content_length.isascii() and content_length.isdecimal() else 0
    unread = {"unread": True} if announced > size else {}  # it was answered before all of it was read
    kind = _header(call.headers, b"content-type")
    return {"headers": shown_headers, "type": kind, "size": max(size, announced), **unread}


def _query(call: Call, path: str) -> dict[str, Any]:
    if not call.query:
        return {}
    query = call.query.decode("latin-1")
    login = is_login(path)
    rql = readable(query)
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(is_secret(name, login=login) for name, _ in pairs) or (rql is not None and has_secret(rql)):
        return {"query": REDACTED, "rql": hidden_inside(rql) if not login else None}
    masked = without_file_tokens(query)
    plain = unquote_plus(masked)
    if without_file_tokens(plain) != plain:  # a token that is spelt in another way
        masked = REDACTED
    return {"query": masked[:_LONGEST_QUERY], "rql": hidden_inside(rql)}


def _error(call: Call) -> dict[str, Any] | None:
    effects = call.effects
    if (effects.status or 0) < HTTPStatus.BAD_REQUEST:
        return None
    try:
        answer = json.loads(b"".join(call.answer.pieces))
    except ValueError:
        answer = None
    error = hidden_inside(without_secrets(answer)) if isinstance(answer, dict) else {}
    found = {**error, **({"check": effects.check} if effects.check else {})}
    return found or None


def _checks(effects: Effects) -> list[dict[str, Any]]:
    """Return each permission that was checked.

    A call that succeeded without any of them was allowed by ownership.
    """
    is_refused = effects.status in _REFUSED or effects.check is not None
    wanted = effects.check.get("permission", ()) if effects.check else ()
    found = []
    for (name, narrowed), held in effects.permissions.items():
        groups: dict[str, Any] = {}
        if name in wanted or (held is None and is_refused):
            outcome = "refused"
        elif held is None:
            outcome = "own data"
        elif isinstance(held, str):
            outcome = held
        else:
            outcome, groups = "by group", {"groups": list(held)}
        found.append({"permission": ":".join((name, *narrowed)), "outcome": outcome, **groups})
    return found


def _header(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name.lower() == wanted), None)
