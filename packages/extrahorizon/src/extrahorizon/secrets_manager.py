"""One JSON secret out of AWS Secrets Manager, by the cheapest way there is.

Through the AWS Parameters and Secrets Lambda Extension where that layer is present: a loopback call, no boto3
to import, and the extension keeps the value for 300 s at most. Else by boto3, imported at that moment, and the
value is kept here for 300 s. Either way a value is never older than 300 s.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.settings import Settings

MAX_AGE = 300.0  # seconds
_EXTENSION_TIMEOUT = (1.0, 10.0)  # seconds to connect on loopback, and to read while it asks AWS
_BOTO3_ATTEMPT = 8.0  # seconds
_SOURCE = "AWS Secrets Manager"


class SecretsManager:
    """Reads JSON secrets and keeps each for `MAX_AGE` seconds."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Use the extension that `settings` names, if any; `clock` counts seconds."""
        self._settings = settings
        self._clock = clock
        self._cache: dict[str, tuple[float, Mapping[str, str]]] = {}
        self._lock = threading.Lock()

    def read(self, secret_id: str, deadline: Deadline | None = None) -> Mapping[str, str]:
        """The string members of the secret, white space around values removed and blank ones left out.

        Raises:
            ConfigurationError: the secret is not there, may not be read, cannot be reached, or is not a JSON
                object. The message names the secret and never quotes its content.
            DeadlineExceededError: there was no time to read it.
        """
        deadline = deadline or Deadline()
        with self._lock:
            fetched_at, values = self._cache.get(secret_id, (float("-inf"), {}))
            # With the extension, only what was fetched past its cache is here, and that is newer than its own.
            if self._clock() - fetched_at < MAX_AGE:
                return values
            if self._settings.extension_port is None:
                return self._fetch(secret_id, deadline)
        return _parse(secret_id, self._by_extension(secret_id, deadline))

    def read_again(self, secret_id: str, deadline: Deadline | None = None) -> Mapping[str, str]:
        """The secret as it is now, past every cache; for use after its values were refused.

        Raises:
            ConfigurationError: as for `read`.
            DeadlineExceededError: as for `read`.
        """
        with self._lock:
            return self._fetch(secret_id, deadline or Deadline())

    def _fetch(self, secret_id: str, deadline: Deadline) -> Mapping[str, str]:
        now = self._clock()
        values = _parse(secret_id, _by_boto3(secret_id, deadline))
        self._cache[secret_id] = (now, values)
        return values

    def _by_extension(self, secret_id: str, deadline: Deadline) -> str:
        import requests

        remaining = deadline.check("reading the secret")
        connect, read = (min(seconds, remaining) for seconds in _EXTENSION_TIMEOUT)
        url = (
            f"http://localhost:{self._settings.extension_port}/secretsmanager/get?secretId={quote(secret_id, safe='')}"
        )
        headers = {"X-Aws-Parameters-Secrets-Token": self._settings.session_token}
        with requests.Session() as session:
            session.trust_env = False  # a proxy must not see this
            try:
                response = session.get(url, headers=headers, timeout=(connect, read), allow_redirects=False)
                content = response.json() if response.ok else None
            except requests.RequestException as error:
                # Not chained: the original prints the session token's header in some versions.
                raise _unreadable(secret_id, f"the Secrets extension did not answer ({type(error).__name__})") from None
        if content is None:
            raise _unreadable(secret_id, f"the Secrets extension answered HTTP {response.status_code}")
        text = content.get("SecretString") if isinstance(content, dict) else None
        if not isinstance(text, str):
            raise _unreadable(secret_id, "it has no SecretString (a binary secret cannot be used)")
        return text


def _by_boto3(secret_id: str, deadline: Deadline) -> str:
    remaining = deadline.check("reading the secret")
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise _unreadable(secret_id, "boto3 is not installed, and there is no Secrets extension") from None
    # One attempt takes eight seconds at most; more than one only where there is time for three.
    attempts = 3 if remaining > 3 * _BOTO3_ATTEMPT else 1
    config = Config(
        connect_timeout=min(3.0, remaining),
        read_timeout=min(5.0, remaining),
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    try:
        answer = boto3.client("secretsmanager", config=config).get_secret_value(SecretId=secret_id)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise _unreadable(secret_id, _CLIENT_ERRORS.get(code, f"AWS answered {code}")) from None
    except BotoCoreError as error:  # no region, no AWS credentials, no connection
        raise _unreadable(secret_id, f"{type(error).__name__}: {error}") from None
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise _unreadable(secret_id, "it has no SecretString (a binary secret cannot be used)")
    return text


_CLIENT_ERRORS = {
    "ResourceNotFoundException": "there is no such secret in this account and region, or it has no value yet",
    "AccessDeniedException": "access denied; the function's role needs secretsmanager:GetSecretValue on it",
    "DecryptionFailure": "its encryption key may not be used; the function's role needs kms:Decrypt on it",
    "InvalidRequestException": "it is scheduled for deletion or not usable in this state",
}


def _parse(secret_id: str, text: str) -> Mapping[str, str]:
    try:
        members = json.loads(text)
    except ValueError:
        members = None  # not chained: a JSON error quotes the text
    if not isinstance(members, dict):
        raise _unreadable(secret_id, "its value is not a JSON object of names and texts")
    values = {name: value.strip() for name, value in members.items() if isinstance(value, str)}
    return {name: value for name, value in values.items() if value}


def _unreadable(secret_id: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"secret {secret_id!r} could not be read from {_SOURCE}: {reason}")
