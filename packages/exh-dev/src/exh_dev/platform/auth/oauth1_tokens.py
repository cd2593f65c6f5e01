"""What an OAuth1 token is. It never expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store


def create_oauth1_token(store: Store, application_id: str, user_id: str, *, now: float) -> Document:
    """A new token for a user of an application."""
    created = iso(now)
    token = {
        "id": object_id(),
        "applicationId": application_id,
        "userId": user_id,
        "token": hex40(),
        "tokenSecret": hex40(),
        "lastUsedTimestamp": created,
        "creationTimestamp": created,
        "updateTimestamp": created,
    }
    store.put("oauth1_tokens", token)
    return token
