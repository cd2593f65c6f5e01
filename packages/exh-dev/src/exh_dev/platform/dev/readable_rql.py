"""RQL as people read it: operators, fields and values, decoded; without the values of secrets."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from exh_dev.platform.storage.rql import RqlError, Term, Word, parse
from extrahorizon.redaction import REDACTED, is_secret_name

if TYPE_CHECKING:
    from exh_dev.platform.storage.rql import Argument

_SIGNS = {"eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_OF_FIELDS = ("select", "sort", "contains_fields")
_OF_VALUES = ("limit",)


def readable(query: str) -> dict[str, Any] | None:
    """Describe a query: `text`, on one line, and `terms`, each with its `operator` and either `terms` inside
    it, or its `field` (or `fields`) and its `value` (or `values`). None for invalid RQL and for an empty query.

    Args:
        query: the raw query string.
    """
    try:
        found = parse(query)
    except RqlError:
        return None
    terms = [_described(each) for each in found.arguments]
    if not terms or any("operator" not in each for each in terms):
        return None
    return {"text": "; ".join(map(_text, terms)), "terms": terms}


def has_secret(query: dict[str, Any]) -> bool:
    """Return whether `readable` has left a value out."""
    return any(
        has_secret(each) if "terms" in each else REDACTED in (each.get("value"), *each.get("values", ()))
        for each in query["terms"]
    )


def _described(argument: Argument) -> dict[str, Any]:
    if not isinstance(argument, Term):
        return {}
    operator, arguments = argument.operator, argument.arguments
    if operator in {"and", "or", "not"} or any(isinstance(each, Term) for each in arguments):
        inside = [_described(each) for each in arguments if isinstance(each, Term)]
        names = [_plain(each) for each in arguments if not isinstance(each, Term)]
        return {"operator": operator, **({"field": names[0]} if names else {}), "terms": inside}
    if operator in _OF_FIELDS:
        return {"operator": operator, "fields": [_plain(each) for each in arguments]}
    if operator in _OF_VALUES or not arguments:
        return {"operator": operator, "values": [_plain(each) for each in arguments]}
    name, values = _plain(arguments[0]), arguments[1:]
    is_secret = isinstance(name, str) and any(is_secret_name(part) for part in name.split("."))
    shown = [REDACTED if is_secret else _plain(each) for each in values]
    return {"operator": operator, "field": name, **({"value": shown[0]} if len(shown) == 1 else {"values": shown})}


def _plain(argument: Argument) -> Any:
    if isinstance(argument, tuple):
        return [_plain(each) for each in argument]
    if isinstance(argument, Word):
        number = argument.number()
        return argument.text if number is None or not math.isfinite(number) else number  # JSON has no infinity
    return _text(_described(argument))


def _text(term: dict[str, Any]) -> str:
    operator = term.get("operator", "")
    if "terms" in term:
        inside = [_text(each) for each in term["terms"]]
        if operator in {"and", "or"}:
            return f"({f' {operator} '.join(inside)})"
        return f"{operator}({', '.join([*([term['field']] if 'field' in term else []), *inside])})"
    if "fields" in term:
        return f"{operator} {', '.join(map(str, term['fields']))}"
    if "field" not in term:
        return " ".join([operator, *(json.dumps(each, ensure_ascii=False) for each in term["values"])])
    values = [term["value"]] if "value" in term else term["values"]
    shown = ", ".join(json.dumps(each, ensure_ascii=False) for each in values)
    return f"{term['field']} {_SIGNS.get(operator, operator)} {shown}".rstrip()
