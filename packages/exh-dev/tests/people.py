"""Users of the local platform, made straight in its store."""

from __future__ import annotations

from itertools import count

from exh_dev.platform.auth.oauth1 import create_oauth1_token
from exh_dev.platform.storage.ids import object_id

_number = count(1)


def person(app, *permissions, staff=(), patient=()):
    """A user with these global permissions, and a token to call as: `app.as_user(..., token=token)`.

    Args:
        app: a `LocalApp`.
        permissions: of a global role.
        staff: groups where the user is staff; a dict gives the permissions of a role there.
        patient: groups where the user is a patient.
    """
    role = {"id": object_id(), "name": f"role-{next(_number)}", "description": ""}
    stamps = {"creation_timestamp": 0, "update_timestamp": 0}
    app.store.put(
        "roles", {**role, "permissions": [{"name": each, "description": ""} for each in permissions], **stamps}
    )
    enlistments = []
    for group_id, granted in dict.fromkeys(staff, ()).items() if not isinstance(staff, dict) else staff.items():
        group_role = {"id": object_id(), "group_id": group_id, "name": f"role-{next(_number)}", "description": ""}
        app.store.put("group_roles", {**group_role, "permissions": list(granted), **stamps})
        enlistments.append({"group_id": group_id, "role_ids": [group_role["id"]], **stamps})
    user = {
        "id": object_id(),
        "first_name": "Test",
        "last_name": "Person",
        "email": f"person{next(_number)}@localhost.example",
        "phone_number": "0",
        "language": "EN",
        "time_zone": "UTC",
        "activation": True,
        "role_ids": [role["id"]],
        "staff_enlistments": enlistments,
        "patient_enlistments": [{"group_id": each, "expired": False, "creation_timestamp": 0} for each in patient],
        "failed_count": 0,
        "password_hash": "",
        **stamps,
    }
    app.store.put("users", user)
    return create_oauth1_token(app.store, app.first.application_id, user["id"], now=app.now)
