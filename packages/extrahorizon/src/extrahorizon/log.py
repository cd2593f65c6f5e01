"""Structured logging: JSON lines, redacted by name.

`logger` is Powertools' Logger; `logger.info("stored", extra={"document_id": id})` writes one JSON line.

Two things keep secrets and patients out of the log. Members whose name says they are secret are replaced at
any depth, wherever they were added (message, `extra`, appended keys) and also on lines that other loggers write
through Lambda's own handler. And the libraries that print headers, bodies or query strings at DEBUG are capped
at INFO or above: Lambda's runtime lowers the root logger, and a root level must not open them.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from aws_lambda_powertools.logging import Logger

import extrahorizon.quiet_loggers  # noqa: F401 - caps them

REDACTED = "[redacted]"
DEPTH = 20  # levels of a value that are logged; deeper ones, or a value inside itself, are cut off

_SECRET_WORDS = frozenset(
    {"authorization", "bearer", "cookie", "cookies", "credential", "credentials", "jwt", "otp", "passcode"}
    | {"passphrase", "passwd", "password", "passwords", "pin", "pwd", "secret", "secrets", "signature"}
    | {"token", "tokens"}
)
#: "key" and "code" are ordinary words; after one of these they are secrets.
_SECRET_KEYS = frozenset({"access", "api", "consumer", "encryption", "license", "mfa", "private", "secret", "signing"})
#: Names written without a break between their words.
_RUN_TOGETHER = re.compile(r"(?:api|access|secret|private)keys?$|(?:token|secret|password|passwd)s?$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def is_secret_name(name: str) -> bool:
    """Whether a member of this name is hidden: `tokenSecret`, `X-Api-Key`, `API_OAUTH_TOKEN`, `apikey`, …"""
    words = [word.lower() for word in _WORDS.findall(name)]
    return (
        not _SECRET_WORDS.isdisjoint(words)
        or any(first in _SECRET_KEYS and second in ("code", "key", "keys") for first, second in pairwise(words))
        or any(_RUN_TOGETHER.search(word) for word in words)
    )


def redact(value: Any, depth: int = DEPTH) -> Any:
    """A JSON-like copy of a value with every secret member replaced, at any depth and in any kind of mapping."""
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth == 0:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {
            key if isinstance(key, str) else str(key): (
                REDACTED if item is not None and is_secret_name(str(key)) else redact(item, depth - 1)
            )
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth - 1) for item in value]
    return value


class RedactingFilter(logging.Filter):
    """Redacts what a record carries as `extra`, as its message or as arguments. Never drops a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace secret members of `record` in place."""
        for name, value in list(record.__dict__.items()):
            if name not in _RECORD_MEMBERS:
                record.__dict__[name] = REDACTED if is_secret_name(name) else redact(value)
        record.msg = redact(record.msg)
        if isinstance(record.args, Mapping):  # named arguments
            record.args = redact(record.args)
        elif record.args:
            record.args = tuple(redact(argument) for argument in record.args)
        return True


_RECORD_MEMBERS = frozenset(logging.makeLogRecord({}).__dict__) | {"aws_request_id", "tenant_id", "message"}


def _to_json(entry: Mapping[str, Any]) -> str:
    return json.dumps(redact(entry), default=str, separators=(",", ":"), ensure_ascii=False)


def _redact_handlers() -> None:
    # Lambda's own, on the root, was there before this module; Powertools' formatter adds members of its own, so that
    # its lines are redacted once more when they are written.
    for handler in (*logging.getLogger().handlers, logger.logger_handler):
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(RedactingFilter())


logger = Logger(
    service=os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "exh-task",
    json_serializer=_to_json,
    use_rfc3339=True,
    utc=True,
)
_redact_handlers()
_DEFAULT_KEYS = frozenset(logger.get_current_keys())
_project_keys: dict[str, Any] = {}
_has_begun = False


def keep_keys() -> None:
    """Keep the logger's keys for every invocation: those that a project appends while its modules are imported."""
    if not _has_begun:  # later ones are of an invocation
        keys = logger.get_current_keys()
        _project_keys.update({name: value for name, value in keys.items() if name not in _DEFAULT_KEYS})


def begin_invocation(**keys: Any) -> None:
    """Forget the keys of the invocation before, and give every line of this one the project's keys and these."""
    logger.structure_logs(**_project_keys)
    add_to_invocation(**keys)


def add_to_invocation(**keys: Any) -> None:
    """Give the further lines of this invocation these keys."""
    global _has_begun  # noqa: PLW0603 - one process runs one function
    _has_begun = True
    logger.append_keys(**keys)
