from datetime import datetime

from extrahorizon.query import RQL, rql

OPEN = rql.in_("status", ["new", "classified"])
URGENT = rql.gt("data.pulse", 120) | rql.excludes("data.pulse")


def urgent_since(since: datetime, patient_id: str) -> RQL:
    """Open measurements of a patient that want a look, the newest first."""
    mine = rql.eq("creatorId", patient_id).ge("creationTimestamp", since)
    return (OPEN & URGENT & mine).sort("-creationTimestamp")


def from_watch(name: str) -> RQL:
    """Combine a plain string with a builder; its values are encoded already."""
    return "eq(data.device,watch)&contains(data.note)" & rql.like("data.name", name)
