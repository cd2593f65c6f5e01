"""Initial data of a new data directory.

An OAuth1 and an OAuth2 application, a user with all permissions, and their credentials and those of the local SideFX.

Secrets are random and generated once; later starts reuse them. Data that an earlier version did not create is added.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from exh_dev.platform.auth.applications import create_oauth2_application
from exh_dev.platform.auth.login import hash_password
from exh_dev.platform.auth.oauth1 import create_oauth1_token
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.timestamps import epoch_ms, iso
from extrahorizon.permissions import GLOBAL_PERMISSIONS

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store

_NAME = "Local development"
_ROLE = "local.developer"
_DESCRIPTION = "Made on the first start"


@dataclass(frozen=True)
class FirstCredentials:
    """The credentials of the first applications and user. The repr shows no secret."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    user_id: str
    application_id: str
    oauth2_client_id: str
    oauth2_client_secret: str = field(repr=False)
    sidefx_client_id: str
    sidefx_client_secret: str = field(repr=False)

    def environment(self, host: str) -> dict[str, str]:
        """Return the five variables a function gets, for the platform at `host`."""
        return {
            "API_HOST": host,
            "API_OAUTH_CONSUMER_KEY": self.consumer_key,
            "API_OAUTH_CONSUMER_SECRET": self.consumer_secret,
            "API_OAUTH_TOKEN": self.token,
            "API_OAUTH_TOKEN_SECRET": self.token_secret,
        }


def first_credentials(store: Store) -> FirstCredentials:
    """Return the credentials of `store`, creating missing ones.

    Raises:
        DevkitError: the store's file is damaged.
    """
    with store.opening():
        known = store.get("first_start", "credentials")
        if known is None:
            known = _create(store, time.time())
        if "oauth2_client_id" not in known:
            known |= _enable_login(store, known, time.time())
        _grant_everything(store, known["user_id"])
        if "sidefx_client_id" not in known:
            known |= {"sidefx_client_id": hex40(), "sidefx_client_secret": hex40()}
            store.put("first_start", known)
        return FirstCredentials(**{each.name: known[each.name] for each in fields(FirstCredentials)})


def _create(store: Store, now: float) -> Document:
    """Return the first user, with a token of an OAuth1 application."""
    made = {
        "id": "credentials",
        "consumer_key": hex40(),
        "consumer_secret": hex40(),
        "email": "developer@localhost.example",
        "password": f"Aa1-{secrets.token_urlsafe(24)}",  # one of each kind that a password policy may ask for
        "user_id": object_id(),
        "application_id": object_id(),
    }
    created = {"creationTimestamp": iso(now), "updateTimestamp": iso(now)}
    application = {"id": made["application_id"], "type": "oauth1", "name": _NAME}
    store.put("applications", {**application, "description": _DESCRIPTION, **created})
    store.put(
        "application_versions",
        {
            "id": object_id(),
            "applicationId": made["application_id"],
            "name": "1.0.0",
            "consumerKey": made["consumer_key"],
            "consumerSecret": made["consumer_secret"],
            "creationTimestamp": iso(now),
        },
    )
    stamps = {"creation_timestamp": epoch_ms(now), "update_timestamp": epoch_ms(now)}
    role = {
        "id": object_id(),
        "name": _ROLE,
        "description": "May do everything",
        "permissions": [{"name": name, "description": ""} for name in GLOBAL_PERMISSIONS],
        **stamps,
    }
    store.put("roles", role)
    store.put(
        "users",
        {
            "id": made["user_id"],
            "first_name": "Local",
            "last_name": "Developer",
            "email": made["email"],
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
    token = create_oauth1_token(store, made["application_id"], made["user_id"], now=now)
    made |= {"token": token["token"], "token_secret": token["tokenSecret"]}
    store.put("first_start", made)
    return made


def _grant_everything(store: Store, user_id: str) -> None:
    """Grant the first user's role permissions added by a later version; other roles may have its name."""
    permissions = [{"name": name, "description": ""} for name in GLOBAL_PERMISSIONS]
    user = store.get("users", user_id) or {"role_ids": ()}
    for role_id in user["role_ids"]:
        role = store.get("roles", role_id)
        if role and role["name"] == _ROLE and role["permissions"] != permissions:
            store.put("roles", {**role, "permissions": permissions})


def _enable_login(store: Store, known: Document, now: float) -> Document:
    """Enable login by password and OAuth1 for the first user."""
    user = store.get("users", known["user_id"])
    if user is not None:
        store.put("users", {**user, "password_hash": hash_password(known["password"])})
    version = create_oauth2_application(store, name=_NAME, description=_DESCRIPTION, confidential=True, now=now)
    client = {"oauth2_client_id": version["clientId"], "oauth2_client_secret": version["clientSecret"]}
    store.put("first_start", {**known, **client})
    return client
