"""The endpoints of the auth service: camelCase members, ISO 8601 timestamps; the OAuth2 token endpoint snake_case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.auth import oauth1, oauth2, presence, sso, tokens
from exh_dev.platform.auth.applications import Applications
from exh_dev.platform.auth.local_provider import LocalProvider
from exh_dev.platform.auth.login import Login
from exh_dev.platform.auth.mfa import MfaSettings, SecondFactor
from exh_dev.platform.auth.oidc import Oidc
from exh_dev.platform.auth.oidc_providers import Providers
from exh_dev.platform.auth.tokens import forget_expired
from exh_dev.platform.service import Service

if TYPE_CHECKING:
    from exh_dev.platform.http.routing import Route
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
        """Return the endpoints of the service, and those of the local OpenID Connect provider below `/_dev/`."""
        store, clock = self._store, self._clock
        login = Login(store, clock=clock)
        second_factor = SecondFactor(store, clock=clock)
        return [
            *oauth1.routes(BASE, store, login, second_factor, clock=clock),
            *sso.routes(BASE, store, clock=clock),
            *oauth2.routes(BASE, store, login, second_factor, clock=clock),
            *tokens.routes(BASE, store),
            *presence.routes(BASE, store, login, clock=clock),
            *Applications(store, clock).routes(BASE),
            *MfaSettings(store, clock).routes(BASE),
            *Providers(store, clock).routes(BASE),
            *Oidc(store, clock).routes(BASE),
            *LocalProvider(store, clock=clock).routes(),
        ]
