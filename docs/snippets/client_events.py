from datetime import datetime

from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql
from extrahorizon.timestamps import parse


def reviewed(exh: ExtraHorizon, measurement_id: str) -> str:
    """Say that a measurement was reviewed; dispatchers for this type act on it."""
    return exh.events.create(type="measurement_reviewed", content={"measurementId": measurement_id})["id"]


def last_review(exh: ExtraHorizon) -> datetime | None:
    """When the last one was."""
    last = exh.events.find_first(rql.eq("type", "measurement_reviewed").sort("-creation_timestamp"))
    return None if last is None else parse(last["creation_timestamp"])
