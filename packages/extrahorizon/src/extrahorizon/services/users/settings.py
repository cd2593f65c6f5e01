"""Settings of the user service: how e-mail addresses are verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource
from extrahorizon.services.users import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.users.types import VerificationSettings, VerificationSettingsUpdate

VERIFICATION = f"{BASE}/settings/verification"


class Settings(Resource):
    """`exh.users.settings`."""

    def get_verification_settings(self) -> VerificationSettings:
        """Return the settings of e-mail verification. Needs `VIEW_USER_VERIFICATION_SETTINGS`."""
        return cast("VerificationSettings", self._object("GET", VERIFICATION))

    def update_verification_settings(self, **body: Unpack[VerificationSettingsUpdate]) -> VerificationSettings:
        """Change settings, and answer with all of them. Needs `UPDATE_USER_VERIFICATION_SETTINGS`."""
        return cast(
            "VerificationSettings",
            self._object("PUT", VERIFICATION, json=self._body("VerificationSettingsUpdate", body)),
        )
