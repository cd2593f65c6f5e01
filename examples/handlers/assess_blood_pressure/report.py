"""The report of a measurement: a PDF made by `html-to-pdf`, and the mail that it is attached to.

Both use templates of the project, in the patient's language and time zone.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from extrahorizon.query import rql

from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

    from handlers.documents import BloodPressureReading, ClinicBloodPressureReading

    Measurement: TypeAlias = BloodPressureReading | ClinicBloodPressureReading

PDF_TEMPLATE, MAIL_TEMPLATE = "pdf-analysis", "mail-analysis"


def make_report(exh: ExtraHorizon, document: Document, patient: dict[str, Any]) -> str:
    """Make a PDF of an analyzed measurement.

    Args:
        exh: the client.
        document: the measurement.
        patient: the user's record, for language and time zone.

    Returns:
        The file's token.
    """
    data = {"templateName": PDF_TEMPLATE, "inputs": _inputs(document), **_locale(patient, "timeZone")}
    token: str = exh.tasks.functions.execute("html-to-pdf", data=data)["result"]["fileToken"]
    # The first half of a token is the file's id; without the other half nobody can read the file.
    logger.info("report made", extra={"document_id": document["id"], "file_id": token.partition("-")[0]})
    return token


def send_mail(exh: ExtraHorizon, document: Document, patient: dict[str, Any]) -> bool:
    """Mail the report of a measurement to its patient, unless the list of mails has one about this document.

    Returns:
        Whether a mail was sent.
    """
    sent = rql.eq("template_name", MAIL_TEMPLATE).eq("content.documentId", document["id"])
    if exh.mails.find_first(sent) is not None:
        logger.info("mailed before", extra={"document_id": document["id"]})
        return False
    pdf = b64encode(exh.files.retrieve(measurement_of(document).get("report", ""))).decode()
    mail = exh.mails.send(
        recipients={"to": [patient["email"]]},
        template_name=MAIL_TEMPLATE,
        content={"documentId": document["id"], "firstName": patient["first_name"], **_inputs(document)},
        attachments=[{"name": "blood-pressure.pdf", "content": pdf, "type": "application/pdf"}],
        **_locale(patient, "time_zone"),
    )
    logger.info("mailed", extra={"document_id": document["id"], "mail_id": mail["id"]})
    return True


def measurement_of(document: Document) -> Measurement:
    """Return the data of a document, typed; of the two schemas one has a clinic besides."""
    return cast("Measurement", document["data"])


def _inputs(document: Document) -> dict[str, Any]:
    """Return the inputs that both templates have in common."""
    data = measurement_of(document)
    return {
        "timestamp": data["timestamp"],
        "systolic": data["systolic"],
        "diastolic": data["diastolic"],
        "category": f"blood_pressure.{data.get('category')}",
    }


def _locale(patient: dict[str, Any], time_zone: str) -> dict[str, Any]:
    """Return the patient's language and time zone; each service has its own name for the time zone's field."""
    return {"language": patient["language"], time_zone: patient["time_zone"]}
