"""The endpoints of the auth service: camelCase members, ISO 8601 timestamps; the OAuth2 token endpoint snake_case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.auth import (
    oauth1_login,
    oauth2_authorizations,
    oauth2_tokens,
    presence,
    sso_tokens,
    token_lists,
)
from exh_dev.platform.auth.application_endpoints import Applications
from exh_dev.platform.auth.login import Login
from exh_dev.platform.auth.mfa import SecondFactor
from exh_dev.platform.auth.mfa_settings import MfaSettings
from exh_dev.platform.auth.oidc import Oidc
from exh_dev.platform.auth.oidc_providers import Providers
from exh_dev.platform.auth.user_tokens import forget_expired
from exh_dev.platform.service import Service

if TYPE_CHECKING:
    from starlette.routing import Route

    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/auth/v2"


class AuthService(Service):
    """Applications, tokens, second factors and logins by OpenID Connect."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Serve the applications and tokens of `store`. Tokens that expired long ago are removed first."""
        self._store = store
        self._clock = clock
        forget_expired(store, clock())

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        store, clock = self._store, self._clock
        login = Login(store, clock=clock)
        second_factor = SecondFactor(store, clock=clock)
        return [
            *oauth1_login.routes(BASE, store, login, second_factor, clock=clock),
            *sso_tokens.routes(BASE, store, clock=clock),
            *oauth2_authorizations.routes(BASE, store, clock=clock),
            *oauth2_tokens.routes(BASE, store, login, second_factor, clock=clock),
            *token_lists.routes(BASE, store),
            *presence.routes(BASE, store, login, clock=clock),
            *Applications(store, clock).routes(BASE),
            *MfaSettings(store, clock).routes(BASE),
            *Providers(store, clock).routes(BASE),
            *Oidc(store, clock).routes(BASE),
        ]
