"""Requests to SideFX: retries, timeouts and streaming of answers.

One session per process keeps connections open. It reads nothing from the environment: a `.netrc` entry for the host
would replace the Bearer token by a password, silently. It follows no redirect, which would turn a POST into a GET and
lose its form. It keeps no cookies.
"""

from __future__ import annotations

import math
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

# isort: split
import requests
import urllib3.exceptions

import extrahorizon.quiet_loggers  # noqa: F401 - caps what prints signed URLs
from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError, ExtraHorizonError, PlatformUnreachableError, parse_retry_after
from extrahorizon.retries import pause
from extrahorizon.transport.adapter import Adapter
from extrahorizon.transport.adapter import limits as limited
from extrahorizon.transport.over_requests import unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extrahorizon.sidefx.files import Part

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds
CONNECTIONS = 10  # kept alive; more threads than that open and close their own
CHUNK = 1 << 20  # bytes per read

ATTEMPTS = 4  # in all
RATE_LIMIT_WAIT = 30.0  # seconds after a 429 without Retry-After, as SideFX's own package manager waits
LONGEST_WAIT = 120.0  # seconds waited in all when no deadline says how long
_FIRST_WAIT, _LONGEST_BACKOFF = 0.5, 8.0  # seconds

_TOO_MANY_REQUESTS = 429
_FRONT_END_TROUBLE = frozenset({502, 503, 504})


def unlimited() -> float:
    """Return infinity, for calls without a deadline."""
    return math.inf


@dataclass(frozen=True)
class Limits:
    """Time limits of a call.

    Attributes:
        timeout: seconds to connect and seconds between two pieces of an answer, or one number for both; None is 5
            and 30.
        remaining: returns the total seconds left.
    """

    timeout: float | tuple[float, float] | None = None
    remaining: Callable[[], float] = unlimited

    def check(self, what: str) -> float:
        """Return the seconds left for `what`.

        Raises:
            DeadlineExceededError: none are left.
        """
        left = self.remaining()
        if left <= 0:
            raise DeadlineExceededError(f"no time is left for {what}")
        return left

    def timeouts(self, what: str) -> tuple[float, float]:
        """Return the seconds to connect and to read, limited by the time left.

        Raises:
            DeadlineExceededError: none is left.
        """
        left = self.check(what)
        given = self.timeout or (CONNECT_TIMEOUT, READ_TIMEOUT)
        connect, read = given if isinstance(given, tuple) else (given, given)
        return min(connect, left), min(read, left)

    def allow(self, wait: float, waited: float) -> bool:
        """Return whether there is time to wait another `wait` seconds, after having waited `waited` seconds."""
        left = self.remaining()
        return waited + wait <= LONGEST_WAIT if math.isinf(left) else wait < left


def prepare(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    form: dict[str, str] | None = None,
    files: dict[str, Part] | None = None,
) -> requests.PreparedRequest:
    """Return a request that can be sent more than once: its body is in memory.

    Raises:
        PlatformUnreachableError: the URL cannot be called.
    """
    with suppress(requests.RequestException):
        return _http().prepare_request(requests.Request(method, url, headers=headers, data=form, files=files))
    # Outside of the block, here and below: the originals quote URLs, which may be signed, and headers.
    raise _unusable(method, url)


def send(request: requests.PreparedRequest, what: str, limits: Limits, *, repeatable: bool) -> requests.Response:
    """Send with retries.

    A 429 is always retried, because nothing was done; 502, 503, 504 and a lost connection only if `repeatable`.

    Args:
        request: the request.
        what: its name, for messages.
        limits: its time limits.
        repeatable: whether repeating it is harmless.

    Returns:
        The last answer, whatever its status, with its body unread.

    Raises:
        DeadlineExceededError: the deadline passed.
        PlatformUnreachableError: no answer came, or a redirect.
    """
    attempt, waited = 1, 0.0
    while True:
        timeout = limits.timeouts(what)
        failure: ExtraHorizonError | None = None
        wait: float | None = None
        try:
            with limited(timeout[1], Deadline(limits.check(what))):
                response = _http().send(request, stream=True, timeout=timeout, allow_redirects=False)
        except urllib3.exceptions.HTTPError:  # what requests lets through: a host that cannot be one
            failure = _unusable(str(request.method), str(request.url))
        except requests.RequestException as error:
            lost = unreachable(error, timeout, method=str(request.method), url=str(request.url))
            wait = _backoff(attempt) if repeatable and not lost.permanent else None
            if wait is None or attempt == ATTEMPTS or not limits.allow(wait, waited):
                failure = _given_up(lost, what, limits, attempt, repeatable=repeatable)
        else:
            if response.is_redirect:
                response.close()
                raise _redirected(response, request)
            wait = _wait_asked(response, attempt, repeatable=repeatable)
            if wait is None or attempt == ATTEMPTS or not limits.allow(wait, waited):
                return response
            response.close()
        if failure is not None:
            raise failure
        wait = wait or 0
        pause(wait)
        attempt, waited = attempt + 1, waited + wait


