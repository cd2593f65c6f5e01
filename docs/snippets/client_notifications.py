from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def unseen(exh: ExtraHorizon) -> dict[str, int]:
    """How many notifications of each type the user who calls has not seen."""
    counts: dict[str, int] = {}
    for notification in exh.notifications.find_all(rql.eq("viewed", False).select(["id", "type"])):
        counts[notification["type"]] = counts.get(notification["type"], 0) + 1
    return counts


def see_all(exh: ExtraHorizon) -> int:
    """Mark all of them as viewed."""
    return exh.notifications.mark_as_viewed(rql=rql.eq("viewed", False))
