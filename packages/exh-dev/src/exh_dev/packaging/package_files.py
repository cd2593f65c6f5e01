"""A package as it may be bundled, and what each of its files is: a module, a test, metadata of the installer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from exh_dev.packaging.content import Content

_TESTS = frozenset({"tests", "test"})
_INFO = ".dist-info"
NATIVE = (".so", ".pyd")


@dataclass
class Package:
    """A package as it may be packed.

    Attributes:
        name: its canonical name.
        files: all of them, by where they are installed, with their digests.
        needs: the names of the packages that it needs.
        is_asked: whether the project asks for it by itself.
    """

    name: str
    files: Mapping[str, Content]
    needs: Collection[str]
    is_asked: bool


def module_name(path: str) -> str | None:
    """Return the name of the module in a file, if it has one."""
    if path.endswith(".py"):
        inner = path.removesuffix(".py").removesuffix("/__init__")
    elif path.endswith(NATIVE):
        folder, _, name = path.rpartition("/")
        inner = f"{folder}/{name.partition('.')[0]}" if folder else name.partition(".")[0]
    else:
        return None
    module = inner.replace("/", ".")
    return module if all(part.isidentifier() or part[:1].isdigit() for part in module.split(".")) else None


def is_metadata(path: str) -> bool:
    """Return whether a file is metadata of the installer."""
    return path.partition("/")[0].endswith(_INFO)


def is_test(path: str) -> bool:
    """Return whether a file is in a folder of tests inside of a package."""
    return not _TESTS.isdisjoint(PurePosixPath(path).parent.parts[1:])


def has_entry_points(package: Package) -> bool:
    """Return whether a package has entry points besides commands."""
    for path, content in package.files.items():
        if is_metadata(path) and path.endswith("/entry_points.txt"):
            groups = set(re.findall(r"^\[([^\]]+)\]", content.data.decode(errors="replace"), re.MULTILINE))
            return bool(groups - {"console_scripts", "gui_scripts"})
    return False
