"""A function that a paid order starts: it looks the order up, and marks it."""

from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql
from extrahorizon.task import Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    order = exh.payments.orders.find_by_id(task.data["orderId"])
    marked = exh.payments.orders.add_tags_to_order(rql=rql.eq("id", task.data["orderId"]), tags=["delivered"])
    return {"status": order["status"] if order else None, "marked": marked}
