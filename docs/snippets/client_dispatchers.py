from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def run_at_each_review(exh: ExtraHorizon, function_name: str) -> str:
    """Run a function whenever a `measurement_reviewed` event happens; calling this twice makes one dispatcher."""
    name = f"{function_name}-at-review"
    there = exh.dispatchers.find_first(rql.eq("name", name))
    if there is not None:
        return there["id"]
    made = exh.dispatchers.create(
        name=name,
        eventType="measurement_reviewed",
        actions=[{"type": "task", "name": "run", "functionName": function_name, "data": {"channel": "mail"}}],
    )
    return made["id"]
