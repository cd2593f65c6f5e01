"""The Python client of Extra Horizon, and what its task functions need at run time.

    from extrahorizon import ExtraHorizon, Task, logger, rql, task_handler

    @task_handler
    def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
        logger.info("started")
        return {"user_id": exh.users.me()["id"]}

The names are imported when they are first used: `import extrahorizon.errors` loads neither the client nor the logger,
and a function pays at its cold start for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from extrahorizon.version import __version__

if TYPE_CHECKING:
    from extrahorizon.client import ExtraHorizon
    from extrahorizon.log import logger
    from extrahorizon.query import RQL, rql
    from extrahorizon.task import Task, task_handler

__all__ = ["RQL", "ExtraHorizon", "Task", "__version__", "logger", "rql", "task_handler"]

_MODULES = {
    "ExtraHorizon": "client",
    "RQL": "query",
    "Task": "task",
    "logger": "log",
    "rql": "query",
    "task_handler": "task",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
