from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def page_of(exh: ExtraHorizon, number: int) -> tuple[list[str], int | None]:
    """Ids on one page of 20 measurements, and how many there are in all."""
    page = exh.data.documents.find("ecg", rql.sort("-creationTimestamp").limit(20, 20 * number))
    return [document["id"] for document in page], page.total


def archive_reviewed(exh: ExtraHorizon) -> int:
    """Archive what was reviewed. That takes it out of the list, so the list is complete before the first change."""
    query = rql.eq("status", "reviewed").select("id").sort("creationTimestamp").limit(100).skip_count()
    ids = [document["id"] for document in exh.data.documents.find_all("ecg", query)]
    return sum(exh.fan_out(lambda id_: exh.data.documents.transition("ecg", id_, name="archive"), ids))
