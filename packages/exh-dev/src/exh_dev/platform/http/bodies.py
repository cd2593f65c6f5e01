"""Request bodies: JSON or a form, optionally gzipped, with limits on size and nesting, and the platform's error codes.

13: no body; 22: a malformed body; 14: a missing field; 15: a field of the wrong type. Unknown fields are ignored.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from exh_dev.javascript_numbers import fraction, parse_integer
from exh_dev.platform.http.error_answers import CodelessErrorAnswer, ErrorAnswer
from exh_dev.platform.storage.timestamps import epoch_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

LIMIT = 10 * 1024 * 1024  # bytes, both compressed and decompressed: the gateway's limit on request bodies
_MOST_MEMBERS = 100  # of a gzip body; each costs a copy of the rest
DEEPEST = 100  # levels of nested objects and lists: MongoDB's limit for a document
MOST_VALUES = 2_000_000  # in a JSON body: it is checked value by value, and other requests wait meanwhile
MOST_CONTAINERS = 100_000  # objects and lists among these values, which take longer to check
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Fields:
    """The fields of a request body, read with a check of their type.

    Attributes:
        members: all fields, by name, as they were sent.
    """

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    def value(self, name: str) -> Any:
        """Return a field of any type; None if it is missing or null."""
        return self.members.get(name)

    def optional_object(self, name: str) -> dict[str, Any] | None:
        """Return an object; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not an object.
        """
        value = self.members.get(name)
        if value is not None and not isinstance(value, dict):
            raise ErrorAnswer(15, f"The field {name} must be an object")
        return value

    def text(self, name: str) -> str:
        """Return a required string.

        Raises:
            ErrorAnswer: 14 if the field is missing or null, 15 if the value is not a string.
        """
        value = self.optional_text(name)
        if value is None:
            raise ErrorAnswer(14, f"The field {name} is required")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not a string.
        """
        value = self.members.get(name)
        if value is not None and not isinstance(value, str):
            raise ErrorAnswer(15, f"The field {name} must be a string")
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return an integer; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not an integer.
        """
        value = self.members.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ErrorAnswer(15, f"The field {name} must be a whole number")
        return value

    def optional_timestamp(self, name: str) -> float | None:
        """Return an ISO 8601 timestamp as epoch seconds; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not an ISO 8601 timestamp.
        """
        text = self.optional_text(name)
        try:
            return None if text is None else epoch_seconds(text)
        except ValueError:
            raise ErrorAnswer(15, f"The field {name} must be an ISO 8601 timestamp") from None

    def optional_flag(self, name: str) -> bool | None:
        """Return a boolean; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not a boolean.
        """
        value = self.members.get(name)
        if value is not None and not isinstance(value, bool):
            raise ErrorAnswer(15, f"The field {name} must be true or false")
        return value

    def optional_texts(self, name: str) -> list[str] | None:
        """Return a list of strings; None if the field is missing or null.

        Raises:
            ErrorAnswer: 15 if the value is not a list of strings.
        """
        value = self.members.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise ErrorAnswer(15, f"The field {name} must be a list of strings")
        return value


def is_one_of(value: Any, names: Container[str]) -> bool:
    """Return whether a value is one of `names`. A plain `in` raises TypeError for a list in a set of names."""
    return isinstance(value, str) and value in names


def one_of(value: Any, names: Sequence[str], what: str) -> str:
    """Return the value if it is one of `names`.

    Args:
        value: as the client sent it, of any JSON type.
        names: the allowed strings.
        what: what the value is, for the error, such as `The field type`.

    Raises:
        ErrorAnswer: 15 if the value is not one of `names`.
    """
    if is_one_of(value, names):
        return str(value)
    raise ErrorAnswer(15, f"{what} must be one of {', '.join(names)}")


def after_body(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that is called only once the complete body has arrived.

    An endpoint that waits for a slow client would work with documents that other requests change meanwhile.
    """

    async def call(request: Request) -> Response:
        request.state.body = await read_body(request)
        return await endpoint(request)

    return call


async def read_body(request: Request) -> bytes:
    """Return the decompressed body.

    Raises:
        ErrorAnswer: 22 if its Content-Encoding is not supported or it is not valid gzip; HTTP 413 if it is larger than
            `LIMIT`.
    """
    if hasattr(request.state, "body"):
        return bytes(request.state.body)
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > LIMIT:
            raise _too_large()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _decompressed(bytes(received))
    if encoding not in ("", "identity"):
        raise ErrorAnswer(22, f"The content encoding {encoding} is not supported")
    return bytes(received)


