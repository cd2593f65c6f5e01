"""What a new data directory begins with: an application, a user who may do everything, and credentials for both.

Every secret is random and made once; later starts find the same ones.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from devkit.platform.ids import hex40, object_id
from devkit.platform.permissions import GLOBAL_PERMISSIONS

if TYPE_CHECKING:
    from devkit.platform.store import Store


@dataclass(frozen=True)
class FirstCredentials:
    """The credentials of the first application and user. The repr shows no secret."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    user_id: str
    application_id: str

    def environment(self, host: str) -> dict[str, str]:
        """The five variables a function gets, for the platform at `host`."""
        return {
            "API_HOST": host,
            "API_OAUTH_CONSUMER_KEY": self.consumer_key,
            "API_OAUTH_CONSUMER_SECRET": self.consumer_secret,
            "API_OAUTH_TOKEN": self.token,
            "API_OAUTH_TOKEN_SECRET": self.token_secret,
        }


def first_credentials(store: Store) -> FirstCredentials:
    """Those of `store`, made now if it is new."""
    known = store.get("first_start", "credentials")
    if known is not None:
        return FirstCredentials(**{name: value for name, value in known.items() if name != "id"})
    made = FirstCredentials(
        consumer_key=hex40(),
        consumer_secret=hex40(),
        token=hex40(),
        token_secret=hex40(),
        email="developer@localhost.example",
        password=f"Aa1-{secrets.token_urlsafe(24)}",
        user_id=object_id(),
        application_id=object_id(),
    )
    _create(store, made)
    # Last, so that a start cut short begins again.
    store.put("first_start", {"id": "credentials", **asdict(made)})
    return made


def _create(store: Store, made: FirstCredentials) -> None:
    now = int(time.time() * 1000)
    iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now / 1000)) + f".{now % 1000:03d}Z"
    stamps = {"creation_timestamp": now, "update_timestamp": now}
    iso_stamps = {"creationTimestamp": iso, "updateTimestamp": iso}
    application = {"id": made.application_id, "type": "oauth1", "name": "Local development"}
    store.put("applications", {**application, "description": "Made on the first start", **iso_stamps})
    store.put(
        "application_versions",
        {
            "id": object_id(),
            "applicationId": made.application_id,
            "name": "1.0.0",
            "consumerKey": made.consumer_key,
            "consumerSecret": made.consumer_secret,
            "creationTimestamp": iso,
        },
    )
    role = {
        "id": object_id(),
        "name": "local.developer",
        "description": "May do everything",
        "permissions": [{"name": name, "description": ""} for name in GLOBAL_PERMISSIONS],
        **stamps,
    }
    store.put("roles", role)
    store.put(
        "users",
        {
            "id": made.user_id,
            "first_name": "Local",
            "last_name": "Developer",
            "email": made.email,
            "phone_number": "0000000000",
            "language": "EN",
            "time_zone": "UTC",
            "activation": True,
            "role_ids": [role["id"]],
            "staff_enlistments": [],
            "patient_enlistments": [],
            "failed_count": 0,
            **stamps,
        },
    )
    store.put(
        "oauth1_tokens",
        {
            "id": object_id(),
            "applicationId": made.application_id,
            "userId": made.user_id,
            "token": made.token,
            "tokenSecret": made.token_secret,
            **iso_stamps,
        },
    )
