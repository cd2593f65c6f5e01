"""Serve a patient's blood pressures, reports and photos over HTTP, for the patient's app and the clinic's pages.

GET        /patients/{id}/measurements?from=&to=&limit=&offset=    newest first
POST       /patients/{id}/measurements                            {"systolic", "diastolic", "timestamp"}
GET        /patients/{id}/measurements/{measurement}
GET        /patients/{id}/measurements/{measurement}/report       PDF
GET        /patients/{id}/photos?limit=&offset=                   newest first
POST       /patients/{id}/photos                                  a JPEG or PNG
GET        /patients/{id}/photos/{photo}                          the image

`routes.py` has a function for each of these; `validation.py`, `access.py`, `measurements.py` and `photos.py` do the
work.
"""

from __future__ import annotations

from handlers.patient_api.routes import app

handler = app.handler
