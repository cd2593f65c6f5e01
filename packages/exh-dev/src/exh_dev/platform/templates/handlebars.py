"""Handlebars for Templates v2, based on the library dotpromptz-handlebars.

Inputs are `{{@inputs.x}}`; missing values render empty. Partials, inline partials and decorators are refused. This
module adds features that the library lacks, using its internal functions, so the library is pinned to one version:
`else` followed by any helper, `{{^}}` for `else`, `.length` of a list or string, errors in sub-expressions before
rendering, a limit on endless rendering, line numbers of errors, and braces in quoted strings.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dotpromptz_handlebars import Block, Mustache, Partial, PartialBlock, TagToken, _render
from dotpromptz_handlebars import ElseNode as Else
from dotpromptz_handlebars import InlinePartial as Inline

from exh_dev.platform.templates.formatting import formatting_helpers
from exh_dev.platform.templates.handlebars_lines import line_of_error, numbered, with_lines
from exh_dev.platform.templates.handlebars_literals import tokens
from exh_dev.platform.templates.helpers import HELPERS, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dotpromptz_handlebars import Node

_LONGEST_SOURCE = 1024 * 1024  # characters
#: Cost limit of rendering: each output character costs 1 for each block that passes it on, each tag or text this much.
_MOST, _PER_NODE = 20_000_000, 50
_LONGEST = 5  # seconds that rendering may take
_DEEPEST = 100  # blocks in blocks
_WITHOUT_HELPER = ("if", "unless", "each", "with")
_BUDGET = object()  # the key of a rendering's budget among its `@` data; no template can spell it


class TemplateError(Exception):
    """A template that cannot be read, or not be rendered; the message says why."""


def check_syntax(source: str) -> None:
    """Check that `source` can be parsed.

    Raises:
        TemplateError: it cannot.
    """
    _compiled(source)


def render(
    source: str,
    inputs: Mapping[str, Any],
    *,
    language: str,
    time_zone: str,
    translate: Callable[[str], str | None],
) -> str:
    """Render `source` with `inputs`.

    Args:
        source: Handlebars.
        inputs: JSON, read as `@inputs`.
        language: language of numbers and dates, such as `NL`.
        time_zone: time zone of dates, such as `Europe/Brussels`.
        translate: returns a localization key's translation in that language; None if unknown.

    Raises:
        TemplateError: it cannot be parsed or rendered, or becomes too large.
    """
    nodes, lines = _compiled(source)
    helpers = {**HELPERS, **formatting_helpers(language, time_zone, translate)}
    try:
        return _render.render_program(
            nodes,
            {},
            data={"root": {}, "inputs": inputs, _BUDGET: _Budget(_MOST, lines)},  # type: ignore[dict-item]
            helpers=helpers,
            partials={},
            escape_html=True,
            strict=False,
            max_depth=_DEEPEST * 3,
        )
    except RecursionError:
        raise TemplateError("The blocks or sub-expressions are nested too deeply") from None
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateError(str(error) or type(error).__name__) from error


@dataclass
class _Budget:
    """The remaining cost of a rendering, and the line of each tag by the tag's `id`."""

    left: int
    lines: Mapping[int, int]
    until: float = field(default_factory=lambda: time.monotonic() + _LONGEST)

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0 or time.monotonic() > self.until:
            raise ValueError("The output is too large, or takes too long to make")


def _compiled(source: str) -> tuple[list[Node], dict[int, int]]:
    """Return the nodes of a template, and the line of each tag by the `id` of its node."""
    if len(source) > _LONGEST_SOURCE:
        raise TemplateError(f"A template may have {_LONGEST_SOURCE:,} characters")
    try:
        parts, nodes = _parsed(source)
    except RecursionError:
        raise TemplateError("The blocks or sub-expressions are nested too deeply") from None
    except (ValueError, LookupError) as error:
        line = line_of_error(source, str(error), _parsed)
        raise TemplateError(f"line {line}: {str(error) or 'a tag is malformed'}") from error
    return nodes, numbered(nodes, parts)


def _parsed(source: str) -> tuple[list[TagToken | str], list[Node]]:
    parts = _unchained(tokens(source, _render._tokens, with_lines))
    nodes = _render._parse(parts, max_depth=_DEEPEST)
    _check(nodes)
    return parts, nodes


