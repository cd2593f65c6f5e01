"""Something that is wrong with a project's files, or worth knowing about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from exh_dev.errors import DevkitError, ManifestError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Severity = Literal["error", "warning", "info"]
_PLACED = re.compile(r"(?P<file>[^\n:]+?)(:(?P<line>\d+))?(:(?P<column>\d+))?: (?P<message>.*)", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        severity: `error` fails a command or a run, `warning` is probably a mistake, `info` is for information.
        file: path relative to the project.
        message: the problem and the expected value.
        line: line in the file, from 1; None for the entire file.
        column: column in the line, from 1.
        pointer: location in a JSON file, as a JSON pointer.
        hint: the remedy, if the message does not contain it.
        functions: the names of the functions that it concerns; none for the project.
        keeps_from_loading: whether these functions fail to load.
        exit_code: exit code of a command that stops on this finding.
    """

    severity: Severity
    file: str
    message: str
    line: int | None = None
    column: int | None = None
    pointer: str = ""
    hint: str = ""
    functions: tuple[str, ...] = ()
    keeps_from_loading: bool = False
    exit_code: int = DevkitError.exit_code

    @property
    def place(self) -> str:
        """`file:line:column`, which editors and terminals open; shorter where less is known."""
        return ":".join([self.file, *(str(each) for each in (self.line, self.column) if each is not None)])

    @property
    def text(self) -> str:
        """The pointer, the message and the hint, on one line."""
        pointer = f"{self.pointer} " if self.pointer else ""
        return " ".join(f"{pointer}{self.message}{f'; {self.hint}' if self.hint else ''}".split())

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as the JSON output of `exh-dev check`."""
        return {
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "pointer": self.pointer,
            "message": self.message,
            "hint": self.hint,
            "functions": list(self.functions),
        }

    def as_problem(self) -> dict[str, Any]:
        """Return the finding as the control center's JSON."""
        return {"file": self.file, "line": self.line, "message": self.text, "functions": list(self.functions)}


def relative(path: Path, root: Path) -> str:
    """Return a path as it is called from the project's folder."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def finding_of(error: DevkitError, root: Path, *, file: str, functions: tuple[str, ...] = ()) -> Finding:
    """Convert an error into a finding.

    Args:
        error: the error. Without a location of its own, its message begins with one, as in `requirements.txt:3: ...`.
        root: the project's folder.
        file: location if the error has none.
        functions: the names of the functions that it concerns.
    """
    finding = Finding("error", file, "", functions=functions, exit_code=error.exit_code)
    if isinstance(error, ManifestError | SourceError):
        path = error.path if error.path.is_absolute() else root / error.path
        return replace(finding, file=relative(path, root), message=error.reason, line=error.line)
    found = _PLACED.fullmatch(str(error))
    path = root / found["file"] if found else root
    if not found or not (path.exists() or found["line"]) or not path.is_relative_to(root):
        return replace(finding, message=str(error).replace(f"{root}/", ""))
    line, column = (int(found[name]) if found[name] else None for name in ("line", "column"))
    message = found["message"].replace(f"{root}/", "")
    return replace(finding, file=relative(path, root), message=message, line=line, column=column)


def merged(one: Finding, other: Finding) -> Finding:
    """Return the same finding about the functions of both."""
    functions = tuple(dict.fromkeys((*one.functions, *other.functions)))
    loading = one.keeps_from_loading or other.keeps_from_loading
    return replace(one, functions=functions, keeps_from_loading=loading)


_ORDER = {"error": 0, "warning": 1, "info": 2}


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Return findings, errors first and otherwise in their order, those that say the same of several functions once."""
    known: dict[tuple[object, ...], Finding] = {}
    for each in found:
        key = each.severity, each.file, each.line, each.column, each.pointer, each.message
        known[key] = merged(known[key], each) if key in known else each
    return sorted(known.values(), key=lambda each: _ORDER[each.severity])
