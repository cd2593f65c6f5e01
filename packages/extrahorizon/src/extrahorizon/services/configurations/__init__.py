"""The configurations service, `/configurations/v2`: the caller's own data at levels, from everybody to one user.

camelCase members, ISO 8601 timestamps; what is inside a section is the caller's own. The service stores the levels; it
does not merge them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.resource import Resource

if TYPE_CHECKING:
    from extrahorizon.services.configurations.general import General
    from extrahorizon.services.configurations.groups import Groups
    from extrahorizon.services.configurations.patients import Patients
    from extrahorizon.services.configurations.staff import Staff
    from extrahorizon.services.configurations.users import Users

BASE = "/configurations/v2"


class Configurations(Resource):
    """`exh.configurations`."""

    @cached_property
    def general(self) -> General:
        """The general configuration."""
        from extrahorizon.services.configurations.general import General

        return General(self._session)

    @cached_property
    def groups(self) -> Groups:
        """Configurations of groups."""
        from extrahorizon.services.configurations.groups import Groups

        return Groups(self._session)

    @cached_property
    def patients(self) -> Patients:
        """Configurations of users as patients of a group."""
        from extrahorizon.services.configurations.patients import Patients

        return Patients(self._session)

    @cached_property
    def staff(self) -> Staff:
        """Configurations of users as staff of a group."""
        from extrahorizon.services.configurations.staff import Staff

        return Staff(self._session)

    @cached_property
    def users(self) -> Users:
        """Configurations of users."""
        from extrahorizon.services.configurations.users import Users

        return Users(self._session)
