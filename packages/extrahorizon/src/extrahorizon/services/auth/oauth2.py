"""OAuth2: authorizations that users granted to applications, and tokens."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, WithId, segment
from extrahorizon.services.auth import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.auth.types import (
        OAuth2Authorization,
        OAuth2AuthorizationCreation,
        OAuth2RefreshToken,
        OAuth2Token,
    )

AUTHORIZATIONS = f"{BASE}/oauth2/authorizations"


class OAuth2(Resource):
    """`exh.auth.oauth2`."""

    @cached_property
    def authorizations(self) -> OAuth2Authorizations:
        """Authorizations that users granted to applications."""
        return OAuth2Authorizations(self._session)

    @cached_property
    def refresh_tokens(self) -> OAuth2RefreshTokens:
        """Tokens that renew access tokens."""
        return OAuth2RefreshTokens(self._session)

    @cached_property
    def tokens(self) -> OAuth2Tokens:
        """Access tokens."""
        return OAuth2Tokens(self._session)

    def create_authorization(self, **body: Unpack[OAuth2AuthorizationCreation]) -> OAuth2Authorization:
        """Grant an application what it asks. Deprecated by the platform: use `authorizations.create`.

        Raises:
            ApplicationUnknownError: no application has this `clientId` (103).
            CallbackNotValidError: the `redirectUri` is none of the application's (113).
            UnsupportedResponseTypeError: the `responseType` is another one (114).
        """
        return cast(
            "OAuth2Authorization",
            self._object("POST", AUTHORIZATIONS, json=self._body("OAuth2AuthorizationCreation", body)),
        )

    def get_authorizations(self, rql: Condition | None = None) -> Page[OAuth2Authorization]:
        """Return a page of authorizations. Deprecated by the platform: use `authorizations.find`."""
        return paging.find(self._session, AUTHORIZATIONS, rql)

    def delete_authorization(self, authorization_id: str) -> int:
        """Delete an authorization. Deprecated by the platform: use `authorizations.remove`, which says the rest."""
        return self._affected("DELETE", f"{AUTHORIZATIONS}/{segment(authorization_id)}")


class OAuth2Authorizations(WithId["OAuth2Authorization"]):
    """`exh.auth.oauth2.authorizations`. One's own need no permission; `VIEW_AUTHORIZATIONS` shows everybody's."""

    _path = AUTHORIZATIONS

    def create(self, **body: Unpack[OAuth2AuthorizationCreation]) -> OAuth2Authorization:
        """Authorize an application for the calling user. Needs no permission.

        Args:
            body: `responseType` is `code`; `codeChallenge` and its method are those of PKCE.

        Returns:
            The authorization with the code that the application exchanges for tokens.

        Raises:
            ApplicationUnknownError: no application has this `clientId` (103).
            CallbackNotValidError: the application does not have this `redirectUri` (113).
            UnsupportedResponseTypeError: the `responseType` is not `code` (114).
        """
        return cast(
            "OAuth2Authorization",
            self._object("POST", AUTHORIZATIONS, json=self._body("OAuth2AuthorizationCreation", body)),
        )

    def remove(self, authorization_id: str) -> int:
        """Delete an authorization. Needs `DELETE_AUTHORIZATIONS` for other users'.

        Raises:
            ResourceUnknownError: the authorization does not exist (16).
        """
        return self._affected("DELETE", f"{AUTHORIZATIONS}/{segment(authorization_id)}")


class OAuth2RefreshTokens(WithId["OAuth2RefreshToken"]):
    """`exh.auth.oauth2.refresh_tokens`. One's own need no permission; `VIEW_AUTHORIZATIONS` shows everybody's."""

    _path = f"{BASE}/oauth2/refreshTokens"

    def remove(self, token_id: str) -> int:
        """Delete a refresh token. Needs `DELETE_AUTHORIZATIONS` for other users'."""
        return self._affected("DELETE", f"{self._path}/{segment(token_id)}")


class OAuth2Tokens(WithId["OAuth2Token"]):
    """`exh.auth.oauth2.tokens`. One's own need no permission; `VIEW_AUTHORIZATIONS` shows everybody's."""

    _path = f"{BASE}/oauth2/tokens"

    def remove(self, token_id: str) -> int:
        """Delete an access token. Needs `DELETE_AUTHORIZATIONS` for other users'."""
        return self._affected("DELETE", f"{self._path}/{segment(token_id)}")
