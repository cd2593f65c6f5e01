"""The project under inspection: each file is read once, and unreadable files do not stop the other checks."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding, finding_of, relative
from exh_dev.checking.json_places import place_of
from exh_dev.errors import DevkitError
from exh_dev.packaging.target import RUNTIMES
from exh_dev.project.project import MANIFEST
from exh_dev.project.strict_yaml import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from yaml.nodes import Node

    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.manifest import Manifest
    from exh_dev.project.project import Project


class Inspection:
    """The input of each check.

    Attributes:
        project: the project.
        root: its folder.
    """

    def __init__(self, project: Project, runtime: str | None = None) -> None:
        """Inspect `project` lazily. `runtime` replaces the runtime of Python functions."""
        self.project = project
        self._runtime = runtime
        self.root: Path = project.root
        self._texts: dict[Path, str] = {}

    @cached_property
    def manifest(self) -> Manifest | DevkitError:
        """The manifest with the functions that can be used, or why it is none."""
        try:
            return self.project.readable_manifest
        except DevkitError as error:
            return error

    @property
    def specs(self) -> tuple[FunctionSpec, ...]:
        """The functions that can be used."""
        functions = () if isinstance(self.manifest, DevkitError) else self.manifest.functions
        if self._runtime is None:
            return functions
        return tuple(replace(each, runtime=self._runtime) if each.code is None else each for each in functions)

    @property
    def knows_all_functions(self) -> bool:
        """Return whether all functions are known, so that any other name is a mistake."""
        return not isinstance(self.manifest, DevkitError) and not self.manifest.errors

    @cached_property
    def configuration(self) -> Configuration:
        """The files that the official CLI reads."""
        from exh_dev.project.configuration.configuration import read_configuration

        return read_configuration(self.project)

    @property
    def knows_all_schemas(self) -> bool:
        """Return whether every schema file could be read, so that any other schema name is a mistake."""
        from exh_dev.project.configuration.repository import folders

        known = set(self.configuration.schema_files.values())
        return all(set(folder.rglob("*.json")) <= known for folder in folders(self.root, [])["schemas"])

    def line_in_manifest(self, spec: FunctionSpec, *keys: str, item: str | None = None) -> int:
        """Return the line of these keys in a function's resource or in the globals, else the line of the
        function's.

        Args:
            spec: the function.
            keys: path to the value, such as `Properties`, `Handler`.
            item: the list item to locate.
        """
        if isinstance(self.manifest, DevkitError) or (template := self.manifest.template) is None:
            return spec.line
        node: Node | None = template.find("Resources", spec.logical_id, *keys)
        if node is None and keys[:1] == ("Properties",):
            node = template.find("Globals", "Function", *keys[1:])
        if node is None:
            return spec.line
        inner = node.value if isinstance(node.value, list) and item is not None else ()
        return line_of(next((each for each in inner if getattr(each, "value", None) == item), node))

    def in_json(
        self, path: Path, pointer: str, message: str, *, functions: tuple[str, ...] = (), hint: str = ""
    ) -> Finding:
        """Return an error at a place of a JSON file."""
        place = place_of(self._text(path), pointer)
        line, column = place or (None, None)
        name = relative(path, self.root)
        return Finding("error", name, message, line, column, pointer, hint, functions)

    def in_manifest(self, spec: FunctionSpec, error: DevkitError) -> Finding:
        """Return an error of a function, at its entry in the manifest where it has no place of its own."""
        return finding_of(error, self.root, file=MANIFEST, functions=(spec.name,))

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = path.read_text(encoding="utf-8") if path.is_file() else ""
            except (OSError, UnicodeDecodeError):
                self._texts[path] = ""
        return self._texts[path]


def python_version(spec: FunctionSpec) -> tuple[int, int] | None:
    """Return the Python version that a function's code targets; None if unsupported, which has its own finding."""
    return RUNTIMES.get(spec.runtime)
