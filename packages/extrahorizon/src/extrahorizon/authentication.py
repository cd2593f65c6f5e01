"""How a session proves who it is, and what it does when that is refused."""

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
    """One state of the credentials: the host they are for, and what puts them on a request."""

    host: str
    authorize: Callable[[Request], object]


class Authentication(Protocol):
    """A way to authenticate that can change while the process lives."""

    def current(self, deadline: Deadline) -> Authorization:
        """Return the authorization for the next request, found before the deadline.

        Raises:
            ConfigurationError: there are no usable credentials.
            DeadlineExceededError: there was no time to fetch them.
        """
        ...

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Return whether there are other credentials, now that `rejected` was refused. Called once per call at most."""
        ...


class OAuth1Authentication:
    """OAuth1 signatures with what a chain of sources gives; a rotated secret counts from the next request on."""

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
        """Fetch the secret once more, past every cache; many threads that were refused together fetch it once.

        A secret that was just found to be unchanged is not fetched again for `PATIENCE`.

        Raises:
            SecretUnreachableError: AWS does not answer just now.
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
