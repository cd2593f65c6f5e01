"""Edit `template.yaml` as text, so that comments and all other bytes stay unchanged.

with_resource()       the text with one more resource
with_entry()          the text with one more parameter, condition or output
entries_for()         the text of a resource and of its dependencies
without_functions()   the text without some functions and their own parts, and what was removed

The YAML parser supplies the positions, and the result is parsed again and compared with the original.

By hand, because no library writes YAML back as it was: of 36 SAM templates by AWS, the round trip of ruamel.yaml, with
the best of four indentations, leaves 2 alone, and changes up to 43 lines of the others. It moves values that begin on a
line of their own, aligns lists and comments, and takes spaces at the ends of lines away. Here all 36 stay.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml.nodes import MappingNode, ScalarNode

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import FUNCTION, read_template
from exh_dev.project.template_parts import Part, Parts, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from yaml.nodes import Node


class Cut(NamedTuple):
    """A template without some of its parts: the text that is left, and each run of lines that was removed."""

    text: str
    removed: list[str]


_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029]|\Z)")  # what YAML takes for one


def with_resource(path: Path, resource: str) -> str:
    """Return the template with a resource before the first one that is no function, or after the last one.

    Args:
        path: the template.
        resource: YAML of one resource, its key at the margin.

    Raises:
        UsageError: the file cannot be read, or its resources are written in a way that has no place for lines.
    """
    return _with_entry(path, "Resources", resource)


def with_entry(path: Path, section: str, entry: str) -> str:
    """Return the template with an entry appended to a section, which is created above `Resources` if missing.

    Args:
        path: the template.
        section: `Parameters`, `Conditions`, `Mappings` or `Outputs`.
        entry: its YAML, without indentation.

    Raises:
        UsageError: the file cannot be read, or the section is not in block style.
    """
    text, sections = _read(path)
    if section in sections:
        return _with_entry(path, section, entry)
    lines = _lines(text)
    at = _begin(lines, sections["Resources"][0])
    indented = "".join(f"  {line}\n" if line.strip() else "\n" for line in entry.splitlines())
    added = f"{section}:\n{indented}\n"
    changed = "".join([*lines[:at], added.replace("\n", _newline(text)), *lines[at:]])
    _check(path, changed, sections, lost={})
    return changed


def entries_for(path: Path, logical_id: str) -> dict[tuple[str, str], str]:
    """Return the YAML of a resource and its dependencies, by section and name, without indentation.

    Parts that refer only to those are included, such as a queue's policy or a state machine that runs the function, and
    so are alarms with their topic. Other functions never are.

    Raises:
        UsageError: the file cannot be read.
    """
    text, sections = _read(path)
    lines = _lines(text)
    parts = parts_of(text, sections)
    taken = parts.belonging_to({logical_id})
    found = {}
    for section, name in (each for each in parts.keys if each in taken):
        key = parts.keys[section, name]
        own_lines = lines[_begin(lines, key) : _end_of_entry(lines, sections, section, name)]
        column = key.start_mark.column
        found[section, name] = "".join(line[min(column, _indent(line)) :] for line in own_lines)
    return found


def _end_of_entry(lines: list[str], sections: Sections, section: str, name: str) -> int:
    """Return the line after an entry's last one."""
    section_key, node = sections[section]
    keys = [key for key, _ in node.value]
    later = [_begin(lines, key) for key in keys[[key.value for key in keys].index(name) + 1 :]]
    return _end(lines, later[0] if later else _next_section(sections, section_key, lines), keys[0].start_mark.column)


def _with_entry(path: Path, section: str, resource: str) -> str:
    text, sections = _read(path)
    lines = _lines(text)
    key, resources = sections[section]
    newline = _newline(text)
    if isinstance(resources, MappingNode) and resources.value:
        if resources.flow_style:
            raise _unsuitable(path)
        column = resources.value[0][0].start_mark.column
        following = _next_section(sections, key, lines)
        if section == "Resources":
            at, before, after = _place(lines, resources, column, following)
        else:
            at, before, after = _end(lines, following, column), False, False
    else:
        line = key.start_mark.line
        if resources.end_mark.line != resources.start_mark.line:
            raise _unsuitable(path)
        if resources.end_mark.column > resources.start_mark.column:  # {}, null
            head, rest = lines[line][: resources.start_mark.column], lines[line][resources.end_mark.column :]
            lines[line] = head.rstrip() + (f" {rest.lstrip()}" if rest.strip() else rest.lstrip(" "))
        column, at, before, after = key.start_mark.column + 2, line + 1, False, False
        after = at < len(lines) and bool(lines[at].strip())
    added = [f"{' ' * column}{line}" if line.strip() else line for line in resource.splitlines()]
    added = [*([""] if before else []), *added, *([""] if after else [])]
    if lines[at - 1][-1:] not in {"\n", "\r"}:
        lines[at - 1] += newline
    changed = "".join([*lines[:at], *(f"{line}{newline}" for line in added), *lines[at:]])
    _check(path, changed, sections, lost={})
    return changed


