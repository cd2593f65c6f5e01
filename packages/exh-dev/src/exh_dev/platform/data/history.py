"""History of documents.

Each creation, transition and update, with the data at that time. Only the control center shows it; the real platform
has no such endpoint.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exh_dev.json_text import json_text
from exh_dev.platform.dev.origin import answering
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store

COLLECTION = "document_history"
_INDEX = "document_history_of"
MOST = 200  # entries of a document that are kept, the newest
LARGEST = 64_000  # characters of JSON that an entry's data may have; larger data is left out of it
_OF = Sql(f"{member('documentId')} = ?")


def index(store: Store) -> None:
    """Index entries by document."""
    store.index(_INDEX, COLLECTION, [member("documentId"), "id"])


def note(
    store: Store, document: Document, rights: Rights, *, change: str, now: float, from_status: str | None = None
) -> None:
    """Record a change of a document.

    Args:
        store: the store of the document.
        document: the document after the change.
        rights: the caller's.
        change: the name of a transition, `creation` or `update`.
        now: epoch seconds.
        from_status: the status before the change; None for a creation.
    """
    text = json_text(document.get("data", {}))
    entry = {
        "id": object_id(),
        "documentId": document["id"],
        "timestamp": iso(now),
        "change": change,
        "fromStatus": from_status,
        "toStatus": document["status"],
        "userId": rights.user_id,
        "trace": answering.get(),
        **({"data": document.get("data", {})} if len(text) <= LARGEST else {"dataSize": len(text)}),
    }
    store.put(COLLECTION, {name: value for name, value in entry.items() if value is not None})
    if from_status is None:  # it is the first one
        return
    for old in store.page(COLLECTION, Sql(_OF.text, (document["id"],)), ("id DESC",), -1, MOST, _INDEX):
        store.delete(COLLECTION, json.loads(old)["id"])


def of(store: Store, document_id: str) -> list[Document]:
    """Return what happened to a document, the newest first."""
    found = store.page(COLLECTION, Sql(_OF.text, (document_id,)), ("id DESC",), MOST, 0, _INDEX)
    return [json.loads(text) for text in found]


def forget(store: Store, document_id: str) -> None:
    for entry in store.page(COLLECTION, Sql(_OF.text, (document_id,)), (), -1, 0, _INDEX):
        store.delete(COLLECTION, json.loads(entry)["id"])
