"""Refused calls with the check that failed. The latest ones are in memory."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev import effects
from exh_dev.platform.dev.origin import answering
from exh_dev.platform.dev.shown_bodies import hidden_inside, without_file_tokens
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.types import Scope

    from exh_dev.platform.dev.change_notifications import Changes
    from exh_dev.platform.http.error_answers import ErrorAnswer
    from exh_dev.platform.http.oauth1 import Caller

MOST = 500  # the newest; they are in memory
_REFUSED = (401, 403)


class Refusals:
    """The latest refusals of a platform."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._refusals: deque[dict[str, Any]] = deque(maxlen=MOST)

    def note(self, scope: Scope, answer: ErrorAnswer, caller: Caller | None) -> None:
        """Record an answer that reports a missing permission. The query is not recorded."""
        if answer.check is not None:
            effects.refused(answer.check)
        if answer.status not in _REFUSED and answer.check is None:
            return
        self._refusals.append({
            "id": object_id(),
            "timestamp": iso(time.time()),
            "method": scope["method"],
            "path": without_file_tokens(scope["path"]),
            "status": answer.status,
            **hidden_inside(answer.body),
            "check": answer.check,
            "userId": caller and caller.user_id,
            "applicationId": caller and caller.application_id,
            "trace": answering.get(),
        })  # fmt: skip
        self._changes.mark("refusals")

    def newest(self) -> list[dict[str, Any]]:
        """Return the recorded calls, newest first."""
        return list(reversed(self._refusals))
