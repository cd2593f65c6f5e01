"""What happened to documents: each creation, transition and update. The platform itself shows no such thing; the
control center does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exh_dev.platform.dev.origin import answering
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store

COLLECTION = "document_history"
MOST = 200  # entries of a document that are shown, the newest
_OF = Sql(f"{member('documentId')} = ?")


def index(store: Store) -> None:
    """Make entries easy to find."""
    store.index("document_history_of", COLLECTION, [member("documentId"), "id"])


def note(store: Store, document: Document, rights: Rights, *, change: str, status: str, now: float) -> None:
    """Something happens to a document.

    Args:
        store: where it is.
        document: as it was before.
        rights: whose doing it is.
        change: the name of a transition, `creation` or `update`.
        status: the document's from now on.
        now: epoch seconds.
    """
    entry = {
        "id": object_id(),
        "documentId": document["id"],
        "timestamp": iso(now),
        "change": change,
        "fromStatus": None if change == "creation" else document["status"],
        "toStatus": status,
        "userId": rights.user_id,
        "trace": answering.get(),
    }
    store.put(COLLECTION, {name: value for name, value in entry.items() if value is not None})


def of(store: Store, document_id: str) -> list[Document]:
    """What happened to a document, the newest first."""
    found = store.page(COLLECTION, Sql(_OF.text, (document_id,)), ("id DESC",), MOST, 0)
    return [json.loads(text) for text in found]


def forget(store: Store, document_id: str) -> None:
    """The document is deleted."""
    for entry in store.matching(COLLECTION, Sql(_OF.text, (document_id,))):
        store.delete(COLLECTION, entry["id"])
