"""The profiles service, `/profiles/v1`: what is known of users as patients; deprecated by the platform.

snake_case members, timestamps in epoch milliseconds; what is inside `custom_fields` is the caller's own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Service, WithId, required

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.profiles.groups import Groups
    from extrahorizon.services.profiles.logs import Logs
    from extrahorizon.services.profiles.types import (
        Comorbidity,
        Fields,
        Impediment,
        Profile,
        ProfileCreation,
        ProfileUpdate,
    )

BASE = "/profiles/v1"


class Profiles(Service, WithId["Profile"]):
    """`exh.profiles`. Deprecated by the platform.

    Anybody may find their own profile, staff those of their groups; `VIEW_PATIENTS` shows everybody's.
    """

    _base = BASE
    _path = f"{BASE}/"

    @cached_property
    def groups(self) -> Groups:
        """The groups that a profile is in."""
        from extrahorizon.services.profiles.groups import Groups

        return Groups(self._session)

    @cached_property
    def logs(self) -> Logs:
        """Notes of staff on a profile."""
        from extrahorizon.services.profiles.logs import Logs

        return Logs(self._session)

    def create(self, **body: Unpack[ProfileCreation]) -> Profile:
        """Create a user's profile. Deprecated by the platform. Needs `CREATE_PROFILES` for other users'.

        Raises:
            ProfileAlreadyExistsError: the user has one (301).
        """
        return cast("Profile", self._object("POST", self._path, json=self._body("ProfileCreation", body)))

    def update(self, rql: Condition, **body: Unpack[ProfileUpdate]) -> int:
        """Change the profiles that match. Deprecated by the platform.

        Needs `UPDATE_PROFILES`, globally or as staff of their groups, except for one's own.

        Args:
            rql: which profiles; never empty.
            body: the members to change, the same in all of them.
        """
        return self._affected("PUT", self._path + required(rql), json=self._body("ProfileUpdate", body))

    def remove_fields(self, rql: Condition, **body: Unpack[Fields]) -> int:
        """Remove fields from the profiles that match; never with empty RQL. Deprecated by the platform.

        Needs `UPDATE_PROFILES`, globally or as staff of their groups, except for one's own.

        Raises:
            RemoveFieldError: a field is protected (11).
        """
        return self._affected("POST", f"{BASE}/remove_fields{required(rql)}", json=self._body("Fields", body))

    def get_comorbidities(self) -> Page[Comorbidity]:
        """Return the values that `comorbidities` may have. Deprecated by the platform. Needs no permission."""
        return paging.find(self._session, f"{BASE}/comorbidities")

    def get_impediments(self) -> Page[Impediment]:
        """Return the values that `impediments` may have. Deprecated by the platform. Needs no permission."""
        return paging.find(self._session, f"{BASE}/impediments")