def _unchained(parts: Iterable[TagToken | str]) -> list[TagToken | str]:
    """Replace `else x` by `else` with a nested block `x`: the library supports only `else if` and `else unless`."""
    unchained: list[TagToken | str] = []
    chains: list[list[str]] = []  # for each open block, the blocks that its `else x` have opened
    for part in parts:
        if isinstance(part, str):
            unchained.append(part)
            continue
        words = part.body.split(None, 2)
        first = words[0] if words else ""
        if not first:
            raise ValueError("a tag is empty")
        if first == "^" or (first == "else" and len(words) == 1):
            unchained.append(replace(part, body="else"))
        elif first == "else" and chains:
            chains[-1].append(words[1])
            unchained += [replace(part, body="else"), replace(part, body=f"#{part.body[4:].strip()}")]
        elif first.startswith("/") and chains:
            unchained += [replace(part, body=f"/{name}") for name in reversed(chains.pop())]
            unchained.append(part)
        else:
            if first.startswith(("#", "^")):
                chains.append([])
            unchained.append(part)
    return unchained


def _check(nodes: Iterable[Node]) -> None:
    """Refuse features that Templates v2 lacks, and errors that the library would find only when rendering."""
    for node in nodes:
        if isinstance(node, Partial | PartialBlock | Inline):
            raise ValueError(f"the partial {node.name} could not be found: a template has none")  # noqa: TRY004 - its callers map ValueError to the platform's error
        if isinstance(node, Mustache | Block):
            _check_call(node.call, is_block=isinstance(node, Block))
        if isinstance(node, Block):
            _check(node.body)
            _check(node.inverse)
        if isinstance(node, Else):
            _check(node.body)


def _check_call(call: dict[str, Any], *, is_block: bool = False) -> None:
    if is_block and call["name"] in _WITHOUT_HELPER and len(call["args"]) != 1:
        raise ValueError(f"#{call['name']} requires exactly one argument")
    for argument in (*call["args"], *call["hash"].values()):
        if argument.startswith("("):
            _check_call(_render._call(argument[1:-1].strip()))


_render_node, _render_body, _step = _render._render_one, _render._render, _render._step
_evaluate = _render._eval_call


def _render_within_budget(node: Node, **env: Any) -> str:
    try:
        text = _render_node(node, **env)
        _spend(_PER_NODE + len(text), env)
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        budget: _Budget | None = env["frames"][-1].get(_BUDGET)
        line = budget.lines.get(id(node)) if budget else None
        if line is None:
            raise
        raise TemplateError(f"line {line}: {str(error) or type(error).__name__}") from error
    return text


def _body_within_budget(nodes: list[Node], **env: Any) -> str:
    _spend(_PER_NODE, env)  # each round of a loop, though its body be empty
    return _render_body(nodes, **env)


def _call_within_budget(call: dict[str, Any], **env: Any) -> Any:
    """Call a helper, and charge its arguments.

    It may read a long list for a short result, or be nested in another helper.
    """
    value = _evaluate(call, **env)
    _spend(_PER_NODE + (len(value) // 4 if isinstance(value, str | list) else 0), env)
    return value


def _spend(amount: int, env: dict[str, Any]) -> None:
    budget: _Budget | None = env["frames"][-1].get(_BUDGET)
    if budget is not None:
        budget.spend(amount)


def _step_or_length(current: Any, part: str, *, strict: bool, original: str) -> Any:
    if part == "length" and isinstance(current, list | str):
        return len(current)
    return _step(current, part, strict=strict, original=original)


_line_end = _render._line_ending_after


def _line_end_after(parts: list[TagToken | str], index: int) -> int | None:
    """Return the line's end after a tag, unless only spaces separate it from another tag."""
    following = parts[index + 1 : index + 3]
    if len(following) > 1 and isinstance(following[0], str) and "\n" not in following[0]:
        return None
    return _line_end(parts, index)


_render._line_ending_after = _line_end_after
_render._render_one = _render_within_budget
_render._render = _body_within_budget
_render._eval_call = _call_within_budget
_render._step = _step_or_length
_render._js_text = shown
