"""The report of a clinic's day: a PDF in a document of `daily-report`, and the mails to the clinic's staff.

There is one document per clinic and day, by a unique index. It names the task that sends the mails (`mailedBy`): only
that task and its retries do.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.query import rql
from extrahorizon.timestamps import iso, parse

from handlers.daily_report.chart import draw
from handlers.daily_report.day import by_hour, day_bounds
from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from extrahorizon.query import RQL
    from extrahorizon.services.data.types import Document

MEASUREMENTS, REPORTS = "clinic-blood-pressure-reading", "daily-report"
PDF_TEMPLATE, MAIL_TEMPLATE = "pdf-daily-report", "mail-daily-report"
MOST_RECIPIENTS = 50  # of one mail
GIVEN_UP = timedelta(minutes=10)  # longer than all attempts of a task take


@dataclass(frozen=True)
class Clinic:
    """A clinic: its group's id, the time zone in which its days begin, and the language of its reports."""

    id: str
    zone: ZoneInfo
    language: str = "EN"


def report(exh: ExtraHorizon, clinic: Clinic, day: date, run: str) -> dict[str, Any]:
    """Make the report of a day unless there is one, and mail it to the clinic's staff unless that has been done.

    Args:
        exh: the client.
        clinic: the clinic of the measurements.
        day: a day that is over.
        run: what a run and its repetitions have in common, the id of the first attempt.

    Returns:
        Whether the report was `made` by this run, and how many mails were sent (`mailed`).
    """
    document = exh.data.documents.find_first(REPORTS, _key(clinic, day))
    made = document is None
    if document is None:
        document = _make(exh, clinic, day, run)
    given_up = datetime.now(UTC) - parse(document["creationTimestamp"]) >= GIVEN_UP
    mailed = _mail(exh, clinic, document) if given_up or document["data"]["mailedBy"] == run else 0
    logger.info("reported", extra={"document_id": document["id"], "new": made, "mails": mailed})
    return {"made": made, "mailed": mailed}


def _key(clinic: Clinic, day: date) -> RQL:
    return rql.eq("data.clinic", clinic.id).eq("data.date", day.isoformat())


def _make(exh: ExtraHorizon, clinic: Clinic, day: date, run: str) -> Document:
    start, end = day_bounds(day, clinic.zone)
    of_day = rql.eq("data.clinic", clinic.id).ge("data.timestamp", iso(start)).lt("data.timestamp", iso(end))
    wanted = ["data.timestamp", "data.systolic", "data.diastolic", "data.category"]
    measured = [each["data"] for each in exh.data.documents.find_all(MEASUREMENTS, of_day.select(wanted))]
    inputs = {
        "date": iso(start),
        "count": len(measured),
        "high": sum(each.get("category", "").startswith("hypertensi") for each in measured),
        "chart": draw(by_hour(measured, start, end, clinic.zone)),
    }
    data = {"templateName": PDF_TEMPLATE, "inputs": inputs, "timeZone": clinic.zone.key, "language": clinic.language}
    token: str = exh.tasks.functions.execute("html-to-pdf", data=data)["result"]["fileToken"]
    logger.info("report made", extra={"file_id": token.partition("-")[0]})
    facts = {"clinic": clinic.id, "date": day.isoformat(), "report": token, "mailedBy": run}
    try:
        return exh.data.documents.create(REPORTS, facts)
    except ResourceAlreadyExistsError:
        exh.files.remove(token)  # another run was faster
        found = exh.data.documents.find_first(REPORTS, _key(clinic, day))
        if found is None:
            raise
        return found


def _mail(exh: ExtraHorizon, clinic: Clinic, document: Document) -> int:
    """Mail a report to the clinic's staff, in parts of `MOST_RECIPIENTS`, and return how many mails were sent."""
    pdf = None
    mailed = 0
    for part, addresses in enumerate(_batches(_staff(exh, clinic.id)), start=1):
        key = rql.eq("template_name", MAIL_TEMPLATE).eq("content.reportId", document["id"]).eq("content.part", part)
        if exh.mails.find_first(key) is not None:
            continue
        pdf = pdf or b64encode(exh.files.retrieve(document["data"]["report"])).decode()
        exh.mails.send(
            recipients={"to": list(addresses)},
            template_name=MAIL_TEMPLATE,
            content={"reportId": document["id"], "part": part, "date": document["data"]["date"]},
            language=clinic.language,
            attachments=[{"name": f"report-{document['data']['date']}.pdf", "content": pdf, "type": "application/pdf"}],
        )
        mailed += 1
    return mailed


def _staff(exh: ExtraHorizon, clinic: str) -> list[str]:
    """Return the addresses of a clinic's staff, in the order of their ids."""
    found: list[str] = []
    page = exh.users.staff(rql.eq("staff_enlistments.group_id", clinic).sort(["id"]).limit(50))
    while True:
        found += [each["email"] for each in page]
        following = page.next()
        if following is None:
            return found
        page = following


def _batches(addresses: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(addresses), MOST_RECIPIENTS):
        yield addresses[start : start + MOST_RECIPIENTS]
