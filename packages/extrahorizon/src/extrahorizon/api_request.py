"""A request to an API function, parsed from the event, and its caller.

An event comes from Extra Horizon, or from AWS's HTTP API in front of the same function (payload format 2.0). They
differ in how they identify the caller: by headers that the platform sets, or by a token that AWS verified. They also
differ in three details: Extra Horizon keeps the question mark of the query, AWS prefixes the path with the stage, and
AWS decodes the path, which Extra Horizon leaves percent-encoded.
"""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from extrahorizon.characters import read_json
from extrahorizon.errors import ExtraHorizonError, InvalidEventError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Only the platform's gateway sets these headers: it removes those that a caller sends.
TRUSTED = "x-exh-requesting-"
USER_ID_CLAIM = "exh_user_id"
MOST_PARAMETERS = 100  # of a query

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ID = re.compile(r"[0-9a-f]{24}")
#: Members of AWS's `requestContext`; Extra Horizon's has `http` alone.
_OF_AWS = frozenset({"accountId", "apiId", "authorizer", "domainName", "routeKey", "stage"})
#: Characters of a path that need no encoding (RFC 3986); `%` begins a character that is encoded already.
_IN_PATH = "/%:@!$&'()*+,;=-._~"


class ApiError(ExtraHorizonError):
    """Refuse a request. `ApiFunction` sends the answer; the function does not count as failed.

    **Say which member is wrong**

        >>> ApiError(422, "the measurement is not valid", [("pulse", "it is not a number")]).body()
        {'message': 'the measurement is not valid', 'reasons': [{'field': 'pulse', 'reason': 'it is not a number'}]}

    Attributes:
        status: HTTP status, 400 to 499.
        message: the problem in one sentence; the caller reads it, so it must not reveal anything confidential.
        reasons: each problem, with its location and the expected value.
        headers: headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        reasons: Iterable[tuple[str, str]] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse with this status.

        Raises:
            ValueError: the status is none of 400 to 499.
        """
        if not 400 <= status <= 499:
            raise ValueError(f"a request is refused with a status of 400 to 499, not {status}")
        super().__init__(message)
        self.status = int(status)
        self.message = message
        self.reasons = tuple(reasons)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the body of the error answer: `{"message": …, "reasons": [{"field": …, "reason": …}]}`."""
        reasons = [{"field": where, "reason": reason} for where, reason in self.reasons]
        return {"message": self.message, **({"reasons": reasons} if reasons else {})}


@dataclass(frozen=True)
class Caller:
    """The Extra Horizon user who sent a request; `application_id` is known on Extra Horizon only."""

    user_id: str
    application_id: str | None = None


@dataclass(frozen=True)
class ApiRequest:
    """A request. Its repr contains no user input.

    **Parse the event of a function**

        >>> event = {"requestContext": {"http": {"method": "get"}}, "rawPath": "/patients/57f3", "headers": {}}
        >>> request = ApiRequest.from_event(event)
        >>> request.method, request.path, request.caller
        ('GET', '/patients/57f3', None)

    Attributes:
        method: HTTP method in capitals.
        path: the part of the URL after the function's name, percent-encoded.
        headers: by their names in lower case; without those that identify the caller.
        caller: the caller; None without credentials. See also `user_id`.
    """

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    caller: Caller | None
    _query: str = field(repr=False)
    _body: str = field(repr=False)
    _is_base64: bool = field(repr=False)

    @classmethod
    def from_event(cls, event: object, *, user_id_claim: str = USER_ID_CLAIM) -> ApiRequest:
        """Parse an event.

        Args:
            event: the event of the Lambda function.
            user_id_claim: on AWS, the JWT claim with the Extra Horizon user id.

        Raises:
            InvalidEventError: it is not a request but, for example, a task; the message quotes none of it.
        """
        context = _member(event, "requestContext", dict, {})
        method = _member(_member(context, "http", dict, {}), "method", str)
        path, query = _member(event, "rawPath", str), _member(event, "rawQueryString", str, "")
        headers: dict[str, str] = {}
        for spelling, value in _member(event, "headers", dict, {}).items():
            if not isinstance(value, str):
                raise InvalidEventError("a header of the request is not a string")
            name = spelling.lower()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        is_aws = not _OF_AWS.isdisjoint(context) or "routeKey" in _mapping(event)
        named = {name: headers.pop(name) for name in tuple(headers) if name.startswith(TRUSTED)}
        return cls(
            method=method.upper(),
            path=_path_on_aws(path, context) if is_aws else quote(path, safe=_IN_PATH) or "/",
            headers=headers,
            caller=_jwt_user(context, user_id_claim) if is_aws else _named_by_the_platform(named),
            _query=query if is_aws else query.removeprefix("?"),
            _body=_member(event, "body", str, ""),
            _is_base64=_member(event, "isBase64Encoded", bool, False),
        )

    @property
    def user_id(self) -> str:
        """Return the id of the user who sent the request.

        Raises:
            ApiError: 401, if the request has no user.
        """
        if self.caller is None:
            message = "this needs an authenticated user"
            raise ApiError(401, message, headers={"WWW-Authenticate": "Bearer"})
        return self.caller.user_id

    @property
    def query(self) -> dict[str, tuple[str, ...]]:
        """Return the decoded values of each query parameter, in order.

        Raises:
            ApiError: 400, there are too many, or one is not UTF-8.
        """
        pairs = None
        with suppress(ValueError):
            pairs = parse_qsl(self._query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
        if pairs is None:  # raised here, as the error above has the query
            raise ApiError(400, f"the query is expected to have at most {MOST_PARAMETERS} parameters, in UTF-8")
        found: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            found[name] = (*found.get(name, ()), value)
        return found

    @property
    def body(self) -> bytes:
        """The body, decoded: whether the platform hands it over in base64 is the platform's choice each time.

        Raises:
            ApiError: 400, it is no base64 although it is said to be.
        """
        if not self._is_base64:
            return self._body.encode(errors="surrogatepass")
        try:
            return base64.b64decode(self._body, validate=True)
        except ValueError:
            raise ApiError(400, "the body is not base64, although it is marked as such") from None

    def json(self) -> Any:
        """Return the body as JSON; a byte order mark before it is ignored, as RFC 8259 allows.

        Raises:
            ApiError: 400, it is none.
        """
        try:
            return read_json(self.body.removeprefix(_BYTE_ORDER_MARK))
        except ValueError:
            raise ApiError(400, "the body is expected to be JSON, in UTF-8") from None


def _member(holder: object, name: str, kind: type, *default: Any) -> Any:
    """Return a member of an event.

    Raises:
        InvalidEventError: it is of another kind, or missing and has no default.
    """
    value = _mapping(holder).get(name)
    if value is None and default:
        return default[0]
    if not isinstance(value, kind):
        raise InvalidEventError(
            f"the event is not a request to an API function: its {name} is missing, or no {kind.__name__}"
        )
    return value


def _mapping(holder: object) -> dict[str, Any]:
    if not isinstance(holder, dict):
        raise InvalidEventError(f"an API function receives a JSON object, not {type(holder).__name__}")
    return holder


def _path_on_aws(path: str, context: Mapping[str, Any]) -> str:
    stage = context.get("stage")
    # A custom domain leaves the stage out, and the first part of a path may have the same name there.
    is_named = ".execute-api." in str(context.get("domainName", ".execute-api."))
    if is_named and stage and stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        path = path[len(stage) + 1 :]
    return quote(path, safe=_IN_PATH.replace("%", "")) or "/"


def _named_by_the_platform(headers: Mapping[str, str]) -> Caller | None:
    """Return the caller by the headers of Extra Horizon's gateway. Two in two spellings were joined, and are no id."""
    user_id, application_id = (_as_id(headers.get(f"{TRUSTED}{kind}-id")) for kind in ("user", "application"))
    return Caller(user_id, application_id) if user_id else None


def _jwt_user(context: Mapping[str, Any], claim: str) -> Caller | None:
    """Return the caller from a token that AWS has verified.

    Headers cannot identify the caller, because on AWS any client can send any header.
    """
    value: Any = context
    for name in ("authorizer", "jwt", "claims", claim):
        value = value.get(name) if isinstance(value, dict) else None
    user_id = _as_id(value)
    return Caller(user_id) if user_id else None


def _as_id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None
