"""Identifiers and secrets in the platform's formats."""

from __future__ import annotations

import secrets
import time
from itertools import count

_PROCESS = secrets.token_hex(5)
_COUNTER = count(secrets.randbelow(1 << 23))


def object_id() -> str:
    """A MongoDB ObjectId, 24 lower-case hex characters: the time in seconds, a number of the process, and a counter,
    so that ids sort in the order they were made.
    """
    return f"{int(time.time()):08x}{_PROCESS}{next(_COUNTER) & 0xFFFFFF:06x}"


def hex40() -> str:
    """A consumer key, token or secret: 40 random hex characters."""
    return secrets.token_hex(20)
