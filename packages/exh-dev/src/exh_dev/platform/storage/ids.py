"""Identifiers and secrets in the platform's formats."""

from __future__ import annotations

import re
import secrets
import time
from itertools import count

from exh_dev.platform.http.error_answers import ErrorAnswer

_PROCESS = secrets.token_hex(5)
_COUNTER = count(secrets.randbelow(1 << 23))
_OBJECT_ID = re.compile("[0-9a-f]{24}")


def object_id() -> str:
    """Return a MongoDB ObjectId, 24 lower-case hex characters: the time in seconds, a number of the process, and a
    counter, so that ids sort by creation.
    """
    return f"{int(time.time()):08x}{_PROCESS}{next(_COUNTER) & 0xFFFFFF:06x}"


def checked_id(text: str) -> str:
    """Return an id as a client sends it.

    Raises:
        ErrorAnswer: 12 when it has not the form of one.
    """
    if not _OBJECT_ID.fullmatch(text):
        raise ErrorAnswer(12, "An id has 24 hexadecimal characters, in lower case")
    return text


def hex40() -> str:
    """Return a consumer key, token or secret: 40 random hex characters."""
    return secrets.token_hex(20)
