"""The applications that callers sign in with: which kind one is, and OAuth2 applications with their clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from exh_dev.platform.http.oauth1 import Caller
    from exh_dev.platform.storage.store import Document, Store


def oauth1_application_of(request: Request, store: Store) -> str:
    """The id of the calling OAuth1 application.

    Raises:
        ErrorAnswer: 101 without one.
    """
    caller: Caller | None = request.state.caller
    application = store.get("applications", caller.application_id) if caller else None
    if application is None or application["type"] != "oauth1":
        raise ErrorAnswer(101, "This call needs an authenticated OAuth1 application")
    application_id: str = application["id"]
    return application_id


def create_oauth2_application(
    store: Store,
    *,
    name: str,
    confidential: bool,
    description: str = "Made for a test",
    redirect_uris: Sequence[str] = ("http://localhost",),
    now: float,
) -> Document:
    """A new application; its first version has the members `applicationId`, `clientId` and, if it is confidential,
    `clientSecret`.
    """
    created = iso(now)
    application = {
        "id": object_id(),
        "type": "oauth2",
        "name": name,
        "description": description,
        "redirectUris": list(redirect_uris),
        "confidential": confidential,
        "creationTimestamp": created,
        "updateTimestamp": created,
    }
    version = {
        "id": object_id(),
        "applicationId": application["id"],
        "name": "1.0.0",
        "clientId": hex40(),
        "creationTimestamp": created,
    }
    if confidential:
        version["clientSecret"] = hex40()
    store.put("applications", application)
    store.put("application_versions", version)
    return version