def without_functions(
    path: Path,
    logical_ids: Collection[str],
    ours: Callable[[Parts], AbstractSet[Part]] = lambda parts: set(),  # noqa: ARG005 - no part is ours
) -> Cut:
    """Return the template without these functions, their outputs and their parts.

    Args:
        path: the template.
        logical_ids: the functions' logical ids.
        ours: returns the parts added with them. Of the others, only unused parameters and conditions are removed.

    Raises:
        UsageError: the file cannot be read, is not in block style, or has a part that these functions share with
            others, such as a dashboard.
    """
    text, sections = _read(path)
    parts = parts_of(text, sections)
    lost: dict[str, set[str]] = {}
    for section, name in parts.going_with(path, set(logical_ids), ours(parts)):
        lost.setdefault(section, set()).add(name)
    lines = _lines(text)
    gone: set[int] = set()
    for name, keys in lost.items():
        key, node = sections[name]
        if not isinstance(node, MappingNode) or node.flow_style:
            raise _unsuitable(path)
        end = _end(lines, _next_section(sections, key, lines), node.value[0][0].start_mark.column)
        if len(keys) == len(node.value):
            gone |= set(range(_begin(lines, key), end))
            gone |= _blanks_before(lines, _begin(lines, key))
            while not _begin(lines, key) and end < len(lines) and not lines[end].strip():
                gone.add(end)
                end += 1
            continue
        begins = [_begin(lines, each) for each, _ in node.value]
        for index, (each, _) in enumerate(node.value):
            if each.value in keys:
                last = index + 1 == len(begins)
                gone |= set(range(begins[index], end if last else begins[index + 1]))
                if last or all(later.value in keys for later, _ in node.value[index:]):
                    gone |= _blanks_before(lines, begins[index])
    changed = "".join(line for number, line in enumerate(lines) if number not in gone)
    _check(path, changed, sections, lost=lost)
    first = [number for number in sorted(gone) if number - 1 not in gone]
    return Cut(changed, ["".join(_run(lines, gone, number)) for number in first])


def _run(lines: list[str], gone: AbstractSet[int], number: int) -> Iterator[str]:
    while number in gone:
        yield lines[number]
        number += 1


def with_other_name(path: Path, old: str, new: str, entry: Callable[[str], str]) -> str:
    """Return the template with a function's logical id replaced, in its key and in all references.

    Outputs and resources of this function that are named after it, such as `NAMEArn` or `NAMESchedulerRole`, are
    renamed too.

    Args:
        path: the template.
        old: the logical id.
        new: the new one.
        entry: edits the text of the function's own entry.

    Raises:
        UsageError: the file cannot be read, or already uses one of the new names.
    """
    text, sections = _read(path)
    parts = parts_of(text, sections)
    function = ("Resources", old)
    renamed = {
        part: new + part[1].removeprefix(old)
        for part in parts.keys
        if part == function or (part[0] in ("Resources", "Outputs") and parts.is_called_after(part, old))
    }
    for (section, name), other in renamed.items():
        if (section, other) in parts.keys:
            line = parts.keys[section, other].start_mark.line + 1
            raise UsageError(
                f"{path}:{line}: {other} is there already, which {name} would be called; choose another name"
            )
    changes = [(parts.keys[part].start_mark.index, part[1], other) for part, other in renamed.items()]
    for references in parts.references.values():
        for each in references:
            part = ("Resources", each.name)
            if each.kind == "resource" and part in renamed:
                changes.append((each.start, each.name, renamed[part]))
    node = next(value for key, value in sections["Resources"][1].value if key.value == old)
    begin, end = node.start_mark.index, node.end_mark.index
    inner = [(start - begin, before, after) for start, before, after in changes if begin <= start < end]
    outer = [each for each in changes if not begin <= each[0] < end]
    own = entry(_changed(text[begin:end], inner))
    after = _changed(text[end:], [(start - end, *names) for start, *names in outer if start >= end])
    return _changed(text[:begin], [each for each in outer if each[0] < begin]) + own + after


