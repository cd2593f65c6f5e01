"""Lists that come in pages."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from extrahorizon.errors import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extrahorizon.query import Condition
    from extrahorizon.session import PlatformSession

Item = TypeVar("Item")

_WORTH_A_THREAD = 0.001  # seconds that a page is used for; a thread costs a quarter of that
PAGE_SIZE = 50  # records; what the official SDK asks for, and within the maximum of every service


class Page(Generic[Item]):
    """One page of a list; iterating it gives its items, and so does an index.

    **Go through all pages**

        page = exh.users.find()
        while page is not None:
            for user in page:
                print(user["id"])
            page = page.next()

    Attributes:
        items: the records as received.
        limit: maximum page size that the platform applied.
        offset: number of records before this page.
        total: total number of matches; None with `skip_count`.
    """

    def __init__(
        self,
        items: list[Item],
        *,
        limit: int,
        offset: int = 0,
        total: int | None = None,
        fetch: Callable[[int, int], Page[Item]] | None = None,
    ) -> None:
        """`fetch(limit, offset)` returns another page."""
        self.items, self.limit, self.offset, self.total = items, limit, offset, total
        self._fetch = fetch

    @property
    def is_last(self) -> bool:
        """Return whether this is the last page; without a total, whether it is not full."""
        if not self.items or self._fetch is None:
            return True
        return len(self.items) < self.limit if self.total is None else self.total <= self.offset + self.limit

    def next(self) -> Page[Item] | None:
        """Fetch the page after this one; None after the last.

        Raises:
            PlatformError: the platform refused.
            InvalidResponseError: it answered with another page than the one asked for.
        """
        return None if self.is_last or self._fetch is None else self._fetch(self.limit, self.offset + self.limit)

    def previous(self) -> Page[Item] | None:
        """Fetch the page before this one; None before the first. Raises what `next` raises."""
        if self.offset == 0 or self._fetch is None:
            return None
        return self._fetch(min(self.limit, self.offset), max(0, self.offset - self.limit))

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        return self.items[index]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        # The items are personal data, and a repr ends in logs.
        total = "" if self.total is None else f" of {self.total}"
        return f"<Page: {len(self.items)}{total} items from {self.offset}>"


def find(session: PlatformSession, path: str, rql: Condition | None = None) -> Page[Any]:
    """Return the first page of what matches `rql` at `path`.

    Raises:
        PlatformError: the platform refused.
        InvalidResponseError: its answer is no page.
    """
    from extrahorizon.query import text_of

    return _fetch(session, path, text_of(rql))


def find_all(session: PlatformSession, path: str, rql: Condition | None = None) -> Iterator[Any]:
    """Yield all records that match `rql` at `path`, prefetching the next page.

    Prefetching starts if the previous page took at least a millisecond to use, which is more than a thread costs. At
    most two pages are in memory. A `limit(size, offset)` in `rql` sets the page size and the start; it does not end the
    list. With `skip_count` the list ends at the first page that is not full.

    Pages are offsets into a changing list: adding or removing a record before the current position can repeat or skip
    another one. Sort by a value that only grows (`sort("creationTimestamp")`), so that new records are appended, and do
    not delete records while iterating.

    Raises:
        RQLSyntaxError: `rql` is invalid; raised immediately, not at the first record.
        PlatformError: the platform refused a page; earlier records were yielded.
    """
    from extrahorizon.query import has_limit, limited, text_of

    text = text_of(rql)
    return _all(session, path, text if has_limit(text) else limited(text, PAGE_SIZE, 0))


def _all(session: PlatformSession, path: str, text: str) -> Iterator[Any]:
    page: Page[Any] | None = _fetch(session, path, text)
    took = _WORTH_A_THREAD  # spent on the previous page; unknown for the first one
    while page is not None:
        ahead = _Ahead(page) if took >= _WORTH_A_THREAD and not page.is_last else None
        started = time.monotonic()
        yield from page.items
        took = time.monotonic() - started
        page = ahead.page() if ahead else page.next()


def find_first(session: PlatformSession, path: str, rql: Condition | None = None) -> Any | None:
    """Return the first record that matches `rql` at `path`, or None."""
    from extrahorizon.query import has_limit, limited, text_of

    text = text_of(rql)
    return next(iter(_fetch(session, path, text if has_limit(text) else limited(text, 1, 0))), None)


def _fetch(session: PlatformSession, path: str, text: str, offset: int | None = None) -> Page[Any]:
    def another(limit: int, offset: int) -> Page[Any]:
        from extrahorizon.query import limited

        return _fetch(session, path, limited(text, limit, offset), offset)

    answer = session.call("GET", f"{path}?{text}" if text else path, expects=dict)
    items, page = answer.get("data"), answer.get("page")
    problem = "an answer that is not a page"
    if isinstance(items, list) and isinstance(page, dict) and _is_count(page.get("limit"), page.get("offset")):
        total = page.get("total") if _is_count(page.get("total")) else None
        if offset in {None, page["offset"]} and (page["limit"] or not items):
            return Page(items, limit=page["limit"], offset=page["offset"], total=total, fetch=another)
        problem = "another page than the one asked for"
    raise InvalidResponseError(problem, status=200, method="GET", url=path)


class _Ahead:
    """The page after another one, on its way while that one is used."""

    def __init__(self, page: Page[Any]) -> None:
        self._fetch = page.next
        self._page: Page[Any] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._page = self._fetch()
        except BaseException as error:  # noqa: BLE001 - raised by `page` in the caller's thread
            self._error = error

    def page(self) -> Page[Any] | None:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._page


def _is_count(*numbers: object) -> bool:
    return all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)
