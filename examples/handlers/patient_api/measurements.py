"""Blood pressures: documents of the schema `blood-pressure-reading`, made here and rated by another function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.api import LARGEST_FILE, ApiError
from extrahorizon.errors import InvalidTokenError, ResourceAlreadyExistsError
from extrahorizon.query import rql

from handlers.patient_api.answers import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extrahorizon.client import ExtraHorizon
    from extrahorizon.services.data.types import Document

    from handlers.patient_api.validation import PageOf

SCHEMA = "blood-pressure-reading"
_SHOWN = ("systolic", "diastolic", "timestamp", "category")


def find(exh: ExtraHorizon, patient_id: str, wanted: PageOf) -> dict[str, Any]:
    """Return a page of a patient's measurements, newest first."""
    query = rql.eq("data.patient", patient_id)
    if wanted.begin:
        query = query.ge("data.timestamp", wanted.begin)
    if wanted.end:
        query = query.lt("data.timestamp", wanted.end)
    page = exh.data.documents.find(SCHEMA, query.sort("-data.timestamp").limit(wanted.limit, wanted.offset))
    return listed(page, shown)


def shown(document: Document) -> dict[str, Any]:
    """Return the public fields of a measurement: not the report's token, with which anybody could fetch it."""
    data = document["data"]
    return {
        "id": document["id"],
        "status": document["status"],
        **{name: data[name] for name in _SHOWN if name in data},
        "hasReport": "report" in data,
    }


def add(exh: ExtraHorizon, patient_id: str, measurement: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Store a measurement of a patient, and return it and whether it is new.

    A unique index allows one measurement per patient and timestamp, so that a request that is sent again, even
    while the first one still runs, makes no second document.

    Raises:
        ApiError: 409, there is one at that timestamp with other values.
    """
    try:
        return shown(exh.data.documents.create(SCHEMA, {**measurement, "patient": patient_id})), True
    except ResourceAlreadyExistsError:
        same = rql.eq("data.patient", patient_id).eq("data.timestamp", measurement["timestamp"])
        known = exh.data.documents.find_first(SCHEMA, same)
        if known is None:  # it was removed meanwhile
            raise
    if any(known["data"].get(name) != measurement[name] for name in ("systolic", "diastolic")):
        raise ApiError(409, "there is a measurement at this timestamp already, with other values")
    return shown(known), False


def one(exh: ExtraHorizon, patient_id: str, measurement_id: str) -> Document:
    """Return a measurement of this patient.

    Raises:
        ApiError: 404, there is none with this id; another patient's is none.
    """
    document = exh.data.documents.find_by_id(SCHEMA, measurement_id, rql.eq("data.patient", patient_id))
    if document is None:
        raise ApiError(404, "the patient has no such measurement")
    return document


def report(exh: ExtraHorizon, document: Document) -> bytes:
    """Return the report on a measurement, a PDF.

    Raises:
        ApiError: 404, there is none; 413, it is larger than an answer can be.
    """
    token = document["data"].get("report")
    if token is None:
        raise ApiError(404, "there is no report on this measurement yet")
    try:
        content = exh.files.retrieve(token)
    except InvalidTokenError:
        raise ApiError(404, "the report on this measurement was deleted") from None
    if len(content) > LARGEST_FILE:
        raise ApiError(413, f"the report has {len(content)} bytes; at most {LARGEST_FILE} can be sent from here")
    return content
