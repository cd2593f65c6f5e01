"""OAuth2 access tokens in the Authorization header (RFC 6750), as the gateway checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.oauth1 import Caller
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock


class BearerVerifier:
    """Says whose an access token is, or raises the `ErrorAnswer` that the platform answers with."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Look tokens up in `store`."""
        self._store = store
        self._clock = clock

    def verify(self, access_token: str) -> Caller:
        """The application and the user of this token.

        Raises:
            ErrorAnswer: 117 when it is unknown, 118 when it has expired.
        """
        token = self._store.one("oauth2_access_tokens", "accessToken", access_token)
        if token is None:
            raise ErrorAnswer(117, "The access token is unknown")
        if token["expiryTimestamp"] <= iso(self._clock()):
            raise ErrorAnswer(118, "The access token is expired")
        return Caller(token["applicationId"], token["userId"])
