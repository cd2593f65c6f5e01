"""The callers' access to patients: patients themselves, and the staff of a group in which they are enlisted."""

from __future__ import annotations

from extrahorizon.api import ApiError
from extrahorizon.query import rql

from shared.session import ExtraHorizon, logger


def check_access(exh: ExtraHorizon, user_id: str, patient_id: str) -> None:
    """Refuse the request unless the user may see the patient.

    A patient who does not exist and one whom the user may not see get the same answer, after the same calls.

    Raises:
        ApiError: 404, they may not. 403 would disclose that there is such a patient.
    """
    logger.append_keys(patient_id=patient_id)
    if user_id == patient_id:
        return
    groups = _groups_of_staff(exh, user_id)
    if groups and not groups.isdisjoint(_groups_of_patient(exh, patient_id)):
        return
    logger.warning("refused: no staff of a group of this patient")
    raise ApiError(404, "there is no such patient, or you may not see them")


def _groups_of_staff(exh: ExtraHorizon, user_id: str) -> set[str]:
    # Of the record only what is needed: the rest is personal data.
    page = exh.users.staff(rql.eq("id", user_id).select(["id", "staff_enlistments"]))
    return {each["group_id"] for user in page if user["id"] == user_id for each in user.get("staff_enlistments", ())}


def _groups_of_patient(exh: ExtraHorizon, patient_id: str) -> set[str]:
    page = exh.users.patients(rql.eq("id", patient_id).select(["id", "patient_enlistments"]))
    return {
        each["group_id"]
        for user in page
        if user["id"] == patient_id
        for each in user.get("patient_enlistments", ())
        if each.get("expired") is False  # without the field, access is refused
    }