def _newline(text: str) -> str:
    """Return the most frequent line ending of a text."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def _changed(text: str, changes: Iterable[tuple[int, str, str]]) -> str:
    """Return a text with names replaced at the given offsets."""
    for start, before, after in sorted(set(changes), reverse=True):
        begin = text.index(before, start)
        text = text[:begin] + after + text[begin + len(before) :]
    return text


def parts_of(text: str, sections: Sections) -> Parts:
    """Return the parts of a template that was read."""
    return Parts({name: node for name, (_, node) in sections.items()}, text)


Sections = dict[str, "tuple[ScalarNode, Node]"]


def _read(path: Path) -> tuple[str, Sections]:
    template = read_template(path)
    if _is_filled(template.find("Resources")):
        template.root.required("Resources")
    try:
        text = path.read_bytes().decode()
    except UnicodeError:
        raise UsageError(f"{path} is not UTF-8") from None
    node = yaml.compose(text, _Loader)
    if not isinstance(node, MappingNode) or node.flow_style:
        raise _unsuitable(path)
    sections = {key.value: (key, value) for key, value in node.value}
    if "Resources" not in sections:
        raise UsageError(f"{path} has no Resources")
    return text, sections


def _is_filled(node: Node | None) -> bool:
    return not (node is None or (isinstance(node, MappingNode) and not node.value) or _is_null(node))


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


#: Python's own, whose positions count characters; files of this kind are small.
_Loader = yaml.SafeLoader


def _lines(text: str) -> list[str]:
    return [line for line in _LINE.findall(text) if line]


def _place(lines: list[str], resources: MappingNode, column: int, following: int) -> tuple[int, bool, bool]:
    """Return the line to insert at, and whether to add a blank line before and after."""
    for key, value in resources.value:
        if type_of(value) != FUNCTION:
            at = _begin(lines, key)
            above = at - 1 > resources.value[0][0].start_mark.line and bool(lines[at - 1].strip())
            return at, above, True
    at = _end(lines, following, column)
    return at, True, at < len(lines) and bool(lines[at].strip())


def _begin(lines: list[str], key: Node) -> int:
    """Return the first line of an entry, including the comments directly above its key."""
    begin, column = key.start_mark.line, key.start_mark.column
    while begin and lines[begin - 1].lstrip().startswith("#") and _indent(lines[begin - 1]) <= column:
        begin -= 1
    return begin


def _end(lines: list[str], following: int, column: int) -> int:
    """Return the line after a section; blank lines and less indented comments belong to the next one."""
    end = following
    while not lines[end - 1].strip() or (
        _indent(lines[end - 1]) < column and lines[end - 1].lstrip().startswith(("#", "---", "..."))
    ):
        end -= 1
    return end


def _next_section(sections: Mapping[str, tuple[ScalarNode, Node]], key: Node, lines: list[str]) -> int:
    later = [each.start_mark.line for each, _ in sections.values() if each.start_mark.line > key.start_mark.line]
    return min(later, default=len(lines))


def _blanks_before(lines: list[str], begin: int) -> set[int]:
    blanks = set()
    while begin and not lines[begin - 1].strip():
        begin -= 1
        blanks.add(begin)
    return blanks


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _check(path: Path, changed: str, sections: Sections, *, lost: Mapping[str, Collection[str]]) -> None:
    """Check that the remaining parts are unchanged.

    Raises:
        UsageError: they are not.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(changed.encode())
        try:
            after = _read(copy)[1]
        except UsageError as error:
            raise _unsuitable(path) from error
    for name, (_, node) in sections.items():
        if not isinstance(node, MappingNode):
            continue
        known = {key.value: value for key, value in after[name][1].value} if name in after else {}
        for key, value in node.value:
            stays = key.value not in lost.get(name, ())
            if stays != (key.value in known) or (stays and yaml.serialize(value) != yaml.serialize(known[key.value])):
                raise _unsuitable(path)


def _unsuitable(path: Path) -> UsageError:
    return UsageError(
        f"{path}: its resources are written in a way that cannot be changed line by line; "
        "write each as a block of its own, as in `Resources:`, then `  Name:`, then its members"
    )
