"""The fields of a template, filled in: Velocity. Used in a process of its own, see `worker.py`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import airspeed

from exh_dev.platform.templates_v1.engine import FIELD, Text, is_direct

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYNTAX = re.compile(r"line \d+, column \d+: expected (.*) in (.*), got: (.*) \.\.\.", re.DOTALL)
_NESTED = "it is nested too deeply"


class VelocityError(Exception):
    """A field that cannot be filled in.

    Attributes:
        field: its name.
        line: where, from 1 on.
    """

    def __init__(self, field: str, line: int, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.line = line


class TooLongError(BaseException):
    """The time limit was exceeded.

    A signal handler raises it anywhere in the library, which catches no `BaseException`.

    Attributes:
        element: the element parsed or rendered at that time, if any.
    """

    def __init__(self, element: Any) -> None:
        super().__init__()
        self.element = element


def render(fields: Mapping[str, str], content: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a template, filled in with `content`, which a field reads as `$content.x`, or as `$x` alone.

    A name that `content` has not, and that is a field's, is that field, filled in.

    Raises:
        VelocityError: one of them cannot be read or filled in, or becomes too large.
        TooLongError: a signal has ended it.
    """
    Text.written = 0
    content = _Content(content, fields)
    return {name: content.field(name) for name in fields}


def check(fields: Mapping[str, str]) -> None:
    """Check that a template's fields can be parsed.

    Raises:
        VelocityError: one of them cannot.
        TooLongError: a signal has ended it.
    """
    for name, source in fields.items():
        _read(name, source)


def element_at(frame: Any) -> Any:
    """Return the element of a stack frame: the innermost one directly in a field."""
    while frame is not None:
        element = frame.f_locals.get("self")
        if isinstance(element, airspeed._Element) and is_direct(element):
            return element
        frame = frame.f_back
    return None


def place_of(element: Any) -> tuple[str, int]:
    """Return the field and the line of an element."""
    return element.filename.removeprefix(FIELD), _line(element)


class _Content(dict[str, Any]):
    """The content of a template, with the fields that it does not have itself."""

    def __init__(self, content: Mapping[str, Any], fields: Mapping[str, str]) -> None:
        super().__init__(content)
        self._fields = fields
        self._done: dict[str, str] = {}
        self._begun: set[str] = set()

    def __missing__(self, name: str) -> str:
        if name not in self._fields or name in self._begun:
            raise KeyError(name)
        return self.field(name)

    def field(self, name: str) -> str:
        """Return a field, filled in.

        Raises:
            VelocityError: it cannot be.
        """
        if name not in self._done:
            self._begun.add(name)
            self._done[name] = _filled(name, self._fields[name], self)
            self._begun.discard(name)
        return self._done[name]


def _read(name: str, source: str) -> Any:
    template = airspeed.Template(source, filename=f"{FIELD}{name}")
    try:
        template.ensure_compiled()
    except airspeed.TemplateSyntaxError as error:
        line, reason = _syntax(error)
        raise VelocityError(name, line, reason) from None
    except RecursionError:
        raise VelocityError(name, 1, _NESTED) from None
    return template


def _filled(name: str, source: str, content: _Content) -> str:
    template = _read(name, source)
    try:
        return str(template.merge({**content, "content": content}))
    except airspeed.TemplateExecutionError as error:
        if isinstance(error.__cause__, VelocityError):  # in another field that this one takes up
            raise error.__cause__ from None
        raise VelocityError(*place_of(error.element), _reason(error.__cause__)) from None
    except RecursionError:
        raise VelocityError(name, 1, _NESTED) from None


def _syntax(error: Any) -> tuple[int, str]:
    """Return the line and message of a syntax error; for an unclosed block, the line where it begins."""
    element = error.element
    parts = _SYNTAX.fullmatch(str(error))
    expected, within, found = parts.groups() if parts else (str(error), "it", "")
    if isinstance(element, airspeed.TemplateBody):
        return error.line, f"{found.split()[0]} closes nothing"
    if not found and "#end" in f"{expected} {'#end' if expected == 'block' else ''}":
        word = element.my_text().split("(")[0].strip()
        return _line(element), f"{word} has no #end"
    line = _line(element) if isinstance(element, airspeed.InterpolatedStringLiteral) else int(error.line)
    return line, f"expected {expected} in {within}, found {found.strip() or 'the end'}"


def _reason(cause: BaseException | None) -> str:
    if isinstance(cause, RecursionError):
        return _NESTED
    if isinstance(cause, MemoryError):
        return "it needs too much memory"
    if isinstance(cause, ValueError | airspeed.TemplateError):
        return str(cause)
    return f"it cannot be computed: {type(cause).__name__}: {cause}"


def _line(element: Any) -> int:
    return int(element.full_text().count("\n", 0, element.start)) + 1
