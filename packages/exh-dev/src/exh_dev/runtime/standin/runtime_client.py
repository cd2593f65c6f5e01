# noqa: INP001 - a directory for PYTHONPATH, not a package
"""awslambdaric's native module `runtime_client`, in Python, for systems it is not built for (macOS).

The functions, their signatures, what they return and how they fail are the native module's.
"""

from __future__ import annotations

import http.client
import os

_BASE = "/2018-06-01/runtime/invocation"
_HEADERS = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Client-Context",
    "Content-Type",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Lambda-Runtime-Invocation-Id",
)
_connection = http.client.HTTPConnection(os.environ.get("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"))
_user_agent: dict[str, str] = {}


def initialize_client(user_agent: str) -> None:
    """Set the name of this client."""
    _user_agent["User-Agent"] = user_agent


def next() -> tuple[bytes, dict[str, str | int | None]]:  # noqa: A001 - the native module's name for it
    """Wait for an event; its headers come with it, None for those that are missing."""
    body, response = _request("GET", "next", failure="Failed to get next")
    headers: dict[str, str | int | None] = {name: response.getheader(name) for name in _HEADERS}
    headers["Lambda-Runtime-Deadline-Ms"] = int(response.getheader("Lambda-Runtime-Deadline-Ms", "0"))
    return body, headers


def post_invocation_result(invoke_id: str, result_data: bytes, content_type: str, invocation_id: str | None) -> None:
    """Send what the handler returned."""
    _post(
        f"{invoke_id}/response",
        result_data,
        {"Content-Type": content_type},
        invocation_id,
        failure="Failed to post invocation response",
    )


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: str | None) -> None:
    """Send what the handler raised."""
    cause = xray_fault.encode()  # http.client encodes strings as Latin-1 only
    headers: dict[str, str | bytes] = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-XRay-Error-Cause": cause,
    }
    _post(
        f"{invoke_id}/error",
        error.encode(),
        headers,
        invocation_id,
        failure="Failed to post invocation error",
    )


def _post(path: str, body: bytes, headers: dict[str, str | bytes], invocation_id: str | None, *, failure: str) -> None:
    if invocation_id is not None:
        headers = {**headers, "Lambda-Runtime-Invocation-Id": invocation_id}
    _request("POST", path, body, headers, failure=failure)


def _request(
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str | bytes] | None = None,
    *,
    failure: str,
) -> tuple[bytes, http.client.HTTPResponse]:
    try:
        _connection.request(method, f"{_BASE}/{path}", body, {**_user_agent, **(headers or {})})
        response = _connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(failure) from error
    if response.status // 100 != 2:
        raise RuntimeError(failure)
    return answer, response
