from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import InvalidEventError
from extrahorizon.sidefx import newest_first, service
from extrahorizon.task import Task, task_handler

sidefx = service()


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    """Say which production build of a product is the latest."""
    sidefx.remaining = exh.deadline.remaining
    product = task.data.get("product")
    if not isinstance(product, str):
        raise InvalidEventError("the task's data needs a product, such as houdini")
    builds = sidefx.download.get_daily_builds_list(product, only_production=True)
    good = [build for build in builds if build["status"] == "good"]
    return {"latest": newest_first(good)[0] if good else None}
