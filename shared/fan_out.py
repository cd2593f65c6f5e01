"""The same call for many items, a few at a time: what a sequence of waits becomes when it need not be one."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Literal, TypeVar, overload

from shared.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


@overload
def fan_out(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = ...,
    deadline: Deadline | None = ...,
    return_exceptions: Literal[False] = ...,
) -> list[Result]: ...
@overload
def fan_out(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = ...,
    deadline: Deadline | None = ...,
    return_exceptions: Literal[True],
) -> list[Result | Exception]: ...
def fan_out(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = 8,
    deadline: Deadline | None = None,
    return_exceptions: bool = False,
) -> list[Result] | list[Result | Exception]:
    """`[function(item) for item in items]`, with up to `workers` items in progress at once.

    Args:
        function: called on threads of its own.
        items: taken one at a time, as workers come free.
        workers: how many items at once.
        deadline: past it no item is begun.
        return_exceptions: put what an item raised in its place and go on; else the first error ends it.

    Raises:
        DeadlineExceededError: there was no time to begin every item (with `return_exceptions`, in their places).
        Exception: what the first failing item raised. No further item is begun, and those in progress are waited for.
    """
    deadline = deadline or Deadline()
    pending = enumerate(items)
    done: dict[int, Result | Exception] = {}
    errors: list[Exception] = []
    broken: list[Exception] = []  # what `items` itself raised
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                if broken or (errors and not return_exceptions):
                    return
                try:
                    index, item = next(pending, (-1, None))
                except Exception as error:  # noqa: BLE001 - raised below
                    broken.append(error)
                    return
            if index < 0:
                return
            try:
                deadline.check("the next item")
                done[index] = function(item)  # type: ignore[arg-type]  # an item, as index is one of theirs
            except Exception as error:  # noqa: BLE001 - raised below, or handed to the caller in its place
                done[index] = error
                errors.append(error)

    threads = [threading.Thread(target=copy_context().run, args=(work,), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken or (errors and not return_exceptions):
        raise (broken or errors)[0]
    return [done[index] for index in range(len(done))]
