"""Says what a blood pressure means, makes a report of it, and mails that to the patient.

A document goes from `created` to `analyzed` to `reported`, and the mail follows. A run that is repeated goes on where
the document stands. Of several at once, the one that moves the document goes on and the others stop; the one that adds
the report is noted in it, and mails it.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from extrahorizon.errors import ExtraHorizonError, ResourceUnknownError
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

    from handlers.documents import (
        BloodPressureReading,
        BloodPressureReadingCategory,
        ClinicBloodPressureReading,
    )

    Measurement: TypeAlias = BloodPressureReading | ClinicBloodPressureReading

SYSTOLIC, DIASTOLIC = (40, 300), (20, 200)  # mmHg; beyond them it is the device that is ill
PDF_TEMPLATE, MAIL_TEMPLATE = "pdf-analysis", "mail-analysis"
GIVEN_UP = timedelta(minutes=10)  # longer than all attempts of a task take
ANOTHER_RUN = "another run is at it"


class ImplausibleMeasurementError(ExtraHorizonError):
    """The measured values cannot be a blood pressure. Trying again would not help."""


class NotAPatientError(ExtraHorizonError):
    """The measurement is of a clinic in which its patient is not enlisted. Nobody gets a report of it."""


@task_handler(poison=(ImplausibleMeasurementError, NotAPatientError, ResourceUnknownError))
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    return analyze(exh, task.text("schemaId"), task.text("documentId"), task.first_id or "")


def analyze(exh: ExtraHorizon, schema: str, document_id: str, run: str) -> dict[str, Any]:
    """Bring a measurement from wherever it stands to its mail.

    Args:
        exh: the client.
        schema: id or name of the measurement's schema; there are two, which differ in who may see their documents.
        document_id: the measurement.
        run: what a run and its repetitions have in common, the id of the first attempt.

    Returns:
        What has been `done`: `analyzed`, `reported`, `mailed`, as far as it was left to do; a `reason` where it was
        left undone.

    Raises:
        ImplausibleMeasurementError: the measured values cannot be.
        NotAPatientError: the patient is not enlisted in the clinic.
        ResourceUnknownError: the measurement, or its patient, is gone.
    """
    document = exh.data.documents.wait_until_unlocked(schema, document_id)
    if "patient" not in document["data"]:  # the schema asks for it, but an update can take it away
        return {"done": [], "reason": "it is nobody's any more"}
    data = _data(document)
    patient: Any = exh.users.find_by_id(data["patient"])
    _check_enlisted(patient, document["data"].get("clinic"))
    done: list[str] = []
    if document["status"] == "created":
        category = classify(data["systolic"], data["diastolic"])
        if not _move(exh, schema, document, "mark-as-analyzed", {"category": category}):
            return {"done": done, "reason": ANOTHER_RUN}
        done.append("analyzed")
    elif document["status"] == "analyzed":
        logger.warning("another run has analyzed it: where that ended, its PDF may be referred to by nothing")
    if document["status"] == "analyzed":
        token = make_report(exh, document, patient)
        if not _move(exh, schema, document, "add-report", {"report": token, "mailedBy": run}):
            exh.files.remove(token)
            return {"done": done, "reason": ANOTHER_RUN}
        done.append("reported")
    elif data.get("mailedBy") != run and datetime.now(UTC) - parse(document["statusChangedTimestamp"]) < GIVEN_UP:
        return {"done": done, "reason": ANOTHER_RUN}
    if send_mail(exh, document, patient):
        done.append("mailed")
    return {"done": done}


def _check_enlisted(patient: dict[str, Any], clinic: str | None) -> None:
    """No condition of a schema can say that a patient is enlisted in the very group that a document names."""
    enlisted = {each["group_id"] for each in patient["patient_enlistments"] if not each.get("expired")}
    if clinic is not None and clinic not in enlisted:
        raise NotAPatientError(
            "the patient of the measurement is not enlisted in its clinic; delete it, or enlist them"
        )


def classify(systolic: float, diastolic: float) -> BloodPressureReadingCategory:
    """Return the category of a blood pressure in mmHg, by the guideline of the American Heart Association.

    Raises:
        ImplausibleMeasurementError: no living patient has these values, or they were swapped.
    """
    if not (SYSTOLIC[0] <= systolic <= SYSTOLIC[1] and DIASTOLIC[0] <= diastolic <= DIASTOLIC[1]):
        raise ImplausibleMeasurementError(
            f"the systolic pressure must be {SYSTOLIC[0]} to {SYSTOLIC[1]} mmHg and the diastolic {DIASTOLIC[0]} to "
            f"{DIASTOLIC[1]}; check the device and measure again"
        )
    if diastolic >= systolic:
        raise ImplausibleMeasurementError("the diastolic pressure must be below the systolic; are they swapped?")
    if systolic > 180 or diastolic > 120:  # the guideline's own numbers, here and below
        return "hypertensive-crisis"
    if systolic >= 140 or diastolic >= 90:
        return "hypertension-stage-2"
    if systolic >= 130 or diastolic >= 80:
        return "hypertension-stage-1"
    return "elevated" if systolic >= 120 else "normal"


def make_report(exh: ExtraHorizon, document: Document, patient: dict[str, Any]) -> str:
    """Make a PDF of an analyzed measurement, in the patient's language and time zone.

    Returns:
        The file's token.
    """
    data = {"templateName": PDF_TEMPLATE, "inputs": _inputs(document), **_locale(patient, "timeZone")}
    token: str = exh.tasks.functions.execute("html-to-pdf", data=data)["result"]["fileToken"]
    # The first half of a token says which file it is; without the other half nobody can read it.
    logger.info("report made", extra={"document_id": document["id"], "file_id": token.partition("-")[0]})
    return token


def send_mail(exh: ExtraHorizon, document: Document, patient: dict[str, Any]) -> bool:
    """Mail the report of a measurement to its patient, unless that has been done; whether it was still to do."""
    sent = rql.eq("template_name", MAIL_TEMPLATE).eq("content.documentId", document["id"])
    if exh.mails.find_first(sent) is not None:
        logger.info("mailed before", extra={"document_id": document["id"]})
        return False
    pdf = b64encode(exh.files.retrieve(_data(document).get("report", ""))).decode()
    mail = exh.mails.send(
        recipients={"to": [patient["email"]]},
        template_name=MAIL_TEMPLATE,
        content={"documentId": document["id"], "firstName": patient["first_name"], **_inputs(document)},
        attachments=[{"name": "blood-pressure.pdf", "content": pdf, "type": "application/pdf"}],
        **_locale(patient, "time_zone"),
    )
    logger.info("mailed", extra={"document_id": document["id"], "mail_id": mail["id"]})
    return True


def _move(exh: ExtraHorizon, schema: str, document: Document, transition: str, data: dict[str, Any]) -> bool:
    """Make a transition if the document still stands where it stood; whether it did. `document` follows."""
    guard = rql.eq("status", document["status"]).eq("data.patient", document["data"]["patient"])
    try:
        exh.data.documents.transition(schema, document["id"], name=transition, data=data, rql=guard)
    except ResourceUnknownError:
        logger.info(ANOTHER_RUN, extra={"document_id": document["id"], "transition": transition})
        return False
    document["status"] = "analyzed" if transition == "mark-as-analyzed" else "reported"
    document["data"].update(data)
    return True


def _inputs(document: Document) -> dict[str, Any]:
    """Return what both templates say of a measurement."""
    data = _data(document)
    return {
        "timestamp": data["timestamp"],
        "systolic": data["systolic"],
        "diastolic": data["diastolic"],
        "category": f"blood_pressure.{data.get('category')}",
    }


def _data(document: Document) -> Measurement:
    """Return what was measured, and what came of it; one of the two schemas has a clinic besides."""
    return cast("Measurement", document["data"])


def _locale(patient: dict[str, Any], time_zone: str) -> dict[str, Any]:
    """Return the patient's language and time zone; the latter by the name that the service gives it."""
    return {"language": patient["language"], time_zone: patient["time_zone"]}
