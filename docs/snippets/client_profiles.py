from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def smokers(exh: ExtraHorizon, group_id: str) -> list[str]:
    """Ids of a group's patients who smoke."""
    query = rql.eq("groups.group_id", group_id).eq("smoker", True).select("id").sort("creation_timestamp")
    return [profile["id"] for profile in exh.profiles.find_all(query)]


def weigh(exh: ExtraHorizon, user_id: str, kilograms: float) -> int:
    """Write down a patient's weight. The RQL says whose profile is changed, and is never empty."""
    return exh.profiles.update(rql.eq("id", user_id), weight=kilograms)
