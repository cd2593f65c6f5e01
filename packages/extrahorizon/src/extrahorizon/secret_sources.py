"""Read a secret of AWS Secrets Manager by its extension or boto3, and classify temporary failures.

The AWS Parameters and Secrets Lambda Extension is a loopback call that avoids importing boto3. boto3 is imported on
use, and bypasses every cache.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
"""

from __future__ import annotations

import random
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, ExtraHorizonError, PlatformUnreachableError, SecretUnreachableError
from extrahorizon.retries import pause
from extrahorizon.transport.over_sockets import SocketTransport
from extrahorizon.transport.protocol import Headers, Request

if TYPE_CHECKING:
    from extrahorizon.settings import Settings

ATTEMPTS = 3
_FIRST_WAIT = 0.2  # seconds at most until the extension is asked again; doubles
_LONGEST = 10.0  # seconds for one attempt, in which the extension asks AWS
_BOTO3_CONNECT, _BOTO3_READ = 3.0, 5.0  # seconds, for each attempt
_SOURCE = "AWS Secrets Manager"
#: What the extension answers with HTTP 400 while a function starts.
_NOT_READY = "not ready"
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class NoBoto3Error(Exception):  # none that callers see
    """boto3 cannot ask AWS from here: it is not installed, or has no region or no credentials."""


def by_extension(secret_id: str, settings: Settings, seconds: float) -> str:
    """Return a secret from the extension, with retries.

    Args:
        secret_id: name or ARN.
        settings: the extension's port and token.
        seconds: time limit in seconds; an attempt takes at most a third of it, and at most a second.

    Raises:
        SecretUnreachableError: the extension does not answer, or reports a temporary failure.
        ConfigurationError: it refuses the request, or the secret is binary.
    """
    each = max(1.0, seconds / ATTEMPTS)
    outcome = _asked(secret_id, settings, each)
    for attempt in range(ATTEMPTS - 1):
        if not isinstance(outcome, SecretUnreachableError):
            break
        pause(random.uniform(0, _FIRST_WAIT * 2**attempt))  # noqa: S311 - no secret
        outcome = _asked(secret_id, settings, each)
    return _given(outcome)


def _asked(secret_id: str, settings: Settings, seconds: float) -> str | Exception:
    """Return the secret, or the error."""
    url = f"http://localhost:{settings.extension_port}/secretsmanager/get?secretId={quote(secret_id, safe='')}"
    headers = Headers({"X-Aws-Parameters-Secrets-Token": settings.session_token})
    transport = SocketTransport()  # without a proxy, which must not see the secret
    try:
        response = transport.send(Request("GET", url, headers), Deadline(min(_LONGEST, seconds)))
        text = response.text
    except ExtraHorizonError as error:
        return unreachable(secret_id, f"the Secrets extension did not answer ({_reason(error)})")
    finally:
        transport.close()
    if response.status_code != HTTPStatus.OK:
        reason = f"the Secrets extension answered HTTP {response.status_code}"
        named = _NOT_READY in text.lower() or any(code in text for code in _PASSING)
        may_pass = response.status_code in _TEMPORARY or named
        refused = 400 <= response.status_code <= 499 and not may_pass
        return unreadable(secret_id, reason) if refused else unreachable(secret_id, reason)
    try:
        content = response.json()
    except ExtraHorizonError:
        return unreachable(secret_id, "the Secrets extension answered something that is not JSON")
    return _text_of(secret_id, content)


def _reason(error: ExtraHorizonError) -> str:
    return error.reason if isinstance(error, PlatformUnreachableError) else str(error)


def by_boto3(secret_id: str, seconds: float) -> str:
    """Return a secret's current value with boto3, whose retries apply.

    Args:
        secret_id: name or ARN.
        seconds: time limit in seconds; a connection or read takes at most that, and at most a second.

    Raises:
        SecretUnreachableError: AWS does not answer, or reports a temporary failure.
        NoBoto3Error: boto3 is not usable.
        ConfigurationError: the secret does not exist, is not readable, or is binary.
    """
    return _given(_asked_by_boto3(secret_id, max(1.0, seconds)))


def _given(outcome: str | Exception) -> str:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _asked_by_boto3(secret_id: str, seconds: float) -> str | Exception:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return NoBoto3Error(_unread(secret_id, "boto3 is not installed, and there is no Secrets extension"))
    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    connect, read = min(_BOTO3_CONNECT, seconds), min(_BOTO3_READ, seconds)
    config = Config(connect_timeout=connect, read_timeout=read, retries=retries)
    try:
        answer = boto3.client("secretsmanager", config=config).get_secret_value(SecretId=secret_id)
    except ClientError as error:
        return _refusal(secret_id, error.response)
    except BotoCoreError as error:
        return _failure(secret_id, error)
    except (ResponseParserError, RecursionError):
        return unreachable(secret_id, "AWS answered something that cannot be read")
    return _text_of(secret_id, answer)


def _refusal(secret_id: str, response: Any) -> Exception:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unreachable(secret_id, f"AWS answered {code}")
    return unreadable(secret_id, _CLIENT_ERRORS.get(code, f"AWS answered {code}"))


def _failure(secret_id: str, error: Exception) -> Exception:
    """Return what an error of botocore's own means: no answer, or none that it can read, may pass."""
    from botocore import exceptions

    reason = f"{type(error).__name__}: {error}"
    passing = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.CredentialRetrievalError,
        exceptions.MetadataRetrievalError,
    )
    if isinstance(error, passing) and not isinstance(error, exceptions.SSLError):
        return unreachable(secret_id, reason)
    return NoBoto3Error(_unread(secret_id, reason))  # no region, no AWS credentials


_CLIENT_ERRORS = {
    "ResourceNotFoundException": "there is no such secret in this account and region, or it has no value yet",
    "AccessDeniedException": "access denied; the function's role needs secretsmanager:GetSecretValue on it",
    "DecryptionFailure": "its encryption key may not be used; the function's role needs kms:Decrypt on it",
    "InvalidRequestException": "it is scheduled for deletion or not usable in this state",
}
#: Codes of AWS that botocore tries again, whatever their HTTP status is.
_PASSING = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"}
    | {"RequestThrottled", "RequestThrottledException", "LimitExceededException", "SlowDown", "BandwidthLimitExceeded"}
    | {"PriorRequestNotComplete", "TransactionInProgressException", "RequestTimeout", "RequestTimeoutException"}
    | {"InternalServiceError", "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException"}
)


def _text_of(secret_id: str, answer: object) -> str | Exception:
    text = answer.get("SecretString") if isinstance(answer, dict) else None
    if isinstance(text, str):
        return text
    if not isinstance(answer, dict) or "SecretBinary" not in answer:
        return unreachable(secret_id, "the answer holds no secret")
    return unreadable(secret_id, "it has no SecretString (a binary secret cannot be used)")


def unreadable(secret_id: str, reason: str) -> ConfigurationError:
    """Return the error for a secret that no other attempt would read."""
    return ConfigurationError(_unread(secret_id, reason))


def unreachable(secret_id: str, reason: str) -> SecretUnreachableError:
    """Return the error for a secret that another attempt may read."""
    return SecretUnreachableError(_unread(secret_id, reason))


def _unread(secret_id: str, reason: str) -> str:
    return f"secret {secret_id!r} could not be read from {_SOURCE}: {reason}"
