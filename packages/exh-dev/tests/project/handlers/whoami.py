"""Says which user the function runs as: the platform's own check that host and credentials fit together."""

from __future__ import annotations

from typing import Any

from shared.session import ExtraHorizon, Task, logger, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    me = exh.users.me()
    logger.info("authenticated", extra={"user_id": me["id"]})
    # The record holds a name, an address and a phone number: only the id leaves this function.
    return {"user_id": me["id"]}
