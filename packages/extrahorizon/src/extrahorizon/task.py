"""From the raw event of a task to a `Task`, and from a function of a task to a Lambda handler.

    @task_handler
    def handler(task: Task, exh: ExtraHorizon) -> dict:
        return {"user_id": exh.users.me()["id"]}

Behind an SQS queue the same handler gets a batch of tasks: `extrahorizon.queue`.

Exceptions pass through: a raised exception is the platform's only sign of failure, and its class name is what
`retryPolicy.errorsToRetry` matches.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, overload

from extrahorizon.client import ExtraHorizon
from extrahorizon.deadline import Deadline
from extrahorizon.errors import InvalidEventError, PlatformError
from extrahorizon.handler_checks import check_handler, check_result
from extrahorizon.log import add_to_invocation, begin_invocation, keep_keys, logger
from extrahorizon.transport.default import preload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.deadline import LambdaContext

Result = TypeVar("Result")


class Task:
    """A task as its function receives it. Only `data` is always useful: callers may omit the rest.

    Attributes:
        id: the task's id; a retry has a new one.
        function_name: the task name of the function.
        data: what the task was created with; empty when there was none.
        tags: free-form labels.
        priority: higher runs first.
        retry_for_task_ids: ids of the earlier attempts, oldest first; empty on the first attempt.
        raw: the complete event, for members without an attribute.

    **The second attempt at a task**

        >>> task = Task.from_event({"id": "65f2", "data": {"pulse": 61}, "retryForTaskIds": ["65f1"]})
        >>> task.data["pulse"], task.first_id
        (61, '65f1')
    """

    # Not a dataclass: making one takes half a millisecond of each cold start.
    __slots__ = ("data", "function_name", "id", "priority", "raw", "retry_for_task_ids", "tags")

    def __init__(
        self,
        *,
        id: str | None,  # noqa: A002 - the platform's name
        function_name: str | None,
        data: Mapping[str, Any],
        tags: tuple[str, ...],
        priority: float,
        retry_for_task_ids: tuple[str, ...],
        raw: Mapping[str, Any],
    ) -> None:
        self.id, self.function_name = id, function_name
        self.data, self.raw = data, raw
        self.tags, self.priority, self.retry_for_task_ids = tags, priority, retry_for_task_ids

    def __repr__(self) -> str:
        # Its data may be a patient's, and a repr ends in logs.
        return f"Task(id={self.id!r}, function_name={self.function_name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash((self.id, self.function_name))

    @classmethod
    def from_event(cls, event: object) -> Task:
        """Parse a task.

        Raises:
            InvalidEventError: the event or a member has the wrong type. The message has the actual type, never the
                content.
        """
        if not isinstance(event, dict):
            raise InvalidEventError(
                f"the event is {_kind(event)}; a task function receives a task object, a JSON object"
            )
        data = event.get("data")
        if data is not None and not isinstance(data, dict):
            raise InvalidEventError(f"the task's data is {_kind(data)}; expected a JSON object, or none")
        return cls(
            id=event.get("id"),
            function_name=event.get("functionName"),
            data=data or {},
            tags=_texts(event, "tags"),
            priority=event.get("priority") or 0,
            retry_for_task_ids=_texts(event, "retryForTaskIds"),
            raw=event,
        )

    def text(self, name: str) -> str:
        """Return a string of the task's data, such as the `documentId` that a transition adds.

        Raises:
            InvalidEventError: it is missing, empty, or something else.
        """
        value = self.data.get(name)
        if not isinstance(value, str) or not value:
            found = "missing" if name not in self.data else f"{_kind(value)}" if value != "" else "empty"
            raise InvalidEventError(f"the task's data needs {name}, a string, and it is {found}")
        return value

    @property
    def first_id(self) -> str | None:
        """The id of the first attempt: the same for every retry, so the key to do a thing only once."""
        return self.retry_for_task_ids[0] if self.retry_for_task_ids else self.id


@overload
def task_handler(function: Callable[[Task, ExtraHorizon], Result], /) -> Callable[[object, LambdaContext], Result]: ...
@overload
def task_handler(
    *, poison: tuple[type[Exception], ...] = ..., idempotency_key: Callable[[Task], str | None] | None = ...
) -> Callable[[Callable[[Task, ExtraHorizon], Result]], Callable[[object, LambdaContext], Result]]: ...
def task_handler(
    function: Callable[[Task, ExtraHorizon], Any] | None = None,
    /,
    *,
    poison: tuple[type[Exception], ...] = (),
    idempotency_key: Callable[[Task], str | None] | None = None,
) -> Any:
    """Turn a function of a task and a client into a Lambda handler of `(event, context)`.

    The client is created once per process and reused by warm invocations. Every log line has the task's id and name,
    the request id and whether this is a cold start; keys of earlier tasks are removed.

    The event is a task, or a batch of messages from an SQS queue, each with a task as its body; then the answer lists
    the failed messages. The options apply only to a queue; see `extrahorizon.queue`.

    Args:
        function: the function.
        poison: errors that no retry can fix, besides `InvalidEventError`. Such a task from a queue is sent to the
            dead-letter queue immediately.
        idempotency_key: returns a string that is equal for tasks that must run only once. By default, or if it returns
            None, it is the id of the task's first attempt.

    Raises:
        TypeError: the function is asynchronous or a generator, or does not take a task and a client.

    **A function of a task**

        >>> from extrahorizon import ExtraHorizon, Task, task_handler
        >>> @task_handler
        ... def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
        ...     return {"greeting": f"Hello, {task.data['name']}!"}
        >>> handler({"data": {"name": "Ada"}}, context)  # as Lambda calls it
        {'greeting': 'Hello, Ada!'}
    """
    if function is None:
        return partial(_handler, poison=poison, idempotency_key=idempotency_key)
    return _handler(function, poison=poison, idempotency_key=idempotency_key)


def _handler(
    function: Callable[[Task, ExtraHorizon], Result],
    *,
    poison: tuple[type[Exception], ...],
    idempotency_key: Callable[[Task], str | None] | None,
) -> Callable[[object, LambdaContext], Any]:
    check_handler(function)
    exh: ExtraHorizon | None = None
    keep_keys()
    preload()

    @wraps(function)
    def handler(event: object, context: LambdaContext) -> Any:
        nonlocal exh
        begin_invocation(function_request_id=getattr(context, "aws_request_id", None), cold_start=exh is None)
        exh = client = exh or ExtraHorizon()

        def run(task: Task) -> Result:
            add_to_invocation(task_id=task.id, task=task.function_name)
            client.session.deadline = Deadline.of(context)
            try:
                return function(task, client)
            except PlatformError as error:
                # Lambda's error object leaves notes out. A platform on this machine is the only one that gives them.
                for note in getattr(error, "__notes__", ()):
                    logger.warning(note)
                raise

        if _is_from_queue(event):
            from extrahorizon.queue import work

            name = f"{function.__module__}.{function.__qualname__}"
            return work(event, context, run, name=name, poison=poison, idempotency_key=idempotency_key)
        result = run(Task.from_event(event))
        check_result(result)
        return result

    return handler


def _is_from_queue(event: object) -> TypeGuard[dict[str, Any]]:
    """Return whether an event is a batch of messages from SQS."""
    records = event.get("Records") if isinstance(event, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, dict) and first.get("eventSource") == "aws:sqs"


def _texts(event: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = event.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidEventError(f"the task's {name} is not a list of strings")
    return tuple(values)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")
