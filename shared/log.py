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
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED = "[redacted]"

_SECRET_WORDS = frozenset(
    {"authorization", "cookie", "cookies", "credential", "credentials", "passcode", "passphrase", "passwd"}
    | {"password", "passwords", "pin", "pwd", "secret", "secrets", "signature", "token", "tokens"}
)
#: "key" alone is an ordinary word; after one of these it is a secret.
_SECRET_KEYS = frozenset({"access", "api", "consumer", "encryption", "license", "private", "signing"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

#: Loggers that say too much, and the least they may be set to. At DEBUG, `requests_oauthlib` and `oauthlib` print the
#: Authorization header, `urllib3` the query string, `botocore` the bodies of Secrets Manager; at INFO, `botocore` tells
#: each time where it found its own credentials.
_CAPPED_LOGGERS = {
    "requests_oauthlib": logging.INFO,
    "oauthlib": logging.INFO,
    "urllib3": logging.INFO,
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
}


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret: `tokenSecret`, `X-Api-Key`, `API_OAUTH_TOKEN`, …"""
    words = [word.lower() for word in _WORDS.findall(name)]
    return not _SECRET_WORDS.isdisjoint(words) or any(
        first in _SECRET_KEYS and second in ("key", "keys") for first, second in pairwise(words)
    )


def redact(value: Any) -> Any:
    """A copy of a JSON-like value with every secret member replaced, at any depth."""
    if isinstance(value, dict):
        return {
            key: REDACTED if isinstance(key, str) and is_secret_name(key) and item is not None else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return value


class RedactingFilter(logging.Filter):
    """Redacts what a record carries as `extra`, as a dict message or as named arguments. Never drops a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace secret members of `record` in place."""
        for name, value in list(record.__dict__.items()):
            if name not in _RECORD_MEMBERS:
                record.__dict__[name] = REDACTED if is_secret_name(name) else redact(value)
        if isinstance(record.msg, dict):
            record.msg = redact(record.msg)
        if isinstance(record.args, dict):
            record.args = redact(record.args)
        return True


_RECORD_MEMBERS = frozenset(logging.makeLogRecord({}).__dict__) | {"aws_request_id", "tenant_id", "message"}


def _to_json(entry: Mapping[str, Any]) -> str:
    return json.dumps(redact(entry), default=str, separators=(",", ":"), ensure_ascii=False)


def _cap_talkative_loggers() -> None:
    for name, level in _CAPPED_LOGGERS.items():
        capped = logging.getLogger(name)
        capped.setLevel(max(capped.level, level))  # a level of its own, so that the root's no longer counts


def _redact_root_handlers() -> None:
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(RedactingFilter())


_cap_talkative_loggers()
_redact_root_handlers()

logger = Logger(
    service=os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "exh-task",
    json_serializer=_to_json,
    use_rfc3339=True,
    utc=True,
)
