"""The same call for many items, a few at a time: what a sequence of waits becomes when it need not be one."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from extrahorizon.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    """Return `[function(item) for item in items]`, computed on up to `workers` threads.

    Args:
        function: called on other threads.
        items: read one at a time, when a thread is free.
        workers: number of threads.
        deadline: no item is started after it.
        return_exceptions: put exceptions in the results and continue; otherwise the first one stops the work.

    Raises:
        DeadlineExceededError: some items were not started in time (with `return_exceptions`, it is in their places).
        Exception: that of the first failing item. No further item is started, and active ones are awaited.

    **The errors of some items beside the results of others**

        >>> fan_out(int, ["1", "2", "three"], return_exceptions=True)
        [1, 2, ValueError("invalid literal for int() with base 10: 'three'")]
    """
    if workers < 1:
        raise ValueError("a fan-out needs one worker at least")
    work = _Work(function, enumerate(items), deadline or Deadline(), keep_going=return_exceptions)
    threads = [threading.Thread(target=copy_context().run, args=(work.run,), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return work.results()


class _Work:
    """State that the threads of one fan-out share."""

    def __init__(
        self, function: Callable[[Any], Any], items: Iterator[tuple[int, Any]], deadline: Deadline, *, keep_going: bool
    ) -> None:
        self._function = function
        self._items = items
        self._deadline = deadline
        self._keep_going = keep_going
        self._turn = threading.Lock()
        self._done: dict[int, Any] = {}
        self._end: BaseException | None = None

    def run(self) -> None:
        """Process items until none is left."""
        try:
            while (taken := self._take()) is not None:
                index, item = taken
                try:
                    self._deadline.check("the next item")
                    self._done[index] = self._function(item)
                except Exception as error:
                    if not self._keep_going:
                        raise
                    self._done[index] = error
        except BaseException as error:  # noqa: BLE001 - of the items themselves, or one that ends it: raised by results
            with self._turn:
                self._end = self._end or error

    def results(self) -> list[Any]:
        """Return the results, in the order of the items.

        Raises:
            BaseException: what ended it.
        """
        if self._end is not None:
            raise self._end
        return [self._done[index] for index in range(len(self._done))]

    def _take(self) -> tuple[int, Any] | None:
        with self._turn:
            return None if self._end is not None else next(self._items, None)
