"""Calls of API functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from extrahorizon.resource import Resource, own_data, segment, string
from extrahorizon.services.tasks import BASE, EXECUTION_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping


class ApiAnswer(NamedTuple):
    """An API function's answer.

    Attributes:
        status: HTTP status.
        headers: by their names in lower case.
        content: the body.
    """

    status: int
    headers: dict[str, str]
    content: bytes


class Api(Resource):
    """`exh.tasks.api`.

    Needs `EXECUTE_API_FUNCTION[:{FUNCTION_NAME}]`, unless the function's permission mode is `allUsers` or `public`.

    The timeout is 60 s: a function has 30 s, after Lambda has loaded it.

    `path` is the part after the function's name, with an optional query: `"patients/1?full=yes"`. Encode user input in
    it with `extrahorizon.resource.segment`. They return the function's JSON, or None for an empty body. Use `request`
    for status, headers and other content.

    All of them raise: PlatformError: the function answered with 400 or above, or the platform did: LambdaRuntimeError
    (1406) when it raised, LambdaInvocationError (1405), InvalidApiFunctionResultError (1409), ResourceUnknownError
    (16). InvalidResponseError: the body is not JSON.
    """

    def get(self, function_name: str, path: str) -> Any:
        """GET from an API function."""
        return self._json("GET", function_name, path)

    def post(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """POST a JSON object to an API function."""
        return self._json("POST", function_name, path, data)

    def put(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """PUT a JSON object to an API function."""
        return self._json("PUT", function_name, path, data)

    def patch(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """PATCH an API function with a JSON object."""
        return self._json("PATCH", function_name, path, data)

    def delete(self, function_name: str, path: str) -> Any:
        """DELETE from an API function."""
        return self._json("DELETE", function_name, path)

    def request(
        self, method: str, function_name: str, path: str, *, content: bytes | None = None, content_type: str = ""
    ) -> ApiAnswer:
        """Send any request to an API function, and return the complete answer.

        **A PDF that a function makes**

            answer = exh.tasks.api.request("GET", "patient-api", "patients/57f3/report")
            Path("report.pdf").write_bytes(answer.content)

        Args:
            method: HTTP method.
            function_name: the function.
            path: the part after its name.
            content: the raw body.
            content_type: type of the body, such as `text/csv`; required with a body.

        Returns:
            Status, headers and body of the function's answer.

        Raises:
            PlatformError: the status is 400 or above.
            ValueError: there is a body without a type.
        """
        address = _address(function_name, path)
        if content is not None and not isinstance(content, bytes):
            raise TypeError(f"content is bytes, not a value of type {type(content).__name__}")
        if not isinstance(content_type, str):
            raise TypeError(f"content_type is a string, not a value of type {type(content_type).__name__}")
        if content is not None and not content_type:
            raise ValueError("content_type is required where there is content: the function reads the body by it")
        headers = {"Content-Type": content_type} if content is not None else None
        answer = self._session.request(
            string(method), address, data=content, headers=headers, usual_timeout=EXECUTION_TIMEOUT
        )
        received = {name.lower(): value for name, value in answer.headers.items()}
        return ApiAnswer(answer.status_code, received, answer.content)

    def _json(self, method: str, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        body = None if data is None else own_data(data)
        return self._session.call(method, _address(function_name, path), json=body, usual_timeout=EXECUTION_TIMEOUT)


def _address(function_name: str, path: str) -> str:
    path = string(path).removeprefix("/")
    names = path.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")
    if not {".", ".."}.isdisjoint(names):
        raise ValueError("the path of an API function holds '.' or '..', which would lead to another address")
    return f"{BASE}/api/{segment(function_name)}/{path}"