async def read_json(request: Request) -> Fields:
    """Return the fields of a JSON object.

    Raises:
        ErrorAnswer: 13 without a body, 22 if it is not a JSON object.
    """
    return Fields(_json_object(await read_body(request)))


async def read_json_or_form(request: Request) -> Fields:
    """Return the fields of a JSON object or, with the Content-Type of a form, of a form.

    Raises:
        ErrorAnswer: 13 without a body, 22 if it is malformed.
    """
    body = await read_body(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fields(_form(body) if media_type == "application/x-www-form-urlencoded" else _json_object(body))


def parse_json(body: bytes, *, encodable: bool = True) -> Any:
    """Return the parsed JSON.

    Args:
        body: JSON in UTF-8.
        encodable: refuse strings with half of a surrogate pair.

    Raises:
        ErrorAnswer: 13 without a body, 22 if it is malformed, HTTP 413 if it has more values than `MOST_VALUES`.
    """
    if not body.strip():
        raise ErrorAnswer(13, "The request body is empty")
    try:
        value = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite, parse_int=_finite_integer)
        if encodable and _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()  # raises for half of a surrogate pair, which is not UTF-8
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} of it is not UTF-8") from None
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise _malformed(f"a string has half of a surrogate pair ({half}), which is no character") from None
    except RecursionError:
        raise _malformed(f"it is nested more than {DEEPEST} deep") from None
    except ValueError as error:
        raise _malformed(str(error)) from None
    if body.count(b"{") + body.count(b"[") > DEEPEST or body.count(b",") >= MOST_VALUES - 1:
        _check_shape(value)
    return value


def _check_shape(value: Any) -> None:
    """Raise ErrorAnswer 22 if a value is nested deeper than `DEEPEST`, HTTP 413 if it has too many values in it."""
    level, values, containers = [value], 1, 0
    for _ in range(DEEPEST):
        containers += len(level)
        values += sum(len(each) for each in level if isinstance(each, dict | list))
        if values > MOST_VALUES or containers > MOST_CONTAINERS:
            allowed = f"{MOST_VALUES:,} values, {MOST_CONTAINERS:,} objects and lists among them"
            raise CodelessErrorAnswer(413, "BODY_TOO_LARGE_EXCEPTION", f"A request body may have {allowed}")
        level = [inner for each in level for inner in _members(each) if isinstance(inner, dict | list)]
        if not level:
            return
    raise _malformed(f"it is nested more than {DEEPEST} deep")


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _json_object(body: bytes) -> dict[str, Any]:
    value = parse_json(body)
    if not isinstance(value, dict):
        raise _malformed("it must be a JSON object")
    return value


def _form(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise ErrorAnswer(13, "The request body is empty")
    try:
        # A field without a value counts as missing (RFC 6749, section 3.2).
        pairs = parse_qsl(body.decode(), errors="strict", max_num_fields=100)
    except ValueError:
        raise _malformed("it is not form-encoded UTF-8") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise _malformed("a field is given twice")
    return dict(pairs)


def _decompressed(body: bytes) -> bytes:
    plain, members = bytearray(), 0
    while body:  # a gzip file may have several members (RFC 1952, section 2.2)
        members += 1
        if members > _MOST_MEMBERS:
            raise _malformed(f"its gzip has more than {_MOST_MEMBERS} members")
        gunzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip, not zlib
        try:
            plain += gunzip.decompress(body, LIMIT + 1 - len(plain))
        except zlib.error:
            raise _malformed("it is not gzip") from None
        if len(plain) > LIMIT:
            raise _too_large()
        if not gunzip.eof:
            raise _malformed("it is not gzip")
        body = gunzip.unused_data
    return bytes(plain)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    return _in_range(fraction(text))


def _finite_integer(text: str) -> float:
    return _in_range(parse_integer(text))


def _in_range(number: float) -> float:
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number


def _malformed(reason: str) -> ErrorAnswer:
    return ErrorAnswer(22, f"The request body is malformed: {reason}")


def _too_large() -> ErrorAnswer:
    return CodelessErrorAnswer(413, "BODY_TOO_LARGE_EXCEPTION", f"A request body may have {LIMIT:,} bytes")
