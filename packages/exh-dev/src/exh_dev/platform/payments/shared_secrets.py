"""Shared secrets of the App Store.

They define which application may use an app's receipts, and authenticate Apple's notifications. A secret is stored
apart from its record, so that queries cannot find it. Assumed: an unknown one gives 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.records import listed
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

_RECORDS, _VALUES = "app_store_shared_secrets", "app_store_shared_secret_values"


class SharedSecrets:
    """The shared secrets of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self, base: str) -> list[Route]:
        return [
            Route(base, self._find, methods=["GET"]),
            Route(base, self._create, methods=["POST"]),
            Route(f"{base}/{{id}}", self._remove, methods=["DELETE"]),
        ]

    def of_bundle(self, bundle_id: str) -> str | None:
        """Return the secret of an app, the latest one of several."""
        found = self._store.matching(_RECORDS, Sql(f"{member('bundleId')} = ?", (bundle_id,)))
        return str((self._store.get(_VALUES, found[-1]["id"]) or {})["secret"]) if found else None

    def bundles_of(self, application_id: str) -> set[str]:
        """Return the apps for which an application has a secret."""
        of_application = Sql(f"{member('applicationId')} = ?", (application_id,))
        return {each["bundleId"] for each in self._store.matching(_RECORDS, of_application)}

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_APP_STORE_SHARED_SECRETS")
        return listed(request, self._store, _RECORDS)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("CREATE_APP_STORE_SHARED_SECRET")
        fields = await read_json(request)
        record = {
            "id": object_id(),
            "creationTimestamp": iso(self._clock()),
            "applicationId": checked_id(fields.text("applicationId")),
            "bundleId": fields.text("bundleId"),
        }
        secret = fields.text("secret")
        with self._store.transaction():
            self._store.put(_RECORDS, record)
            self._store.put(_VALUES, {"id": record["id"], "secret": secret})
        return JSONResponse(record)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_APP_STORE_SHARED_SECRET")
        secret_id = checked_id(request.path_params["id"])
        if self._store.get(_RECORDS, secret_id) is None:
            raise ErrorAnswer(16, "There is no such shared secret")
        with self._store.transaction():
            self._store.delete(_RECORDS, secret_id)
            self._store.delete(_VALUES, secret_id)
        return JSONResponse({"affectedRecords": 1})
