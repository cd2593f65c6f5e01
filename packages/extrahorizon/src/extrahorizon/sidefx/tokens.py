"""Access tokens: fetched on demand and cached until shortly before they expire, per application and process."""

from __future__ import annotations

import base64
import copy
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extrahorizon.errors import DeadlineExceededError, ExtraHorizonError
from extrahorizon.sidefx.errors import AuthorizationError
from extrahorizon.sidefx.replies import body_text, redacted
from extrahorizon.sidefx.transport import prepare, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.sidefx.account import Account
    from extrahorizon.sidefx.transport import Limits

MARGIN = 2.0  # seconds before its end that a token is no longer used, as in SideFX's own clients

_OK = 200
_FOR_EVER = 1e12  # seconds: no lifetime, but a mistake

#: The time in epoch seconds.
clock: Callable[[], float] = time.time


@dataclass(frozen=True)
class Token:
    """An access token. The repr does not show it.

    Attributes:
        value: the value in the Authorization header.
        expiry_time: epoch seconds until which it is used.
    """

    value: str = field(repr=False)
    expiry_time: float

    @property
    def usable(self) -> bool:
        """Return whether it has not expired."""
        return self.expiry_time >= clock()


class TokenCache:
    """The tokens of a process, by token URL and client id.

    Concurrent threads share one request, and its failure.
    """

    def __init__(self) -> None:
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._lock = threading.Lock()

    def get(self, account: Account, limits: Limits, *, rejected: str | None = None) -> Token:
        """Return a token for `account` whose value is not `rejected`.

        Raises:
            AuthorizationError: SideFX refuses one.
            DeadlineExceededError: the deadline passed.
            PlatformUnreachableError: no answer came.
        """
        with self._lock:
            slot = self._slots.setdefault((account.access_token_url, account.client_id), _Slot())
        return slot.get(account, limits, rejected)


class _Slot:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finished = 0
        self._account: Account | None = None
        self._token: Token | None = None
        self._failure: ExtraHorizonError | None = None

    def get(self, account: Account, limits: Limits, rejected: str | None) -> Token:
        before = self._finished
        what = "the access token"
        if not self._lock.acquire(timeout=min(limits.check(what), threading.TIMEOUT_MAX)):
            raise DeadlineExceededError(f"no time is left for {what}")
        try:
            if account == self._account:  # with the same secret, that is
                if self._token and self._token.usable and self._token.value != rejected:
                    return self._token
                if self._failure and self._finished != before:  # another thread has tried while this one waited
                    raise copy.copy(self._failure)
            self._account, self._token, self._failure = account, None, None
            try:
                self._token = request_token(account, limits)
            except DeadlineExceededError:
                raise  # this thread's deadline must not fail the threads that share the request
            except ExtraHorizonError as error:
                self._failure = copy.copy(error)  # without the frames of this thread
                raise
            finally:
                self._finished += 1
            return self._token
        finally:
            self._lock.release()


def request_token(account: Account, limits: Limits) -> Token:
    """Return a new token. Fetching one does not revoke another, so the request may be retried.

    Raises:
        AuthorizationError: SideFX refuses one.
        DeadlineExceededError: the deadline passed.
        PlatformUnreachableError: no answer came.
    """
    url = account.access_token_url
    basic = base64.b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
    # `application_token` takes an empty body. The form field is for URLs that end in `/token`, where applications are
    # registered with the client credentials grant; SideFX's own client makes the same distinction.
    form = {"grant_type": "client_credentials"} if url.endswith(("/token", "/token/")) else None
    request = prepare("POST", url, headers={"Authorization": f"Basic {basic}"}, form=form)
    what = "the access token"
    asked_at = clock()  # before the request, so that its duration does not eat the margin
    with send(request, what, limits, repeatable=True) as response:
        text = body_text(response, what, limits)
        status = response.status_code
    if status != _OK:
        reason = redacted(text, account.client_secret, basic)
        raise AuthorizationError(status, f"{status}: {reason}")
    value, lifetime = _read(text)
    if value is None or lifetime is None:
        raise AuthorizationError(status, f"{status}: the answer holds no usable access_token and expires_in")
    return Token(value, asked_at + lifetime - MARGIN)


def is_token(value: object) -> bool:
    """Return whether `value` is valid in an Authorization header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != "" and " " not in value


def _read(text: str) -> tuple[str | None, float | None]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None  # not chained: a JSON error quotes the text
    if not isinstance(answer, dict):
        return None, None
    value, lifetime = answer.get("access_token"), answer.get("expires_in")
    number = isinstance(lifetime, (int, float)) and not isinstance(lifetime, bool) and abs(lifetime) < _FOR_EVER
    return value if is_token(value) else None, lifetime if number else None


#: Shared by all services and threads of the process.
TOKENS = TokenCache()
