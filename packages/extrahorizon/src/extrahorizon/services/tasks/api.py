"""Calls of API functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.resource import Resource, segment
from extrahorizon.services.tasks import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping


class Api(Resource):
    """`exh.tasks.api`.

    Needs `EXECUTE_API_FUNCTION[:{FUNCTION_NAME}]`, unless the function's permission mode is `allUsers` or `public`.

    `path` is what follows the function's name, with a query where there is one: `"patients/1?full=yes"`. Put together
    from somebody's input, encode each part with `extrahorizon.resource.segment`. The answer is the JSON the function
    gives, None for an empty body; for other content: `exh.session.request`.

    All of them raise:
        PlatformError: the function answered with 400 or above, or the platform did: LambdaRuntimeError (1406) when it
            raised, LambdaInvocationError (1405), InvalidApiFunctionResultError (1409), ResourceUnknownError (16).
        InvalidResponseError: the body is not JSON.
    """

    def get(self, function_name: str, path: str) -> Any:
        """GET from an API function."""
        return self._session.call("GET", _address(function_name, path))

    def post(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """POST a JSON object to an API function."""
        return self._session.call("POST", _address(function_name, path), json=data)

    def put(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """PUT a JSON object to an API function."""
        return self._session.call("PUT", _address(function_name, path), json=data)

    def patch(self, function_name: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """PATCH an API function with a JSON object."""
        return self._session.call("PATCH", _address(function_name, path), json=data)

    def delete(self, function_name: str, path: str) -> Any:
        """DELETE from an API function."""
        return self._session.call("DELETE", _address(function_name, path))


def _address(function_name: str, path: str) -> str:
    path = path.removeprefix("/")
    names = path.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")
    if not {".", ".."}.isdisjoint(names):
        raise ValueError("the path of an API function holds '.' or '..', which would lead to another address")
    return f"{BASE}/api/{segment(function_name)}/{path}"
