"""The endpoints of the data service: camelCase members, ISO 8601 timestamps; `data` is the schema's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.data import history
from exh_dev.platform.data.comments import Comments
from exh_dev.platform.data.definitions import Definitions
from exh_dev.platform.data.documents import Documents
from exh_dev.platform.data.schemas import Schemas
from exh_dev.platform.data.transitions import Engine
from exh_dev.platform.http.bodies import after_body
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/data/v1"


class DataService(Service):
    """Schemas, documents and their comments."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Serve the documents of `store`. Those that a crash left locked are finished first."""
        self._store = store
        self._clock = clock
        self._engine = Engine(store, clock=clock)
        history.index(store)
        self._engine.resume()

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        store, clock = self._store, self._clock
        schemas = Schemas(store, clock=clock)
        documents = Documents(store, schemas, self._engine, clock=clock)
        found = [
            *Comments(store, documents, clock=clock).routes(BASE),
            *documents.routes(BASE),
            *Definitions(store, schemas).routes(BASE),
            *schemas.routes(BASE),
        ]
        return [Route(each.path, after_body(each.endpoint), methods=each.methods) for each in found]
