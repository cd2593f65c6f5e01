"""Everything that lets a user in, ended at once: after a deletion, a password reset, or by its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Store

_COLLECTIONS = (
    "mfa_tokens",
    "oauth1_tokens",
    "oauth2_access_tokens",
    "oauth2_authorizations",
    "oauth2_refresh_tokens",
    "presence_tokens",
    "sso_tokens",
)
_KEPT = 86_400  # seconds for which something expired still says so, rather than being unknown


def end_tokens(store: Store, member_name: str, value: str) -> None:
    """Remove what was earned by a user (`userId`) or through an application (`applicationId`)."""
    condition = Sql(f"json_extract(body, '$.{member_name}') = ?", (value,))  # as the store's indexes have it
    for collection in _COLLECTIONS:
        for token in store.matching(collection, condition):
            store.delete(collection, token["id"])


def forget_expired(store: Store, now: float) -> None:
    """Remove what expired more than a day ago."""
    condition = Sql(f"{member('expiryTimestamp')} <= ?", (iso(now - _KEPT),))
    for collection in _COLLECTIONS:
        for token in store.matching(collection, condition):
            store.delete(collection, token["id"])
