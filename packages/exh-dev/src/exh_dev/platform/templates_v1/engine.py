"""Patch the library airspeed (Velocity in Python): import this module before `airspeed`.

The patches use its internal classes, so it is pinned to one version. Unpatched, templates can access every attribute of
Python objects; values are formatted, compared and computed as in Python instead of Java; there is no `#break`; and the
position of an error may refer to a nested string instead of the template.

Assumed: `#if` treats empty strings and lists, and 0, as false, like Velocity 2.
"""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import airspeed

from exh_dev.platform.templates_v1.methods import OPERATORS, at, called, shown

#: Prefix of a field's name in place of the library's file name, and the name of a string within a field.
FIELD, _WITHIN = "field:", "text"
_MOST_WRITTEN = 20_000_000  # characters; strings within the template count again where they are used


def is_direct(element: Any) -> bool:
    """Return whether an element is directly in a field: not in a quoted string or `#evaluate`."""
    return str(getattr(element, "filename", "")).startswith(FIELD)


class Text(io.StringIO):
    """A replacement of `StoppableStream` with a bounded size.

    Attributes:
        written: characters written to all instances since this was set to 0.
    """

    written = 0

    def __init__(self) -> None:
        super().__init__()
        self.stop = False

    def write(self, text: str, /) -> int:
        if self.stop:
            return 0
        Text.written += len(text)
        if Text.written > _MOST_WRITTEN:
            raise ValueError(f"it becomes larger than {_MOST_WRITTEN:,} characters")
        return super().write(text)


class _Broken(BaseException):
    """`#break`; the library handles no `BaseException`."""


class _Break(airspeed._Element):  # type: ignore[misc]
    _START = re.compile(r"#(?:break\b|\{break\})", re.IGNORECASE)

    def parse(self) -> None:
        self.identity_match(self._START)

    def evaluate_raw(self, stream: Any, namespace: Any, loader: Any) -> None:  # noqa: ARG002 - the engine's signature
        raise _Broken


class _Missing:
    """Reject `#parse` and `#include`: a template is a single source."""

    def load_text(self, name: Any) -> str:
        raise ValueError(f"there is no {shown(name)} that it could take up")

    load_template = load_text


def _evaluate(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    """Evaluate, reporting errors at an element of the field instead of a nested string."""
    try:
        self.evaluate_raw(stream, namespace, loader)
    except airspeed.TemplateExecutionError as error:
        if is_direct(error.element) or not is_direct(self):
            raise
        raise airspeed.TemplateExecutionError(self) from error.__cause__
    except Exception as error:
        raise airspeed.TemplateExecutionError(self) from error


def _member(self: Any, current_object: Any, loader: Any, top_namespace: Any) -> Any:
    """Return a name after a dot, or the first of a reference: a variable, a member of an object, or a method."""
    value = None
    if isinstance(current_object, dict):
        try:
            value = current_object[self.name]
        except KeyError:
            value = None
    arguments = self.parameters.calculate(top_namespace, loader) if self.parameters is not None else None
    if isinstance(value, airspeed._FunctionDefinition):
        text = Text()
        value.execute_function(text, top_namespace, arguments or [], loader)
        return text.getvalue()
    if arguments is not None:
        return (
            None
            if isinstance(current_object, airspeed.LocalNamespace)
            else called(current_object, self.name, arguments)
        )
    return value if self.index is None else at(value, self.index.calculate(top_namespace, loader))


def _part(self: Any, current_object: Any, loader: Any, global_namespace: Any) -> Any:
    if not isinstance(self.expression, airspeed.ArrayIndex):
        return self.expression.calculate(current_object, loader, global_namespace)
    value = at(current_object, self.expression.calculate(global_namespace, loader))
    return self.subexpression.calculate(value, loader, global_namespace) if self.subexpression else value


def _reference(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    value = self.expression.calculate(namespace, loader) if self.expression is not None else None
    if value is None and self.alternate is not None:
        value = self.alternate.calculate(namespace, loader)
    if value is None:
        value = "" if self.silent and self.expression is not None else self.my_text()
    stream.write(shown(value))


def _loop(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    """Loop over a list, a range, or the values of an object; nothing for other values."""
    values = self.value.calculate(namespace, loader)
    values = list(values.values()) if isinstance(values, dict) else values
    if not isinstance(values, list | range):
        return
    for index, value in enumerate(values):
        has_next = index + 1 < len(values)
        local = airspeed.LocalNamespace(namespace)
        local["velocityCount"], local["velocityHasNext"] = index + 1, has_next
        local["foreach"] = {
            "index": index, "count": index + 1, "hasNext": has_next, "first": index == 0, "last": not has_next,
        }  # fmt: skip
        local[self.loop_var_name] = value
        try:
            self.block.evaluate(stream, local, loader)
        except _Broken:
            return
        if stream.stop:
            return


def _range(self: Any, namespace: Any, loader: Any) -> range:
    first, last = (each.calculate(namespace, loader) for each in (self.value1, self.value2))
    if not (isinstance(first, int) and isinstance(last, int)):
        return range(0)
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _macro(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    """Call a macro; similar text, such as `#1(b)`, is output unchanged."""
    try:
        macro = namespace[f"#{self.macro_name}"]
    except KeyError:
        stream.write(self.my_text())
        return
    macro.execute_function(stream, namespace, [each.calculate(namespace, loader) for each in self.args], loader)


def _parse_parameters(self: Any) -> None:
    """Parse parentheses after a name; if they contain no values, they are text, as in `$content.item(s)`."""
    self.identity_match(self.START)
    with contextlib.suppress(airspeed.NoMatch):
        self.values = self.next_element(airspeed.ValueList)
    self.identity_match(self.END)


def _parse_quoted(self: Any) -> None:
    """Parse a quoted string, whose own elements count lines from its beginning."""
    airspeed.StringLiteral.parse(self)
    try:
        self.block = airspeed.Block(_WITHIN, self.value, 0)
    except airspeed.TemplateSyntaxError as error:
        raise airspeed.TemplateSyntaxError(self, f"a string that can be parsed ({error})") from None


airspeed.StoppableStream = Text
airspeed.NullLoader = _Missing
airspeed.BinaryOperator.OPERATORS = OPERATORS
airspeed.UserDefinedDirective.DIRECTIVES = [_Break]
airspeed._Element.evaluate = _evaluate
airspeed.NameOrCall.calculate = _member
airspeed.SubExpression.calculate = _part
airspeed.FormalReference.evaluate_raw = _reference
airspeed.ForeachDirective.evaluate_raw = _loop
airspeed.MacroCall.evaluate_raw = _macro
airspeed.ParameterList.parse = _parse_parameters
airspeed.InterpolatedStringLiteral.parse = _parse_quoted
airspeed.Range.calculate = _range
#: Without the last alternative, a backslash at the very end of a string is an error.
airspeed.Text.PLAIN = re.compile(rf"({airspeed.Text.PLAIN.pattern[1:-1]}|\\$)", airspeed.Text.PLAIN.flags)
