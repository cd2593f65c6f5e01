"""The smallest function there is: reads a name from the task's data and greets it."""

from __future__ import annotations

from shared.session import ExtraHorizon, Task, logger, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
    greeting = greet(task.data.get("name"))
    logger.info("greeted")
    return {"greeting": greeting}


def greet(name: str | None) -> str:
    """A greeting for `name`, or for the world."""
    return f"Hello, {name or 'world'}!"
