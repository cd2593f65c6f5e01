"""Structured logging: JSON lines, redacted by name.

`logger` is Powertools' Logger; `logger.info("stored", extra={"document_id": id})` writes one JSON line.

**A secret in a value**

    >>> from extrahorizon.log import redact
    >>> redact({"user": {"id": "57f3", "password": "hunter2"}})
    {'user': {'id': '57f3', 'password': '[redacted]'}}

Two things keep secrets and patients out of the log. Members whose name says they are secret are replaced at
any depth, wherever they were added (message, `extra`, appended keys) and also on lines that other loggers write
through Lambda's own handler. And the libraries that print headers, bodies or query strings at DEBUG are capped
at INFO or above: Lambda's runtime lowers the root logger, and a root level must not open them.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from math import inf, isfinite
from typing import Any

from aws_lambda_powertools.logging import Logger

import extrahorizon.quiet_loggers  # noqa: F401 - caps them
from extrahorizon.redaction import DEPTH, REDACTED, is_secret_name, redact

__all__ = ["DEPTH", "REDACTED", "RedactingFilter", "add_to_invocation", "begin_invocation", "is_secret_name"]
__all__ += ["keep_keys", "logger", "redact"]


class RedactingFilter(logging.Filter):
    """Redacts what a record carries as `extra`, as its message or as arguments. Never drops a record.

    **For a handler of your own**

        >>> import logging
        >>> handler = logging.StreamHandler()
        >>> handler.addFilter(RedactingFilter())
    """

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
    """Return a log line as strict JSON (RFC 8259), whatever values were logged."""
    redacted = redact(entry)
    try:
        text = _dumps(redacted)
    except ValueError:  # a number that is not finite, or that has thousands of digits
        text = _dumps(_readable(redacted))
    return text.encode(errors="backslashreplace").decode()  # half a character by its escape, as JavaScript writes it


def _dumps(entry: Any) -> str:
    return json.dumps(entry, default=_shown, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - of a class that is not ours
        return f"<{type(value).__name__}>"


def _readable(value: Any) -> Any:
    """Return a value with strings in place of numbers that JSON lacks or Python refuses to print."""
    if isinstance(value, dict):
        return {name: _readable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_readable(each) for each in value]
    if isinstance(value, float) and not isfinite(value):
        return {inf: "Infinity", -inf: "-Infinity"}.get(float(value), "NaN")
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        return hex(value)
    return value


_LONGEST_NUMBER = 10_000  # bits; Python prints no more than 4,300 digits


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
    """Reset the log keys to the project's and these, for a new invocation."""
    logger.structure_logs(**_project_keys)
    add_to_invocation(**keys)


def add_to_invocation(**keys: Any) -> None:
    """Add keys to the remaining log lines of this invocation.

    **Which document a line is about**

        >>> add_to_invocation(document_id="6968c223f7f029ecb98abe97")
    """
    global _has_begun  # noqa: PLW0603 - one process runs one function
    _has_begun = True
    logger.append_keys(**keys)
