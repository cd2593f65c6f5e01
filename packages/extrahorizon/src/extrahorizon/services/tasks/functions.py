"""Functions: the code that tasks run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, segment
from extrahorizon.services.tasks import BASE, EXECUTION_TIMEOUT

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.services.tasks.types import (
        Execution,
        ExecutionRequest,
        FunctionCreation,
        FunctionDetails,
        FunctionSummary,
        FunctionUpdate,
    )

FUNCTIONS = f"{BASE}/functions"


class Functions(Resource):
    """`exh.tasks.functions`. A function is known by its name."""

    def find(self) -> Page[FunctionSummary]:
        """Return all functions in one page. Needs `VIEW_TASK_FUNCTIONS`."""
        return paging.find(self._session, f"{FUNCTIONS}/")

    def create(self, **body: Unpack[FunctionCreation]) -> FunctionDetails:
        """Create a function. Needs `CREATE_TASK_FUNCTION`.

        Raises:
            InvalidFunctionCodeError: the code is not a zip file, or is empty (1401).
            InvalidFunctionParameterError: the environment is larger than 4,096 bytes (1402).
            InvalidFunctionNameError: the name has characters other than letters, digits and hyphens (1407).
            ResourceAlreadyExistsError: there is a function with this name (17).
        """
        return cast("FunctionDetails", self._object("POST", f"{FUNCTIONS}/", json=self._body("FunctionCreation", body)))

    def get_by_name(self, name: str) -> FunctionDetails:
        """Return a function without its code. Needs `VIEW_TASK_FUNCTION_DETAILS`.

        Raises:
            ResourceUnknownError: the function does not exist (16).
        """
        return cast("FunctionDetails", self._object("GET", f"{FUNCTIONS}/{segment(name)}"))

    def update(self, name: str, **body: Unpack[FunctionUpdate]) -> int:
        """Change a function; omitted members are kept. Needs `UPDATE_TASK_FUNCTION`.

        Raises:
            InvalidFunctionCodeError: the code is not a zip file, or is empty (1401).
            InvalidFunctionParameterError: the environment is larger than 4,096 bytes (1402).
            InvalidFunctionNameError: the name has characters other than letters, digits and hyphens (1407).
            ResourceAlreadyExistsError: there is a function with this name (17).
            ResourceUnknownError: the function does not exist (16).
        """
        return self._affected("PUT", f"{FUNCTIONS}/{segment(name)}", json=self._body("FunctionUpdate", body))

    def remove(self, name: str) -> int:
        """Delete a function; its tasks and their logs stay. Needs `DELETE_TASK_FUNCTION`.

        Raises:
            ResourceUnknownError: the function does not exist (16).
        """
        return self._affected("DELETE", f"{FUNCTIONS}/{segment(name)}")

    def enable(self, name: str) -> int:
        """Enable a function. Needs `UPDATE_TASK_FUNCTION`.

        Raises:
            ResourceUnknownError: the function does not exist (16).
        """
        return self._affected("POST", f"{FUNCTIONS}/{segment(name)}/enable", json={})

    def disable(self, name: str) -> int:
        """Disable a function. Needs `UPDATE_TASK_FUNCTION`.

        Raises:
            ResourceUnknownError: the function does not exist (16).
        """
        return self._affected("POST", f"{FUNCTIONS}/{segment(name)}/disable", json={})

    def execute(self, function_name: str, **body: Unpack[ExecutionRequest]) -> Execution:
        """Run a function now and wait for its result; its time limit must be at most 30 s.

        The timeout is 60 s, because Lambda loads a function before its time begins. `with_options` changes it.

        Needs `EXECUTE_TASK_FUNCTION[:{FUNCTION_NAME}]`, unless the permission mode is `allUsers` or `public`.

        Args:
            function_name: the function.
            body: its `data`.

        Returns:
            The task, with the function's return value as `result`.

        Raises:
            LambdaRuntimeError: the function raised (1406); see `error.body["runtimeError"]` and `["taskId"]`.
            LambdaInvocationError: the function could not be run (1405).
            ConcurrentExecutionLimitError: too many executions at once (1403).
            TimeLimitExceedsDirectExecutionMaximumError: the function's time limit is above 30 s (1404).
        """
        path = f"{FUNCTIONS}/{segment(function_name)}/execute"
        return cast(
            "Execution",
            self._object("POST", path, json=self._body("ExecutionRequest", body), usual_timeout=EXECUTION_TIMEOUT),
        )
