"""Authentication of a session, and its reaction when the credentials are refused."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from extrahorizon.oauth1 import OAuth1Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.credentials import CredentialChain, Credentials
    from extrahorizon.deadline import Deadline
    from extrahorizon.transport.protocol import Request

PATIENCE = 30.0  # seconds until a refused secret may have been rotated after all


class Authorization(NamedTuple):
    """A state of the credentials: their host, and a function that authenticates requests."""

    host: str
    authorize: Callable[[Request], object]


class Authentication(Protocol):
    """A way to authenticate that can change while the process lives."""

    def current(self, deadline: Deadline) -> Authorization:
        """Return the authorization for the next request.

        Raises:
            ConfigurationError: there are no usable credentials.
            DeadlineExceededError: there was no time to fetch them.
        """
        ...

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Return whether new credentials are available after `rejected` was refused. Called at most once per call."""
        ...


class OAuth1Authentication:
    """OAuth1 signatures with the credentials of a `CredentialChain`; a rotated secret applies from the next request."""

    def __init__(self, chain: CredentialChain, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Sign with the chain's credentials; `clock` counts seconds."""
        self._chain = chain
        self._signing: tuple[Credentials, Authorization] | None = None
        self._unchanged: tuple[Authorization, float] | None = None
        self._clock = clock
        self._lock = threading.Lock()

    def current(self, deadline: Deadline) -> Authorization:
        """Return the chain's credentials as they are now."""
        return self._for(self._chain.current(deadline))

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Fetch the secret again, bypassing all caches; concurrent threads share one fetch.

        An unchanged secret is not fetched again for `PATIENCE`.

        Raises:
            SecretUnreachableError: AWS does not answer at the moment.
            DeadlineExceededError: there was no time to fetch it, or for another thread to.
        """
        with deadline.holding(self._lock, "renewing the credentials"):
            if self.current(deadline) is not rejected:  # another thread has renewed it
                return True
            if self._unchanged and self._unchanged[0] is rejected and self._clock() - self._unchanged[1] < PATIENCE:
                return False
            changed = self._for(self._chain.renew(deadline)) is not rejected
            self._unchanged = None if changed else (rejected, self._clock())
            return changed

    def credentials(self, deadline: Deadline) -> Credentials:
        """Return the chain's credentials as they are now, to log another user in with the same application."""
        return self._chain.current(deadline)

    def _for(self, credentials: Credentials) -> Authorization:
        if self._signing is None or self._signing[0] != credentials:
            signer = OAuth1Signer(
                credentials.consumer_key, credentials.consumer_secret, credentials.token, credentials.token_secret
            )
            self._signing = (credentials, Authorization(credentials.host, signer))
        return self._signing[1]
