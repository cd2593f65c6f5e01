"""Second factors of users (MFA)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.auth import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.auth.types import (
        Description,
        MfaMethod,
        MfaMethodCreation,
        MfaMethodVerification,
        MfaSetting,
        PresenceToken,
    )


def _user(user_id: str) -> str:
    return f"{BASE}/mfa/users/{segment(user_id)}"


class Users(Resource):
    """`exh.auth.users`. One's own account needs no permission; changing another one's `UPDATE_USER_MFA_SETTINGS`.

    Changes need a `presenceToken` of `exh.auth.confirm_presence`.
    """

    def get_mfa_setting(self, user_id: str) -> MfaSetting:
        """Return a user's second factors. Needs `VIEW_USER_MFA_SETTINGS` for other users'."""
        return cast("MfaSetting", self._object("GET", _user(user_id)))

    def enable_mfa(self, user_id: str, **body: Unpack[PresenceToken]) -> int:
        """Require a second factor at a user's logins.

        Raises:
            InvalidPresenceTokenError: the presence token is unknown or expired (132).
            NotEnoughMfaMethodsError: the user has no verified method (133).
        """
        return self._affected("POST", f"{_user(user_id)}/enable", json=self._body("PresenceToken", body))

    def disable_mfa(self, user_id: str, **body: Unpack[PresenceToken]) -> int:
        """Disable a user's second factor.

        Raises:
            InvalidPresenceTokenError: the presence token is unknown or expired (132).
        """
        return self._affected("POST", f"{_user(user_id)}/disable", json=self._body("PresenceToken", body))

    def add_mfa_method(self, user_id: str, **body: Unpack[MfaMethodCreation]) -> MfaMethod:
        """Add a second factor to a user.

        Returns:
            The method, with its `secret` or its `codes`; one of type `totp` counts once it is verified.

        Raises:
            InvalidPresenceTokenError: the presence token is unknown or expired (132).
        """
        return cast(
            "MfaMethod", self._object("POST", f"{_user(user_id)}/methods", json=self._body("MfaMethodCreation", body))
        )

    def confirm_mfa_method_verification(
        self, user_id: str, method_id: str, **body: Unpack[MfaMethodVerification]
    ) -> Description:
        """Verify a method of type `totp` with its current code.

        Raises:
            ResourceUnknownError: the method does not exist (16).
            IllegalArgumentError: the method is of another type (26).
            InvalidMfaCodeError: the code is wrong (130).
            InvalidPresenceTokenError: the presence token is unknown or expired (132).
        """
        path = f"{_user(user_id)}/methods/{segment(method_id)}/verification/confirm"
        return cast("Description", self._object("POST", path, json=self._body("MfaMethodVerification", body)))

    def remove_mfa_method(self, user_id: str, method_id: str, **body: Unpack[PresenceToken]) -> int:
        """Remove a user's second factor.

        Raises:
            ResourceUnknownError: the method does not exist (16).
            InvalidPresenceTokenError: the presence token is unknown or expired (132).
            NotEnoughMfaMethodsError: it is the last verified one, and MFA is enabled (133).
        """
        return self._affected(
            "POST", f"{_user(user_id)}/methods/{segment(method_id)}/remove", json=self._body("PresenceToken", body)
        )
