"""Users of functions: what the official CLI creates for a task's `executionCredentials`.

A global role `exh.tasks.NAME` with exactly the listed permissions, a user `exh.tasks+NAME@extrahorizon.com`
with that role, and an OAuth1 token of that user. Names are the CLI's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.auth.oauth1 import create_oauth1_token
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.storage.store import Document, Store


def grant(  # noqa: PLR0917 - what the CLI takes
    store: Store, application_id: str, name: str, permissions: Sequence[str], email: str | None, now: float
) -> Document:
    """Create the user of the function `name`, or set these permissions on the existing one.

    Returns:
        An OAuth1 token of that user, the same at every start.
    """
    with store.transaction():
        role = _role(store, f"exh.tasks.{name}", permissions, now)
        user = _user(store, (email or f"exh.tasks+{name}@extrahorizon.com").lower(), name, role["id"], now)
        for token in store.every("oauth1_tokens", "userId", user["id"]):
            if token["applicationId"] == application_id:
                return token
        return create_oauth1_token(store, application_id, user["id"], now=now)


def _role(store: Store, name: str, permissions: Sequence[str], now: float) -> Document:
    found = store.matching("roles", Sql(f"{member('name')} = ?", (name,)))
    stamp = epoch_ms(now)
    role = found[0] if found else {"id": object_id(), "name": name, "creation_timestamp": stamp}
    granted = [{"name": permission, "description": ""} for permission in permissions]
    role |= {"description": "What a function may do", "permissions": granted, "update_timestamp": stamp}
    store.put("roles", role)
    return role


def _user(store: Store, email: str, name: str, role_id: str, now: float) -> Document:
    user = store.one("users", "email", email)
    if user is None:
        stamp = epoch_ms(now)
        user = {
            "id": object_id(),
            "first_name": name,
            "last_name": "exh.tasks",
            "email": email,
            "phone_number": "0000000000",
            "language": "EN",
            "time_zone": "UTC",
            "activation": True,
            "role_ids": [],
            "staff_enlistments": [],
            "patient_enlistments": [],
            "failed_count": 0,
            "password_hash": "",
            "creation_timestamp": stamp,
            "update_timestamp": stamp,
        }
    if role_id not in user["role_ids"]:
        user["role_ids"] = [*user["role_ids"], role_id]
    store.put("users", user)
    return user