def chunks(response: requests.Response, what: str, limits: Limits, *, decoded: bool = True) -> Iterator[bytes]:
    """Yield the body as it arrives, at most `CHUNK` bytes at a time; raw if not `decoded`.

    Raises:
        DeadlineExceededError: the deadline passed, even while data still arrives slowly.
        PlatformUnreachableError: the connection was lost before the end.
    """
    while chunk := _read(response.raw.read1, CHUNK, response, what, limits, decoded=decoded):
        yield chunk


def read(response: requests.Response, what: str, limits: Limits, size: int | None) -> bytes:
    """Return the next `size` bytes of the body, fewer at its end; all that are left when None.

    Raises:
        DeadlineExceededError: the time was up.
        PlatformUnreachableError: the connection was lost before the end.
    """
    return _read(response.raw.read, size, response, what, limits, decoded=True)


def _read(
    take: Callable[..., bytes],
    size: int | None,
    response: requests.Response,
    what: str,
    limits: Limits,
    *,
    decoded: bool,
) -> bytes:
    left = limits.check(what)
    socket = getattr(getattr(response.raw, "connection", None), "sock", None)
    if socket is not None and (socket.gettimeout() or 0) > left:
        socket.settimeout(left)
    with suppress(urllib3.exceptions.HTTPError, OSError):
        return take(size, decode_content=decoded)
    method, url = str(response.request.method), str(response.request.url)
    failure = PlatformUnreachableError("the answer ended before it was complete", method=method, url=url)
    raise _given_up(failure, what, limits, 1, repeatable=True)


def _wait_asked(response: requests.Response, attempt: int, *, repeatable: bool) -> float | None:
    asked = parse_retry_after(response.headers.get("Retry-After"), time.time())
    if response.status_code == _TOO_MANY_REQUESTS:
        return RATE_LIMIT_WAIT if asked is None else asked
    if repeatable and response.status_code in _FRONT_END_TROUBLE:
        return max(asked or 0.0, _backoff(attempt))
    return None


def _backoff(attempt: int) -> float:
    """Return the seconds to wait, with full jitter, so that functions that fail together do not retry together."""
    return random.uniform(0, min(_LONGEST_BACKOFF, _FIRST_WAIT * 2 ** (attempt - 1)))  # noqa: S311 - no secret


def _given_up(
    failure: PlatformUnreachableError, what: str, limits: Limits, attempts: int, *, repeatable: bool
) -> PlatformUnreachableError | DeadlineExceededError:
    """Return `failure` with the function's name, and whether something may have been done."""
    done = failure.sent and not repeatable
    if limits.remaining() <= 0:
        doubt = "; it may have been done all the same" if done else ""
        return DeadlineExceededError(f"no answer to {what} before the time was up{doubt}")
    return PlatformUnreachableError(
        f"{failure.reason}, in {what}",
        method=failure.method,
        url=failure.url,
        attempts=attempts,
        sent=done,
        permanent=failure.permanent,
    )


def _unusable(method: str, url: str) -> PlatformUnreachableError:
    return PlatformUnreachableError("its URL cannot be called", method=method, url=url, sent=False, permanent=True)


def _redirected(response: requests.Response, request: requests.PreparedRequest) -> PlatformUnreachableError:
    try:
        target = urlsplit(urljoin(str(request.url), response.headers["Location"]))
        elsewhere = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
    except ValueError:
        elsewhere = "what is not a URL"
    reason = f"it redirects (HTTP {response.status_code}) to {elsewhere}, which is not followed; check the URL"
    method, url = str(request.method), str(request.url)
    return PlatformUnreachableError(reason, method=method, url=url, sent=False, permanent=True)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' own signature
        """Return None, or requests prepares the next request even when it may not follow."""
        return None


@cache
def _http() -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(pool_maxsize=CONNECTIONS))
    return session
