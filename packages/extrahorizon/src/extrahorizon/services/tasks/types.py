"""Request and answer types of the task service."""

from datetime import datetime
from typing import Any, Literal, Required, TypedDict

TaskStatus = Literal["new", "inProgress", "complete", "failed", "retried", "canceled"]
PermissionMode = Literal["permissionRequired", "allUsers", "public"]


class TaskError(TypedDict, total=False):
    """Error of a failed task: its own (`runtime`), or of its start (`invocation`)."""

    type: Required[Literal["runtime", "invocation"]]
    name: str
    message: str


class TaskCreation(TypedDict, total=False):
    """A task to queue."""

    functionName: Required[str]
    data: dict[str, Any] | None
    startTimestamp: str | datetime | None
    priority: float | None
    tags: list[str] | None


class Task(TypedDict, total=False):
    """A task. Its `data` may be health data: never log it, never return all of it."""

    id: Required[str]
    functionName: Required[str]
    status: Required[TaskStatus]
    statusChangedTimestamp: Required[str]
    data: dict[str, Any]
    tags: list[str]
    startTimestamp: str
    priority: float
    createdByApplicationId: str
    createdByUserId: str
    retriedByTaskId: str
    retryForTaskIds: list[str]
    error: TaskError
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class ExecutionRequest(TypedDict, total=False):
    """Input of a direct execution."""

    data: dict[str, Any] | None


class Execution(Task, total=False):
    """A task that was executed directly, with what its function returned."""

    result: Required[Any]


class LogLine(TypedDict):
    """A line that a function logged."""

    message: str
    timestamp: str


class ExecutionOptions(TypedDict, total=False):
    """Permission mode and default priority of a function."""

    permissionMode: PermissionMode
    defaultPriority: int


class RetryPolicy(TypedDict, total=False):
    """Error class names that cause a retry; all errors if there are no names."""

    enabled: Required[bool]
    errorsToRetry: list[str]


class EnvironmentVariable(TypedDict):
    """An environment variable of a function, readable by holders of `VIEW_TASK_FUNCTION_DETAILS`."""

    value: str


class FunctionUpdate(TypedDict, total=False):
    """Changes to a function; `code` is a zip file in base64."""

    description: str
    code: str
    entryPoint: str
    runtime: str
    timeLimit: int
    memoryLimit: int
    environmentVariables: dict[str, EnvironmentVariable]
    executionOptions: ExecutionOptions
    retryPolicy: RetryPolicy


class FunctionCreation(TypedDict, total=False):
    """A function to make; `code` is a zip file in base64."""

    name: Required[str]
    code: Required[str]
    entryPoint: Required[str]
    runtime: Required[str]
    description: str | None
    timeLimit: int | None
    memoryLimit: int | None
    environmentVariables: dict[str, EnvironmentVariable] | None
    executionOptions: ExecutionOptions | None
    retryPolicy: RetryPolicy | None


class FunctionSummary(TypedDict, total=False):
    """A function in a list."""

    name: Required[str]
    description: Required[str]
    updateTimestamp: Required[str]


class FunctionDetails(FunctionSummary, total=False):
    """A function without its code."""

    entryPoint: Required[str]
    runtime: Required[str]
    timeLimit: Required[int]
    memoryLimit: Required[int]
    environmentVariables: dict[str, EnvironmentVariable]
    executionOptions: ExecutionOptions
    retryPolicy: RetryPolicy
    enabled: Required[bool]


class ScheduleCreation(TypedDict, total=False):
    """A task to run again and again, every `interval` seconds."""

    interval: Required[int]
    functionName: Required[str]
    data: dict[str, Any] | None
    priority: float | None
    startTimestamp: str | datetime | None


class Schedule(TypedDict, total=False):
    """A schedule."""

    id: Required[str]
    interval: Required[int]
    functionName: Required[str]
    data: dict[str, Any]
    priority: float
    startTimestamp: Required[str]
    nextTimestamp: Required[str]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class ApiRequestError(TypedDict, total=False):
    """Reason why an API function gave no answer of its own."""

    type: Required[Literal["invocation", "runtime", "response"]]
    name: str
    message: str


class ApiRequest(TypedDict, total=False):
    """A call of an API function that was answered."""

    id: Required[str]
    functionName: Required[str]
    method: Required[str]
    path: Required[str]
    userId: str
    applicationId: str
    timestamp: Required[str]
    statusCode: Required[int]
    duration: Required[float]
    error: ApiRequestError
