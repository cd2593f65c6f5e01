"""What the tests of the user service share."""

from __future__ import annotations

from exh_dev.platform.storage.sql import EVERYTHING

BASE = "/users/v1"
GROUP, OTHER = "a" * 24, "b" * 24
PERSON = {
    "first_name": "Ann",
    "last_name": "Example",
    "email": "ann@localhost.example",
    "password": "Secret123",
    "phone_number": "1",
    "language": "EN",
}
NO_PERMISSION = (401, 10, "NO_PERMISSION_EXCEPTION")
NOBODY = (401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
UNKNOWN = (404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
BAD_ID = (400, 12, "ID_FORMAT_EXCEPTION")


def register(app, **changes):
    return app.send(None, "POST", f"{BASE}/register", json={**PERSON, **changes})


def event_types(app):
    return [(each["type"], each["content"]) for each in app.store.matching("events", EVERYTHING)]
