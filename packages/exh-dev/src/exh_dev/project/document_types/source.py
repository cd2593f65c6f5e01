"""Named types as Python.

No formatter or linter has a say in the file, whose words are those of the schemas: with ruff's format, `--check` would
depend on the version of ruff, and running would need its 24 MB.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from textwrap import wrap
from typing import TYPE_CHECKING

from exh_dev.project.document_types.model import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exh_dev.project.document_types.model import Dictionary, Member

WIDTH = 120  # characters of a line
HEADER = '"""The data of this project\'s documents, as types. Made by `exh-dev types` from schemas/: do not edit it.'
_REST = '''

For type checkers alone: import it under `if TYPE_CHECKING:`. A member that is not Required may be missing, in some
status of the document; an update, or a query that selects members, can leave out any. The names of a schema's
statuses, and of the transitions that are made by hand, are types too.
"""
# fmt: off
# ruff: noqa
'''
_INDENT = " " * 4
_IDENTIFIER = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")  # two underscores would be mangled


def module_of(types: Sequence[Dictionary | Choice]) -> str:
    """Return the module that defines these types, in this order."""
    body = "".join("\n" + "".join(f"{line}\n" for line in _lines(each)) for each in types)
    used = sorted(name for name in ("Any", "Literal", "Required", "TypedDict") if re.search(rf"\b{name}\b", body))
    imports = f"\nfrom typing import {', '.join(used)}\n" if used else ""
    return f"{HEADER}{_REST}{imports}{body}"


def _lines(each: Dictionary | Choice) -> Iterator[str]:
    if isinstance(each, Choice):
        return _choice(each)
    return _functional(each) if _is_functional(each) else _class(each)


def _choice(choice: Choice) -> Iterator[str]:
    values = [repr(each) for each in choice.values]
    line = f"{choice.name} = Literal[{', '.join(values)}]"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{choice.name} = Literal["
    yield from (f"{_INDENT}{each}," for each in values)
    yield "]"


def _is_functional(dictionary: Dictionary) -> bool:
    """Return whether a member has a name that no attribute can have."""
    return any(not _IDENTIFIER.fullmatch(each.name) or iskeyword(each.name) for each in dictionary.members)


def _is_total(dictionary: Dictionary) -> bool:
    return all(member.required for member in dictionary.members)


def _class(dictionary: Dictionary) -> Iterator[str]:
    total = _is_total(dictionary)
    yield f"class {dictionary.name}(TypedDict{'' if total else ', total=False'}):"
    described = list(_docstring(dictionary.remarks))
    yield from described
    if described and dictionary.members:
        yield ""
    for member in dictionary.members:
        yield from _comments(member.remarks, _INDENT)
        yield f"{_INDENT}{member.name}: {_type(member, total=total)}"
    if not described and not dictionary.members:
        yield f"{_INDENT}pass"


def _functional(dictionary: Dictionary) -> Iterator[str]:
    total = _is_total(dictionary)
    yield from _comments(dictionary.remarks)
    yield f"{dictionary.name} = TypedDict({dictionary.name!r}, {{"
    for member in dictionary.members:
        yield from _comments(member.remarks, _INDENT)
        yield f"{_INDENT}{member.name!r}: {_type(member, total=total)},"
    yield f"}}{'' if total else ', total=False'})"


def _type(member: Member, *, total: bool) -> str:
    return f"Required[{member.type}]" if member.required and not total else member.type


def _docstring(remarks: Sequence[str]) -> Iterator[str]:
    texts = [text.replace("\\", "\\\\").replace('"', "'") for text in map(_plain, remarks) if text]
    if not texts:
        return
    docstring = ". ".join(text.rstrip(".") for text in texts) + "."
    if len(docstring) + 10 <= WIDTH:
        yield f'{_INDENT}"""{docstring}"""'
        return
    first, *rest = wrap(docstring, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
    yield f'{_INDENT}"""{first}'
    yield from (f"{_INDENT}{line}" for line in rest)
    yield f'{_INDENT}"""'


def _comments(remarks: Sequence[str], indent: str = "") -> Iterator[str]:
    # `#:` marks a comment on the next item, and unlike `# type:` no tool reads it as a directive.
    text = "; ".join(each.rstrip(".") for each in map(_plain, remarks) if each)
    for line in wrap(text, WIDTH - len(indent) - 3, break_long_words=False, break_on_hyphens=False):
        yield f"{indent}#: {line}"


def _plain(text: str) -> str:
    """Return a string on one line, with only characters that a file can contain."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
