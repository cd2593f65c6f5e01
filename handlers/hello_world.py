"""Greets by name: the one in the task's data, else that of the user the function runs as.

It asks the platform the other way: by `OAuth1Session` of requests-oauthlib, for code that is written for requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from requests_oauthlib import OAuth1Session


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
    name = task.data.get("name") or first_name(exh.oauth1_session(), exh.host)
    logger.info("greeted")
    return {"greeting": f"Hello, {name}!"}


def first_name(session: OAuth1Session, host: str) -> str:
    answer = session.get(f"{host}/users/v1/me", timeout=10)  # seconds
    answer.raise_for_status()
    return str(answer.json()["first_name"])
