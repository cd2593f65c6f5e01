"""Read a JSON secret from AWS Secrets Manager, with a cache that also bridges outages.

It uses the AWS Parameters and Secrets Lambda Extension if that layer is present, else boto3, and the other one if the
first does not answer. A value is at most 300 s old. The extension caches it for `SECRETS_MANAGER_TTL` seconds, by
default 300, and does not report its age; so a value from it is cached here for the rest of the 300 s, at most 60 s and
at least 5 s. After a temporary failure the last value is used until a newer one arrives or the platform refuses it.
"""

from __future__ import annotations

import json
import threading
import time
from copy import copy
from typing import TYPE_CHECKING

from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, ExtraHorizonError, SecretUnreachableError
from extrahorizon.log import logger
from extrahorizon.secret_sources import NoBoto3Error, by_boto3, by_extension, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.settings import Settings

MAX_AGE = 300.0  # seconds
EXTENSION_AGE = 60.0  # seconds that what the extension answers is kept here, at most
LEAST_AGE = (
    5.0  # minimum seconds in this cache, whatever the extension's TTL, so that a burst of calls sends one request
)
PATIENCE = 3.0  # seconds to wait for a newer value where the last one may serve
ASKED_AGAIN = 30.0  # seconds that the last value serves until a newer one is asked for again


class SecretsManager:
    """Reads JSON secrets, each once for all threads that need it, and keeps them for `MAX_AGE` seconds."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Use the extension that `settings` names, if any; `clock` counts seconds."""
        self._settings = settings
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._running: dict[tuple[str, bool], _Fetch] = {}
        self._lock = threading.RLock()  # for instant work; nothing waits for AWS with it

    def read(self, secret_id: str, deadline: Deadline | None = None) -> Mapping[str, str]:
        """Return the string members of the secret, white space around values removed and blank ones left out.

        Raises:
            ConfigurationError: the secret does not exist, is not readable, or is not a JSON object. The message names
                the secret and never quotes its content.
            SecretUnreachableError: AWS or its extension does not answer, and no value was read before.
            DeadlineExceededError: there was no time to read it.
        """
        deadline = deadline or Deadline()
        with self._lock:
            kept = self._kept.get(secret_id)
            if kept is not None and self._clock() < kept.until:
                return kept.values
            if kept is not None and kept.is_refused:
                kept = None
            if kept is None:
                deadline.check("reading the secret")
            elif deadline.remaining() <= 0:
                return kept.values
            fetch = self._started(secret_id, deadline, past_caches=False)
        if kept is None:
            return fetch.outcome(deadline)
        try:
            # Half of the time is left for the call that the value is for.
            return fetch.outcome(Deadline(min(PATIENCE, deadline.remaining() / 2)))
        except SecretUnreachableError as error:
            return self._last(kept, str(error))
        except DeadlineExceededError:
            return self._last(kept, f"secret {secret_id!r} was not read in {PATIENCE:.3g} s")

    def read_again(self, secret_id: str, deadline: Deadline | None = None) -> Mapping[str, str]:
        """Return the secret as it is now, past every cache; for use after its values were refused.

        Raises:
            ConfigurationError: as for `read`.
            SecretUnreachableError: AWS does not answer just now: what was refused does not serve.
            DeadlineExceededError: as for `read`.
        """
        deadline = deadline or Deadline()
        with self._lock:
            if secret_id in self._kept:
                self._kept[secret_id].is_refused = True
            deadline.check("reading the secret")
            fetch = self._started(secret_id, deadline, past_caches=True)
        return fetch.outcome(deadline)

    def _last(self, kept: _Kept, reason: str) -> Mapping[str, str]:
        with self._lock:
            kept.until = self._clock() + ASKED_AGAIN
            warned, kept.is_warned = kept.is_warned, True
        if not warned:
            logger.warning("the last credentials serve: no newer ones can be read", extra={"reason": reason})
        return kept.values

    def _started(self, secret_id: str, deadline: Deadline, *, past_caches: bool) -> _Fetch:
        """Return the fetch of a secret that is in progress, or start one."""
        key = secret_id, past_caches
        running = self._running.get(key)
        if running is None:
            seconds = deadline.remaining()
            running = self._running[key] = _Fetch(lambda: self._fetch(key, seconds))
            running.start()
        return running

    def _fetch(self, key: tuple[str, bool], seconds: float) -> Mapping[str, str]:
        secret_id, past_caches = key
        began = self._clock()
        try:
            text, age = self._text(secret_id, seconds, past_caches=past_caches)
            values = _parse(secret_id, text)
            with self._lock:
                kept = self._kept.get(secret_id)
                if kept is None or kept.began <= began:  # else another way was asked later, and answered first
                    self._kept[secret_id] = _Kept(values, began, began + age)
            return values
        finally:
            with self._lock:
                del self._running[key]

    def _text(self, secret_id: str, seconds: float, *, past_caches: bool) -> tuple[str, float]:
        """Return the secret and its cache time in seconds, by one method or else the other."""
        ways: list[tuple[Callable[[], str], float]] = [(lambda: by_boto3(secret_id, seconds), MAX_AGE)]
        if self._settings.extension_port is not None:
            left = max(LEAST_AGE, min(EXTENSION_AGE, MAX_AGE - self._settings.extension_ttl))
            # Where what is known was refused, the extension comes second: it may have the same, or a newer one.
            place = 1 if past_caches else 0
            ways.insert(place, (lambda: by_extension(secret_id, self._settings, seconds), left))
        failures: list[Exception] = []
        for way, age in ways:
            try:
                return way(), age
            except (SecretUnreachableError, NoBoto3Error) as error:
                failures.append(error)
        for failure in failures:
            if isinstance(failure, SecretUnreachableError):  # it says more than that boto3 has no region
                raise failure
        raise ConfigurationError(str(failures[0]))


