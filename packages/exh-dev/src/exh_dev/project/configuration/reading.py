"""Read JSON files and collect all their problems with locations in one pass.

node = read_json(path, problems)
members = node.members(required=("name",), optional=("description",))
name = members["name"].text(pattern=NAME)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev import strict_json
from exh_dev.json_pointer import step
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """A value that the platform or the official CLI would reject.

    Attributes:
        file: the file.
        pointer: location in the file, as a JSON pointer; empty for the entire file.
        rule: the problem and the expected value.
        line: line, counted from 1, if there is no pointer.
        column: as line.
    """

    file: Path
    pointer: str
    rule: str
    line: int | None = None
    column: int | None = None

    def as_json(self, root: Path) -> dict[str, str]:
        """Return the problem as JSON output, with the path relative to `root`."""
        file = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        return {"file": str(file), "pointer": self.pointer, "rule": self.rule}


class Node:
    """A value in a file, with its place."""

    def __init__(self, value: Any, file: Path, pointer: str, problems: list[Problem]) -> None:
        self.value, self.file, self.pointer = value, file, pointer
        self._problems = problems

    def problem(self, rule: str) -> None:
        """Say that a rule is broken here."""
        self._problems.append(Problem(self.file, self.pointer, rule))

    def child(self, name: str | int) -> Node:
        """Return a member, or an item."""
        return Node(self.value[name], self.file, f"{self.pointer}/{step(name)}", self._problems)

    def members(self, *, required: Collection[str] = (), optional: Collection[str] | None = ()) -> dict[str, Node]:
        """Return the members of an object: the required ones that exist, and optional ones (any, if None)."""
        if not isinstance(self.value, dict):
            self.problem(f"expected an object, not {_kind(self.value)}")
            return {}
        missing = [name for name in required if name not in self.value]
        if missing:
            self.problem(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        known = {*required, *(optional or ())}
        found = {}
        for name in self.value:
            if optional is not None and name not in known:
                meant = did_you_mean(name, known)
                self.child(name).problem(f"{name} is not known here{meant}; known are {', '.join(sorted(known))}")
            else:
                found[name] = self.child(name)
        return found

    def entries(self, *, pattern: re.Pattern[str] | None = None, of: str = "name") -> dict[str, Node]:
        """Return the members of an object whose names are its author's."""
        members = self.members(optional=None)
        if pattern is not None:
            for name, node in members.items():
                if not pattern.fullmatch(name):
                    node.problem(f"a {of} matches {pattern.pattern}")
        return members

    def items(self, *, least: int = 0) -> Iterator[Node]:
        """Yield the items of a list."""
        if not isinstance(self.value, list):
            self.problem(f"expected a list, not {_kind(self.value)}")
            return
        if len(self.value) < least:
            self.problem(f"expected {least} item{'s' * (least != 1)} at least")
        yield from (self.child(index) for index in range(len(self.value)))

    def text(self, *, pattern: re.Pattern[str] | None = None, least: int = 0, most: int | None = None) -> str | None:
        """Return a string; None, with a problem recorded, for any other value."""
        if not isinstance(self.value, str):
            self.problem(f"expected a string, not {_kind(self.value)}")
            return None
        if pattern is not None and not pattern.fullmatch(self.value):
            self.problem(f"expected a string that matches {pattern.pattern}")
        elif not least <= len(self.value) <= (len(self.value) if most is None else most):
            self.problem(f"expected {least} to {most} characters" if most else f"expected {least} characters at least")
        return self.value

    def texts(self) -> list[str]:
        return [text for item in self.items() if (text := item.text()) is not None]

    def one_of(self, values: Collection[str]) -> str | None:
        """Return a string that is one of `values`."""
        if not isinstance(self.value, str) or self.value not in values:
            meant = did_you_mean(self.value, values) if isinstance(self.value, str) else ""
            self.problem(f"expected {' or '.join(sorted(values))}{meant}")
            return None
        return self.value

    def integer(self, *, least: int | None = None) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.problem(f"expected an integer, not {_kind(self.value)}")
        elif least is not None and self.value < least:
            self.problem(f"expected {least} or more")

    def number(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.problem(f"expected a number, not {_kind(self.value)}")

    def flag(self) -> None:
        if not isinstance(self.value, bool):
            self.problem(f"expected true or false, not {_kind(self.value)}")


def read_json(file: Path, problems: list[Problem]) -> Node | None:
    """Return what a file holds; None, once that is said, where it cannot be read."""
    text = read_text(file, problems)
    if text is None:
        return None
    try:
        return Node(strict_json.loads(text), file, "", problems)
    except json.JSONDecodeError as error:
        problems.append(Problem(file, "", f"not JSON: {error.msg}", error.lineno, error.colno))
    except (ValueError, RecursionError) as error:
        problems.append(Problem(file, "", f"not JSON: {error}"))
    return None


def read_text(file: Path, problems: list[Problem]) -> str | None:
    """Return the text of a file; None, with a problem recorded, if it cannot be read."""
    try:
        if file.exists() and not file.is_file():  # a named pipe would be waited for, without end
            problems.append(Problem(file, "", "not a regular file"))
            return None
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problems.append(Problem(file, "", "not UTF-8"))
    except OSError as error:
        problems.append(Problem(file, "", f"cannot be read: {error.strerror}"))
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names[type(value)]
