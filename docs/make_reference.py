"""Writes `docs/reference/`: a page for each service of the client, from its docstrings and types; and `parity.md`."""

from __future__ import annotations

import inspect
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import make_parity
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.permissions import GlobalPermissionName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extrahorizon.resource import Resource

FOLDER = Path(__file__).parent / "reference"
_SECTIONS = {"Args:": "Arguments", "Returns:": "Returns", "Raises:": "Raises", "Attributes:": "Attributes"}
_MADE = "<!-- Made by `make reference` from the docstrings of the client: change those. -->"


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    exh = ExtraHorizon(Credentials("https://api.example.invalid", "key", "secret", "token", "secret"))
    services = {
        name: getattr(exh, name)
        for name, member in sorted(vars(ExtraHorizon).items())
        if isinstance(member, cached_property)
    }
    found = {f"{name.replace('_', '-')}.md": "\n".join(_page(name, service)) for name, service in services.items()}
    count = sum(text.count("\n### ") for text in found.values())
    rows = [
        f"| [`exh.{name}`]({name.replace('_', '-')}.md) | {_first_line(vars(ExtraHorizon)[name].func)} |"
        for name in services
    ]
    head = [
        "# Reference of the client",
        "",
        _MADE,
        "",
        f"All {count} methods. [The client](../client.md) says what they have in common, [Errors](../errors.md) what",
        "each error means.",
        "",
        "| service | |",
        "| --- | --- |",
    ]
    parity = ["", "[The JavaScript SDK, method by method](parity.md) names each of its methods with what it is here."]
    return {"README.md": "\n".join([*head, *rows, *parity]) + "\n", "parity.md": make_parity.page(), **found}


def _page(name: str, service: Resource) -> Iterator[str]:
    yield from (f"# `exh.{name}`", "", _MADE, "")
    module = inspect.getmodule(type(service))
    yield from (inspect.getdoc(module) or "", "")
    for path, group in _groups(f"exh.{name}", service):
        if path != f"exh.{name}":
            yield from (f"## `{path}`", "")
        text = inspect.getdoc(type(group)) or ""
        yield from _described(re.sub(rf"^`{re.escape(path)}`\.\s*", "", text))
        for method in sorted(_methods(group)):
            yield from _method(path, method, getattr(type(group), method), type(group))


def _groups(path: str, group: Resource) -> Iterator[tuple[str, Resource]]:
    yield path, group
    for name in sorted(dir(type(group))):
        if isinstance(inspect.getattr_static(type(group), name), cached_property):
            yield from _groups(f"{path}.{name}", getattr(group, name))


def _methods(group: Resource) -> list[str]:
    names = [name for name in dir(type(group)) if not name.startswith("_")]
    return [name for name in names if inspect.isfunction(inspect.getattr_static(type(group), name))]


def _method(path: str, name: str, function: Any, owner: type) -> Iterator[str]:
    signature = inspect.signature(function)
    shown = [str(each) for each in list(signature.parameters.values())[1:]]
    shown = [re.sub(r"\*\*(\w+): 'Unpack\[(\w+)\]'", r"**\1: \2", each).replace("'", "") for each in shown]
    keywords = [each.kind is each.KEYWORD_ONLY for each in list(signature.parameters.values())[1:]]
    if True in keywords:
        shown.insert(keywords.index(True), "*")
    answer = str(signature.return_annotation).strip("'").replace("Item", _item(owner))
    call = f"{path}.{name}({', '.join(shown)}) -> {answer}"
    yield from (f"### `{path}.{name}`", "", "```python", call, "```", "")
    yield from _described(inspect.getdoc(function) or "")
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            yield from _members(owner, parameter)


def _item(owner: type) -> str:
    """Return the name of the records of a collection, `WithId["Task"]`."""
    for base in getattr(owner, "__orig_bases__", ()):
        for each in getattr(base, "__args__", ()):
            return str(getattr(each, "__forward_arg__", each))
    return "Item"


def _members(owner: type, parameter: inspect.Parameter) -> Iterator[str]:
    kind = make_parity.body_type(owner, parameter)
    yield from (f"Members of `{kind.__name__}`:", "", "| member | type | |", "| --- | --- | --- |")
    for member, hint in get_type_hints(kind).items():
        required = "required" if member in kind.__required_keys__ else ""
        yield f"| `{member}` | `{_shown(hint)}` | {required} |"
    yield ""


def _shown(hint: Any) -> str:
    text = hint.__name__ if isinstance(hint, type) and not getattr(hint, "__args__", None) else str(hint)
    text = text.replace(str(GlobalPermissionName), "GlobalPermissionName")
    text = re.sub(r"typing\.Union\[(\w+), str\]", r"\1 | str", text)  # as Python before 3.14 writes it
    text = re.sub(r"[\w.]+\.(\w+)", r"\1", text).replace("NoneType", "None")
    return text.replace("|", "\\|")


def _described(text: str) -> Iterator[str]:
    """Yield a docstring as Markdown: its sections as lists."""
    item = ""
    within = False
    for line in text.splitlines():
        if line in _SECTIONS:
            yield from ([item, ""] if item else [])
            item, within = "", True
            yield from (f"{_SECTIONS[line]}:", "")
        elif within and re.match(r" {4}\S", line):
            yield from ([item] if item else [])
            item = re.sub(r"^(\w+): ", r"- `\1`: ", line.strip())
            item = item if item.startswith("- ") else f"- {item}"
        elif within and line.strip():
            item = f"{item} {line.strip()}"
        else:
            yield from ([item] if item else [])
            item, within = "", False
            yield line
    yield from ([item] if item else [])
    yield ""


def _first_line(function: Any) -> str:
    return (inspect.getdoc(function) or "").splitlines()[0]


def write() -> None:
    """Write every page, and remove those of services that are gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
    sys.stdout.write(f"{len(list(FOLDER.glob('*.md')))} pages in {FOLDER}\n")
