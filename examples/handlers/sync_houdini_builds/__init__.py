"""Copy the production builds of a SideFX product into documents: those that have none yet, the oldest first.

A schedule starts it each day. `builds.py` reads what SideFX lists and creates the documents.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.sidefx import service

from handlers.sync_houdini_builds.builds import synchronize
from shared.session import ExtraHorizon, Task, task_handler

PRODUCT = "houdini"  # unless the task's data has another; that of a schedule in template.yaml has none
sidefx = service()  # once per worker: warm invocations use its connection and its access token again


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    sidefx.remaining = exh.deadline.remaining
    product = task.text("product") if "product" in task.data else PRODUCT
    platform = task.text("platform") if "platform" in task.data else None
    listed = sidefx.download.get_daily_builds_list(product, platform=platform, only_production=True)
    return synchronize(exh, product, listed)
