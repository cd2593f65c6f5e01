"""Files of a bundle under construction: their bytes, by destination path."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Content(NamedTuple):
    """The bytes of a file, and their SHA-256."""

    data: bytes
    digest: bytes

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Create content from bytes, with their digest."""
        return cls(data, hashlib.sha256(data).digest())


class Files:
    """Files by their path in the bundle, none of them twice."""

    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}
        self._folders: set[str] = set()

    def add_own(self, files: Mapping[str, Content]) -> None:
        """Add the project's own files.

        Raises:
            DevkitError: a package has one of the same name.
        """
        for name, content in files.items():
            if name in self.contents or name in self._folders:
                raise DevkitError(f"{name} is in a package of the lock too; rename yours")
            self._add(name, content)

    def add_wheel(self, wheel: str, files: Mapping[str, Content]) -> None:
        """Add a package's files.

        Identical duplicates are accepted: packages that share a namespace often all contain its `__init__.py`.

        Args:
            wheel: the file's name.
            files: what it installs.

        Raises:
            DevkitError: a file conflicts with an existing one.
        """
        for name, content in files.items():
            known = self.contents.get(name)
            if known is not None and known.digest == content.digest:
                continue
            if known is not None or name in self._folders or any(each in self.contents for each in _above(name)):
                raise DevkitError(
                    f"{wheel} holds {name}, and so does another package, or the project, with other "
                    "content. Take another version, or leave both out with `exclude` of [tool.exh-dev.build] in "
                    "pyproject.toml if no function needs it"
                )
            self._add(name, content)

    def _add(self, name: str, content: Content) -> None:
        self.contents[name] = content
        self._folders.update(_above(name))


@lru_cache(maxsize=8192)
def _above(name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in PurePosixPath(name).parents)
