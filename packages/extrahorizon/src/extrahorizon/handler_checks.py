"""Check a handler when it is decorated, and its result when it returns.

Lambda's runtime would report it later and less clearly: "Object of type coroutine is not JSON serializable".
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from extrahorizon.characters import has_half

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import CodeType

# Of code objects, as in `inspect`, which would take a tenth of a cold start to import.
_VARARGS, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x04, 0x20, 0x80, 0x200
_GIVEN = 2  # a task and a client, or an event and a context


class Call(NamedTuple):
    """The call of a function: a description, and the expected parameters."""

    words: str
    parameters: str


OF_A_TASK = Call("a task and a client", "task: Task, exh: ExtraHorizon")
OF_LAMBDA = Call("an event and a context", "event, context")


def check_handler(function: Any) -> None:
    """Refuse a function that cannot be the handler of a task.

    Args:
        function: what is decorated: a function, a method, an instance with `__call__`, or a `partial` of one, whose
            parameters are not counted.

    Raises:
        TypeError: it is asynchronous or a generator, or does not take a task and a client.
    """
    is_partial = False
    while isinstance(function, partial):
        function, is_partial = function.func, True
    if isinstance(function, type):  # what it makes cannot be known
        return
    if not hasattr(function, "__code__"):
        function = getattr(function, "__call__", None)  # noqa: B004 - its code is looked at
    code = getattr(function, "__code__", None)
    if code is None:
        return
    name = getattr(function, "__qualname__", "the handler")
    problem = (
        _problem_of_kind(code, name)
        if is_partial
        else problem_of(
            code,
            name,
            OF_A_TASK,
            bound=1 if getattr(function, "__self__", None) is not None else 0,
            defaults=len(function.__defaults__ or ()),
            named_defaults=function.__kwdefaults__ or {},
        )
    )
    if problem:
        raise TypeError(problem)


def problem_of(
    code: CodeType, name: str, call: Call, *, bound: int = 0, defaults: int = 0, named_defaults: Collection[str] = ()
) -> str | None:
    """Return why a function cannot be a handler; None when it can.

    Args:
        code: the function's own.
        name: what to call it.
        call: what it is called with.
        bound: how many of its first parameters have a value: 1 for a method.
        defaults: how many of its last parameters have one.
        named_defaults: which of its keyword-only parameters have one.
    """
    if problem := _problem_of_kind(code, name):
        return problem
    most = code.co_argcount - bound
    by_name = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    takes_both = most - defaults <= _GIVEN and (most >= _GIVEN or code.co_flags & _VARARGS)
    if takes_both and all(each in named_defaults for each in by_name):
        return None
    takes = ", ".join(code.co_varnames[bound : code.co_argcount] + by_name)
    return f"{name}({takes}) is called with {call.words}: write `def {_word(code.co_name)}({call.parameters})`"


def _problem_of_kind(code: CodeType, name: str) -> str | None:
    if code.co_flags & (_COROUTINE | _ASYNC_GENERATOR):
        return (
            f"{name} is asynchronous, but Lambda calls plain functions: write `def`, not `async def`; "
            "use exh.fan_out for concurrent calls, and asyncio.run for your own coroutines"
        )
    if code.co_flags & _GENERATOR:
        return f"{name} is a generator, and Lambda takes one result: return a list instead of yielding"
    return None


def _word(name: str) -> str:
    return name if name.isidentifier() else "handler"  # a lambda has no name


def check_result(result: Any) -> None:
    """Refuse a result that cannot be JSON, by the place of what cannot.

    Raises:
        TypeError: something in it has a type that JSON does not have.
        ValueError: a number in it is not finite, a string has half of a surrogate pair, or it contains itself.
    """
    failure: Exception | None = None
    try:
        # As Lambda's runtime writes it from Python 3.12 on: over a string that is not Unicode its process ends.
        json.dumps(result, allow_nan=False, ensure_ascii=False, default=_decimal).encode()
    except RecursionError:
        raise ValueError("result is nested too deeply for JSON, or contains itself") from None
    except (TypeError, ValueError) as error:
        failure = error
    if failure is not None:  # outside the block, because the error may contain the entire result
        _refuse(result, "result", ())
        raise failure


def _decimal(value: object) -> float:
    from decimal import Decimal  # here and below: it is not loaded for results that have none

    if isinstance(value, Decimal):  # Lambda's runtime writes it as a number
        return float(value)
    raise TypeError


def _member(name: object) -> str:
    # A key that is no name may be personal data, such as an e-mail address, and the message ends in logs.
    is_name = isinstance(name, str) and name.replace("-", "_").isidentifier()
    return f"[{name!r}]" if is_name else "[a key]"


def _refuse(value: Any, path: str, above: tuple[int, ...]) -> None:
    if id(value) in above:
        raise ValueError(f"{path} contains itself, which JSON cannot express")
    if isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(name, str | int | float | bool | None):
                raise TypeError(f"{path} has a {type(name).__name__} as a key, and keys of JSON are strings")
            _refuse_half_pair(str(name), f"a key of {path}")
            _refuse(each, f"{path}{_member(name)}", (*above, id(value)))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _refuse(each, f"{path}[{index}]", (*above, id(value)))
    elif isinstance(value, str):
        _refuse_half_pair(value, path)
    else:
        _refuse_no_json(value, path)


def _refuse_no_json(value: Any, path: str) -> None:
    from decimal import Decimal
    from math import isfinite

    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{path} is {value}, which is not a JSON number")
    if not isinstance(value, int | float | bool | Decimal | None):
        kind = type(value).__name__
        hint = {"datetime": "isoformat()", "date": "isoformat()", "set": "sorted(...)", "UUID": "str(...)"}.get(kind)
        raise TypeError(f"{path} is a {kind}, which JSON has no type for" + (f": return {hint} of it" if hint else ""))


def _refuse_half_pair(text: str, path: str) -> None:
    if has_half(text):
        at = next(index for index, each in enumerate(text) if has_half(each))
        half = f"\\u{ord(text[at]):04x}"
        raise ValueError(
            f"{path} has half of a surrogate pair ({half}) at index {at}, which UTF-8 cannot hold: return "
            'text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")'
        )
