"""Base classes of the groups of operations in `services/`.

A group is a class with a short method for each operation: verb, path, body, result. Paths are built from `segment`s,
and the session sends the calls. Shared operations are defined here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from urllib.parse import quote

from extrahorizon import paging
from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.errors import InvalidResponseError
from extrahorizon.timestamps import described, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from extrahorizon.paging import Page
    from extrahorizon.query import RQL, Condition
    from extrahorizon.session import PlatformSession

Item = TypeVar("Item")


def string(value: object) -> str:
    """Return a string, or a UUID as one.

    Raises:
        TypeError: it is another value, None above all.
    """
    text = plain(value)
    if isinstance(text, str):
        return text
    raise TypeError(f"{_parameter(value)} is a string, not {described(value)}")


def segment(name: str) -> str:
    """Return an id or a name as one segment of a path, which it cannot leave.

    Raises:
        ValueError: it is empty, `.` or `..`, which change the path however they are encoded, or holds half a character.
        TypeError: it is neither a string nor a UUID.
    """
    text = string(name)
    if text in {"", ".", ".."}:
        raise ValueError(f"{_parameter(name)}, an id or a name in a path, cannot be empty, '.' or '..'")
    if has_half(text):
        raise ValueError(f"{_parameter(name)}, an id or a name in a path, holds {HALF_A_CHARACTER}")
    return quote(text, safe="")


def given(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that have a value; None means omitted."""
    return {name: value for name, value in members.items() if value is not None}


def own_data(members: object) -> dict[str, Any]:
    """Return data whose members are the caller's own, such as a document's, as it is sent.

    Raises:
        TypeError: it is no dict.
    """
    if isinstance(members, Mapping):
        return dict(members)
    raise TypeError(f"{_parameter(members)} is a dict, not {described(members)}")


def _parameter(value: object) -> str:
    """Return the name that the caller of a service knows a value by; looked up only when it is to be refused."""
    found = "it"
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the one way to see who called
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), Resource):
            found = next((name for name, each in frame.f_locals.items() if each is value), found)
        frame = frame.f_back
    return found


def required(rql: Condition) -> str:
    """Return the RQL that selects the records to change, as it follows a path.

    Raises:
        RQLSyntaxError: it has no condition, and would pick from all of them.
    """
    from extrahorizon.query import RQLSyntaxError, has_condition, query

    text = query(rql)
    if not has_condition(text):
        raise RQLSyntaxError(
            'rql is required, and says which records: without a condition it would pick all; rql.contains("id") does'
        )
    return text


class Resource:
    """A group of operations."""

    def __init__(self, session: PlatformSession) -> None:
        """Call through `session`."""
        self._session = session

    def _body(self, kind: str, members: Mapping[str, Any], *, nulls: bool = False) -> dict[str, Any]:
        """Return a body as it is sent, checked against a `TypedDict` of the service's `types`; see `bodies.check`."""
        from extrahorizon.bodies import check

        return check(type(self).__module__, kind, members, nulls=nulls)

    def _object(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the JSON object that the call answers with; methods say by `cast` which one they trust it to be."""
        answer: dict[str, Any] = self._session.call(method, path, expects=dict, **options)
        return answer

    def _affected(self, method: str, path: str, **options: Any) -> int:
        """Return the number of changed records, which services report under different names."""
        answer = self._object(method, path, **options)
        for name in ("affectedRecords", "records_affected", "recordsAffected"):
            if isinstance(answer.get(name), int):
                return int(answer[name])
        raise InvalidResponseError(
            "an answer without a number of affected records", status=200, method=method, url=path
        )

    def _data(self, path: str) -> list[Any]:
        """Return the list that the call answers with as `data`, where a service sends no page bounds."""
        answer = self._object("GET", path)
        if not isinstance(answer.get("data"), list):
            raise InvalidResponseError("an answer without a list", status=200, method="GET", url=path)
        return list(answer["data"])

    def _is_ok(self, method: str, path: str, **options: Any) -> bool:
        """Return whether the call answers with 200; errors are raised."""
        return self._session.request(method, path, **options).status_code == 200


class Service(Resource):
    """A service that says whether it is well."""

    _base: ClassVar[str]

    def health(self) -> bool:
        """Return whether the service is well. Needs no permission.

        Raises:
            PlatformError: it is not; 903 or 4 where the cluster has no such service, or cannot reach it.
        """
        return self._is_ok("GET", f"{self._base}/health")


class Collection(Resource, Generic[Item]):
    """Records that are searched with RQL."""

    _path: ClassVar[str]

    def find(self, rql: Condition | None = None) -> Page[Item]:
        """Return a page of the records that match; all of them match no RQL.

        Raises:
            InvalidRqlError: the platform cannot read the query (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return paging.find(self._session, self._path, rql)

    def find_all(self, rql: Condition | None = None) -> Iterator[Item]:
        """Yield every record that matches; see `paging.find_all`. Errors as for `find`."""
        return paging.find_all(self._session, self._path, rql)

    def find_first(self, rql: Condition | None = None) -> Item | None:
        """Return the first record that matches, or None. Errors as for `find`."""
        return paging.find_first(self._session, self._path, rql)

    def _find_where(self, field: str, value: str, rql: Condition | None) -> Item | None:
        return paging.find_first(self._session, self._path, where(field, value, rql))


class WithId(Collection[Item]):
    """Records that have an id."""

    def find_by_id(self, record_id: str, rql: Condition | None = None) -> Item | None:
        """Return the record with this id that matches `rql` too, or None. Errors as for `find`."""
        return self._find_where("id", record_id, rql)


class WithName(Collection[Item]):
    """Records that have a name of their own."""

    def find_by_name(self, name: str, rql: Condition | None = None) -> Item | None:
        """Return the record with this name that matches `rql` too, or None. Errors as for `find`."""
        return self._find_where("name", name, rql)


def where(field: str, value: str, rql: Condition | None) -> RQL:
    """Return RQL for the records that match `rql` and have this value."""
    from extrahorizon.query import rql as everything

    return everything.eq(field, string(value)) & ("" if rql is None else rql)
