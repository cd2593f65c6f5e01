"""A measurement's way from `created` to `analyzed` to `reported`, and the mail that follows.

A run that is repeated continues at the document's status. Of several runs at once, the one whose transition succeeds
continues and the others stop. The document names the run that added the report (`mailedBy`), and that run sends the
mail.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError, ResourceUnknownError
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

from handlers.assess_blood_pressure.category import classify
from handlers.assess_blood_pressure.report import make_report, measurement_of, send_mail
from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

GIVEN_UP = timedelta(minutes=10)  # longer than all attempts of a task take
ANOTHER_RUN = "another run is at it"


class NotAPatientError(ExtraHorizonError):
    """The measurement belongs to a clinic in which its patient is not enlisted. No report is made."""


def analyze(exh: ExtraHorizon, schema: str, document_id: str, run: str) -> dict[str, Any]:
    """Take a measurement from its current status to its mail.

    Args:
        exh: the client.
        schema: id or name of the measurement's schema; there are two, which differ in who may see their documents.
        document_id: the measurement.
        run: what a run and its repetitions have in common, the id of the first attempt.

    Returns:
        The steps of this run (`done`): `analyzed`, `reported`, `mailed`; a `reason` where a step was left out.

    Raises:
        ImplausibleMeasurementError: the measured values cannot be a blood pressure.
        NotAPatientError: the patient is not enlisted in the clinic.
        ResourceUnknownError: the measurement, or its patient, was deleted.
    """
    document = exh.data.documents.wait_until_unlocked(schema, document_id)
    if "patient" not in document["data"]:  # required by the schema, but an update can remove it
        return {"done": [], "reason": "it is nobody's any more"}
    data = measurement_of(document)
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
            exh.files.remove(token)  # the other run's report is in the document, and nothing refers to this one
            return {"done": done, "reason": ANOTHER_RUN}
        done.append("reported")
    elif data.get("mailedBy") != run and datetime.now(UTC) - parse(document["statusChangedTimestamp"]) < GIVEN_UP:
        return {"done": done, "reason": ANOTHER_RUN}
    if send_mail(exh, document, patient):
        done.append("mailed")
    return {"done": done}


def _check_enlisted(patient: dict[str, Any], clinic: str | None) -> None:
    # No condition of a schema can require that a patient is enlisted in the group that the document names.
    enlisted = {each["group_id"] for each in patient["patient_enlistments"] if not each.get("expired")}
    if clinic is not None and clinic not in enlisted:
        raise NotAPatientError(
            "the patient of the measurement is not enlisted in its clinic; delete it, or enlist them"
        )


def _move(exh: ExtraHorizon, schema: str, document: Document, transition: str, data: dict[str, Any]) -> bool:
    """Make a transition if status and patient have not changed since the document was read, and update `document`.

    Returns:
        Whether it was made.
    """
    guard = rql.eq("status", document["status"]).eq("data.patient", document["data"]["patient"])
    try:
        exh.data.documents.transition(schema, document["id"], name=transition, data=data, rql=guard)
    except ResourceUnknownError:
        logger.info(ANOTHER_RUN, extra={"document_id": document["id"], "transition": transition})
        return False
    document["status"] = "analyzed" if transition == "mark-as-analyzed" else "reported"
    document["data"].update(data)
    return True
