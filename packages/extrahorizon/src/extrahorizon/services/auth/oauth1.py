"""OAuth1 tokens, and single sign-on from one application to another."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, WithId, segment, string
from extrahorizon.services.auth import BASE

if TYPE_CHECKING:
    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.auth.types import OAuth1Token, SsoToken

TOKENS = f"{BASE}/oauth1/tokens"


class OAuth1(Resource):
    """`exh.auth.oauth1`."""

    @cached_property
    def tokens(self) -> OAuth1Tokens:
        """The tokens that logins gave."""
        return OAuth1Tokens(self._session)

    def generate_sso_token(self) -> SsoToken:
        """Create a token with which another application can log in the same user. Needs no permission.

        Raises:
            ApplicationNotAuthenticatedError: the credentials have no OAuth1 application (101).
            UserNotAuthenticatedError: the credentials have no user (104).
        """
        return cast("SsoToken", self._object("POST", f"{BASE}/oauth1/ssoTokens/generate", json={}))

    def consume_sso_token(self, sso_token: str) -> OAuth1Token:
        """Trade the token of another application for an OAuth1 token of this one; once. Needs no permission.

        Raises:
            ApplicationNotAuthenticatedError: the credentials are those of no OAuth1 application (101).
            ResourceUnknownError: the token is unknown, used or expired (16).
        """
        return cast(
            "OAuth1Token",
            self._object("POST", f"{BASE}/oauth1/ssoTokens/consume", json={"ssoToken": string(sso_token)}),
        )

    def get_tokens(self, rql: Condition | None = None) -> Page[OAuth1Token]:
        """Return a page of OAuth1 tokens. Deprecated by the platform: use `tokens.find`, which has the details."""
        return paging.find(self._session, TOKENS, rql)

    def remove_token(self, token_id: str) -> int:
        """Delete an OAuth1 token. Deprecated by the platform: use `tokens.remove`, which says the rest."""
        return self._affected("DELETE", f"{TOKENS}/{segment(token_id)}")


class OAuth1Tokens(WithId["OAuth1Token"]):
    """`exh.auth.oauth1.tokens`. One's own need no permission; `VIEW_AUTHORIZATIONS` shows everybody's."""

    _path = TOKENS

    def remove(self, token_id: str) -> int:
        """Revoke a token. Needs `DELETE_AUTHORIZATIONS` for other users'."""
        return self._affected("DELETE", f"{TOKENS}/{segment(token_id)}")
