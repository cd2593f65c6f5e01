"""Delete the data that is left of a user whose account was deleted: documents, files, mails, the profile.

A dispatcher starts it for each event `user_deleted`. `removal.py` goes through the documents of every schema,
`files.py` deletes files, `profile.py` empties the profile, which the platform does not delete.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.errors import InvalidEventError

from handlers.on_user_deleted.removal import remove_user
from shared.session import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    event = task.data.get("event")
    content = event.get("content") if isinstance(event, dict) else None
    if (
        not isinstance(event, dict)
        or event.get("type") != "user_deleted"
        or not isinstance(content, dict)
        or not all(isinstance(each.get("id"), str) for each in (event, content))
    ):
        raise InvalidEventError("the task's data needs event, as a dispatcher of user_deleted adds it")
    return remove_user(exh, content["id"], event["id"])
