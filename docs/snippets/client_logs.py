from collections import Counter
from datetime import datetime

from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def refusals(exh: ExtraHorizon, application_id: str, since: datetime) -> dict[int, int]:
    """How often calls of an application were refused since then, by HTTP status."""
    query = rql.eq("applicationId", application_id).ge("timestamp", since).in_("httpStatus", [401, 403])
    return dict(Counter(call["httpStatus"] for call in exh.logs.access.find_all(query)))
