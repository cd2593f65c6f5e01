"""The routes: each checks the request, then the caller's access to the patient, then does its work.

A malformed request is refused before any call of the platform.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from extrahorizon.api import ApiFunction, ApiRequest, Response

from handlers.patient_api import measurements, photos
from handlers.patient_api.access import check_access
from handlers.patient_api.validation import checked_ids, measurement_of, page_of, period_of
from shared.session import ExtraHorizon, logger

app = ApiFunction()


@app.get("/patients/<patient_id>/measurements")
def list_measurements(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> dict[str, Any]:
    checked_ids(patient_id=patient_id)
    period = period_of(request.query)
    check_access(exh, request.user_id, patient_id)
    return measurements.find(exh, patient_id, period)


@app.post("/patients/<patient_id>/measurements")
def add_measurement(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> Response[Any]:
    checked_ids(patient_id=patient_id)
    measurement = measurement_of(request.json(), now=datetime.now(UTC))
    check_access(exh, request.user_id, patient_id)
    return _stored("measurements", *measurements.add(exh, patient_id, measurement))


@app.get("/patients/<patient_id>/measurements/<measurement_id>")
def one_measurement(request: ApiRequest, exh: ExtraHorizon, patient_id: str, measurement_id: str) -> dict[str, Any]:
    checked_ids(patient_id=patient_id, measurement_id=measurement_id)
    check_access(exh, request.user_id, patient_id)
    return measurements.shown(measurements.one(exh, patient_id, measurement_id))


@app.get("/patients/<patient_id>/measurements/<measurement_id>/report")
def report(request: ApiRequest, exh: ExtraHorizon, patient_id: str, measurement_id: str) -> Response[bytes]:
    checked_ids(patient_id=patient_id, measurement_id=measurement_id)
    check_access(exh, request.user_id, patient_id)
    content = measurements.report(exh, measurements.one(exh, patient_id, measurement_id))
    name = f'attachment; filename="blood-pressure-{measurement_id}.pdf"'
    return Response(200, "application/pdf", content, headers={"Content-Disposition": name})


@app.get("/patients/<patient_id>/photos")
def list_photos(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> dict[str, Any]:
    checked_ids(patient_id=patient_id)
    page = page_of(request.query)
    check_access(exh, request.user_id, patient_id)
    return photos.find(exh, patient_id, page)


@app.post("/patients/<patient_id>/photos")
def add_photo(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> Response[Any]:
    checked_ids(patient_id=patient_id)
    photo = photos.photo_of(request.body, request.headers.get("content-type"))
    check_access(exh, request.user_id, patient_id)
    return _stored("photos", *photos.add(exh, patient_id, photo))


@app.get("/patients/<patient_id>/photos/<photo_id>")
def one_photo(request: ApiRequest, exh: ExtraHorizon, patient_id: str, photo_id: str) -> Response[bytes]:
    checked_ids(patient_id=patient_id, photo_id=photo_id)
    check_access(exh, request.user_id, patient_id)
    return Response(200, *photos.content(exh, patient_id, photo_id))


def _stored(collection: str, record: dict[str, Any], is_new: bool) -> Response[Any]:
    """Answer 201, or 200 where the record was there. Its `Location` is relative to the URL of the request."""
    logger.info("stored" if is_new else "was there", extra={"document_id": record["id"]})
    return Response(201 if is_new else 200, body=record, headers={"Location": f"{collection}/{record['id']}"})