class _Kept:
    """The last value of a secret.

    Attributes:
        values: its members.
        began: when its fetch began, on the clock.
        until: when it is fetched again, on the clock.
        is_refused: whether the platform refused it, so that it is not used beyond `until`.
        is_warned: whether a warning was logged that an old value is in use.
    """

    def __init__(self, values: Mapping[str, str], began: float, until: float) -> None:
        self.values, self.began, self.until = values, began, until
        self.is_refused = self.is_warned = False


class _Fetch:
    """A fetch on a separate thread, so that each caller waits only until its own deadline.

    boto3 has no overall timeout for its import, its credentials and name resolution.
    """

    def __init__(self, read: Callable[[], Mapping[str, str]]) -> None:
        self._read = read
        self._done = threading.Event()
        self._values: Mapping[str, str] = {}
        self._error: BaseException | None = None

    def start(self) -> None:
        try:
            threading.Thread(target=self._run, name="reading a secret", daemon=True).start()
        except RuntimeError:  # the interpreter is shutting down, or there are too many threads
            self._run()

    def _run(self) -> None:
        try:
            self._values = self._read()
        except BaseException as error:  # noqa: BLE001 - raised below in the caller's thread
            self._error = error
        self._done.set()

    def outcome(self, deadline: Deadline) -> Mapping[str, str]:
        """Wait for the result until the deadline.

        Raises:
            DeadlineExceededError: there is no result yet; the fetch continues.
            Exception: that of the fetch.
        """
        seconds = deadline.remaining()
        if not self._done.wait(None if seconds == float("inf") else max(0.0, min(seconds, threading.TIMEOUT_MAX))):
            raise DeadlineExceededError("no time is left for reading the secret: the function's timeout is near")
        if self._error is not None:
            # A copy: each thread that raises it adds its own frames.
            raise copy(self._error) if isinstance(self._error, ExtraHorizonError) else self._error
        return self._values


def _parse(secret_id: str, text: str) -> Mapping[str, str]:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        members = None  # not chained: a JSON error quotes the text
    if not isinstance(members, dict):
        raise unreadable(secret_id, "its value is not a JSON object of strings")
    values = {name: value.strip() for name, value in members.items() if isinstance(value, str)}
    return {name: value for name, value in values.items() if value}
