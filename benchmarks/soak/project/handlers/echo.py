"""A function that returns its event's data, and writes 20 log lines."""

from typing import Any

from extrahorizon import ExtraHorizon, Task, logger, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    for number in range(20):
        logger.info("echo", extra={"number": number})
    return {"echo": task.data}
