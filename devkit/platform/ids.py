"""Identifiers and secrets in the platform's formats."""

from __future__ import annotations

import secrets
import time


def object_id() -> str:
    """A MongoDB ObjectId: 24 lower-case hex characters that begin with the time in seconds."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def hex40() -> str:
    """A consumer key, token or secret: 40 random hex characters."""
    return secrets.token_hex(20)
