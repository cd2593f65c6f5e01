"""OpenID Connect: the providers that users may log in with, their links, and what became of logins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Collection, Resource, segment
from extrahorizon.services.auth import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.auth.types import (
        LoginAttempt,
        OidcLink,
        OidcProvider,
        OidcProviderCreation,
        OidcProviderUpdate,
    )


class Oidc(Resource):
    """`exh.auth.oidc`."""

    @cached_property
    def login_attempts(self) -> LoginAttempts:
        """Outcomes of logins."""
        return LoginAttempts(self._session)

    @cached_property
    def providers(self) -> Providers:
        """Providers where users may log in."""
        return Providers(self._session)

    def link_user_to_oidc_provider(self, provider_name: str, **body: Unpack[OidcLink]) -> int:
        """Link the calling user to a provider. Needs no permission.

        Raises:
            ResourceUnknownError: the provider does not exist (16).
            IllegalStateError: the provider is disabled (27).
        """
        return self._affected(
            "POST", f"{BASE}/oidc/providers/{segment(provider_name)}/link", json=self._body("OidcLink", body)
        )

    def unlink_user_from_oidc(self, user_id: str) -> int:
        """Unlink a user from a provider; the user then logs in with a password. Needs `UNLINK_USER_FROM_OIDC`."""
        return self._affected("POST", f"{BASE}/oidc/users/{segment(user_id)}/unlink", json={})


class LoginAttempts(Collection["LoginAttempt"]):
    """`exh.auth.oidc.login_attempts`. Needs `VIEW_OIDC_LOGIN_ATTEMPTS`."""

    _path = f"{BASE}/oidc/loginAttempts"


class Providers(Collection["OidcProvider"]):
    """`exh.auth.oidc.providers`. Finding them needs `VIEW_OIDC_PROVIDERS`."""

    _path = f"{BASE}/oidc/providers"

    def create(self, **body: Unpack[OidcProviderCreation]) -> OidcProvider:
        """Register a provider. Needs `CREATE_OIDC_PROVIDER`.

        Raises:
            NoPermissionError: the permission is missing (10).
            FieldFormatError: a member is not valid, such as a name of fewer than 3 or more than 40 characters (15).
        """
        return cast("OidcProvider", self._object("POST", self._path, json=self._body("OidcProviderCreation", body)))

    def update(self, provider_id: str, **body: Unpack[OidcProviderUpdate]) -> int:
        """Change a provider; omitted members are kept. Needs `UPDATE_OIDC_PROVIDER`.

        Raises:
            NoPermissionError: the permission is missing (10).
            FieldFormatError: a member is not valid (15).
            ResourceUnknownError: the provider does not exist (16).
        """
        return self._affected(
            "PUT", f"{self._path}/{segment(provider_id)}", json=self._body("OidcProviderUpdate", body)
        )

    def enable(self, provider_id: str) -> int:
        """Enable logins through a provider. Needs `UPDATE_OIDC_PROVIDER`.

        Raises:
            NoPermissionError: the permission is missing (10).
            ResourceUnknownError: the provider does not exist (16).
        """
        return self._affected("POST", f"{self._path}/{segment(provider_id)}/enable", json={})

    def disable(self, provider_id: str) -> int:
        """Disable logins through a provider; links are kept. Needs `UPDATE_OIDC_PROVIDER`.

        Raises:
            NoPermissionError: the permission is missing (10).
            ResourceUnknownError: the provider does not exist (16).
        """
        return self._affected("POST", f"{self._path}/{segment(provider_id)}/disable", json={})

    def remove(self, provider_id: str) -> int:
        """Delete a disabled provider. Needs `DELETE_OIDC_PROVIDER`.

        Raises:
            NoPermissionError: the permission is missing (10).
            ResourceUnknownError: the provider does not exist (16).
            IllegalStateError: it is enabled or has linked users (27).
        """
        return self._affected("DELETE", f"{self._path}/{segment(provider_id)}")
