"""The profile of a deleted user. The platform deletes no profiles, so its fields are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError
from extrahorizon.query import rql

if TYPE_CHECKING:
    from shared.session import ExtraHorizon

#: Required fields get values that describe nobody; gender 0 is "not known" (ISO 5218).
_NOBODY: Any = {"country": "", "birthday": "1900-01-01", "gender": 0}
_PROFILE_STAYS = {"id", "groups", "medication", "creation_timestamp", "update_timestamp", *_NOBODY}


class ProfileNotEmptiedError(ExtraHorizonError):
    """The platform changed nothing: the function's user may see the profile, and may not change it."""


def empty_profile(exh: ExtraHorizon, user_id: str) -> None:
    """Remove a profile's fields, and set the required ones to values that describe nobody.

    Raises:
        ProfileNotEmptiedError: the function's user has no permission for it.
    """
    own = rql.eq("id", user_id)
    profile: Any = exh.profiles.find_first(own)
    if profile is None or all(profile.get(name) == value for name, value in _NOBODY.items()):
        return
    for group in profile.get("groups", []):
        fields = [name for name in group if name != "group_id"]
        if fields:
            exh.profiles.groups.remove_fields(user_id, group["group_id"], fields=fields)
    fields = [name for name in profile if name not in _PROFILE_STAYS]
    if fields:
        exh.profiles.remove_fields(own, fields=fields)
    # The last step, because a run that is repeated takes these values as the sign that all fields are removed.
    if exh.profiles.update(own, **_NOBODY) == 0:
        raise ProfileNotEmptiedError("the profile was not changed; the function's user needs UPDATE_PROFILES")
