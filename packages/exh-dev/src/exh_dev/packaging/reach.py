"""Prune packages to the files that a function's code can reach by imports.

Imports are read from the source of all modules (`module_facts`), including imports inside functions. Packages that
cannot be analyzed are kept entirely: a package whose code imports names that it computes, one with compiled modules
that are reached, one with entry points if code looks them up, and one that the project requires although no code
imports it. `whole` of [tool.exh-dev.build] in pyproject.toml names others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from exh_dev.packaging.package_files import NATIVE, Package, has_entry_points, is_metadata, is_test, module_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from exh_dev.packaging.content import Content
    from exh_dev.packaging.module_facts import Facts

#: Packages in Lambda's runtime besides the standard library; its boto3 may import them from a bundle instead.
OF_THE_RUNTIME = frozenset({"urllib3", "jmespath", "dateutil", "six", "awslambdaric", "simplejson"})
_BOTO = frozenset({"boto3", "botocore", "s3transfer"})
#: Modules of botocore's needs that it imports, and that the bundle's own code may not.
_NEEDED_BY_BOTO = (
    "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.response", "urllib3.exceptions",
    "urllib3.util.retry", "urllib3.util.ssl_", "urllib3.util.url", "urllib3.contrib.pyopenssl",
    "jmespath.exceptions", "dateutil.parser", "dateutil.tz", "six",
)  # fmt: skip
#: Computed imports whose code was read, with what they reach. Other code in their place is not known any more.
_KNOWN: dict[tuple[str, str], Sequence[str]] = {
    # The caller supplies the name as a string literal, which counts as an import if a module has that name.
    ("aws_lambda_powertools.shared.lazy_import", "importlib.import_module(self.__name__)"): ("aws_xray_sdk",),
    # The types of the service that is called: see `_of_service`.
    ("extrahorizon.bodies", "import_module(f'{'.'.join(service.split('.')[:3])}.types')"): (),
    # The function's handler, whose modules are the project's.
    ("extrahorizon.batch", "import_module(module)"): (),
}
#: What the standard library imports by a computed name.
_BY_THE_LIBRARY = {"zoneinfo": "tzdata"}
_CLIENT, _SERVICES = "extrahorizon.client", "extrahorizon.services."
#: Calls that read an attribute whose name is known only at run time.
_COMPUTED_ATTRIBUTES = re.compile(rb"\b(getattr|attrgetter|methodcaller|__getattribute__|eval|exec|vars|globals)\b")
_STUBS = (".pyi",)
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors|patents|third.?party)", re.IGNORECASE)
_COMPILED_INTO = "__mypyc"  # what mypyc compiles several modules into


@dataclass
class Own:
    """A module of the project: its source and its package."""

    content: Content
    package: Sequence[str]


@dataclass
class Reach:
    """The files kept of each package, and the stubs for the rest."""

    kept: dict[str, set[str]] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    """The removed modules, topmost only: the path of the stub, and the package."""


def reach(
    own: Iterable[Own],
    packages: Sequence[Package],
    *,
    unpruned: Collection[str],
    library: Collection[str],
    read: Callable[[Content, Sequence[str]], Facts],
    unused: Collection[str] = (),
    named: Collection[str] = (),
) -> Reach:
    """Return the files of packages that the project's modules can reach.

    Args:
        own: the project's modules in the bundle.
        packages: the bundle's packages.
        unpruned: names of packages to keep entirely.
        library: names of the target's standard library modules.
        read: analyzes a module, from its source and its package.
        unused: package modules that are dropped unless the project imports them itself.
        named: possible modules that are run by name.
    """
    walk = _Walk(packages, read, set(unpruned), {*library, *OF_THE_RUNTIME, *_BOTO}, set(unused))
    walk.begin(own, named)
    walk.finish()
    return walk.result()


class _Walk:
    def __init__(
        self,
        packages: Sequence[Package],
        read: Callable[[Content, Sequence[str]], Facts],
        unpruned: set[str],
        outside: set[str],
        unused: set[str],
    ) -> None:
        self._packages = {each.name: each for each in packages}
        self._read = read
        self._places: dict[str, list[tuple[str, str]]] = {}
        """The modules: of each the package and path, several where one is compiled and readable too."""
        for package in packages:
            for path in package.files:
                if module := module_name(path):
                    self._places.setdefault(module, []).append((package.name, path))
        self._there = outside | {module.partition(".")[0] for module in self._places}
        self._dead: dict[str, bool] = {}
        self._below: dict[str, list[str]] = {}
        for module in self._places:
            parts = module.split(".")
            for depth in range(1, len(parts)):
                self._below.setdefault(".".join(parts[:depth]), []).append(module)
        self._unused = unused
        self._reached: set[str] = set()
        self._outside: set[str] = set()
        self._unpruned = {name for name in self._packages if name in unpruned}
        self._entire: set[str] = set()
        self._waiting: list[str] = []
        self._facts: dict[str, Facts] = {}
        self._metadata: set[str] = set()
        self._strings: dict[str, set[str]] = {}
        self._words: set[str] = set()
        self._all_services = False
        self._client: Facts | None = None

    def begin(self, own: Iterable[Own], named: Collection[str]) -> None:
        self._unused.difference_update(named)
        for name in named:
            if name in self._places:
                self._go(name)
        for each in own:
            facts = self._read(each.content, each.package)
            self._words.update(facts.attributes, facts.words)
            self._unused.difference_update(facts.imports)
            self._all_services |= bool(_COMPUTED_ATTRIBUTES.search(each.content.data))
            self._follow(facts, "")
            if facts.computed:
                for package in self._packages.values():
                    if package.is_asked:
                        self._keep(package.name)
        for name in self._unpruned:
            self._keep(name)
        self._drain()

    def finish(self) -> None:
        """Add files that no import reaches but that are needed, until nothing is added."""
        while True:
            before = len(self._entire), len(self._reached)
            found = {name for module in self._reached for name, _ in self._places[module]} | self._entire
            for package in self._packages.values():
                if package.name not in found and package.is_asked:
                    self._keep(package.name)
            for name in list(self._entire):
                for need in self._packages[name].needs:
                    if need in self._packages and need not in found:
                        self._keep(need)
            self._drain()
            if before == (len(self._entire), len(self._reached)):
                return

    def result(self) -> Reach:
        result = Reach()
        paths: dict[str, set[str]] = {name: set() for name in self._packages}
        for module in self._reached:
            places = self._places[module]
            native = {name for name, path in places if path.endswith(NATIVE)}
            for name, path in places:
                if not (name in native and path.endswith(".py")):  # Python takes the compiled one
                    paths[name].add(path)
        for name, package in self._packages.items():
            if name in self._unpruned:
                result.kept[name] = {
                    path for path in package.files if not is_metadata(path) or self._is_metadata_kept(name, path)
                }
            elif paths[name] or name in self._entire:
                result.kept[name] = self._files(package, paths[name])
        self._cut(result)
        return result

    def _drain(self) -> None:
        while self._waiting:
            module = self._waiting.pop()
            for name, path in self._places[module]:
                package = self._packages[name]
                if path.endswith(NATIVE):
                    self._follow_native(module, name)
                    continue
                parts = module.split(".")
                is_package = path.endswith("/__init__.py")
                self._take(module, name, self._read(package.files[path], parts if is_package else parts[:-1]))
            if not self._waiting and self._client is not None:
                self._follow(self._without_services(self._client), "extrahorizon")

    def _take(self, module: str, name: str, facts: Facts) -> None:
        """Reach what a module of a package may import."""
        top = module.partition(".")[0]
        if module == _CLIENT:
            self._client = facts
            facts = self._without_services(facts)
        elif top == "extrahorizon":
            self._words.update(facts.attributes if not module.startswith(_SERVICES) else ())
        elif any(each.split(".")[0] == "extrahorizon" for each in facts.imports):
            self._all_services = True
        self._strings.setdefault(name, set()).update(facts.strings)
        for call in facts.computed:
            known = _KNOWN.get((module, call.replace('"', "'")))
            if known is None:
                self._keep(name)
            for each in known or ():
                self._go(each)
        self._follow(facts, name)
        self._of_service(module)

    def _follow_native(self, module: str, name: str) -> None:
        """Keep all that compiled code may import: the imports of its source if present, else the entire package."""
        if module.endswith(_COMPILED_INTO):
            return
        if not any(path.endswith(".py") for _, path in self._places[module]):
            self._keep(name)
            return
        for other, places in self._places.items():
            if other.endswith(_COMPILED_INTO) and any(each == name for each, _ in places):
                self._go(other)

    def _without_services(self, facts: Facts) -> Facts:
        if self._all_services:
            return facts
        unused = [each for name, names in facts.by_method.items() if name not in self._words for each in names]
        return facts._replace(imports=[each for each in facts.imports if each not in set(unused)])

    def _of_service(self, module: str) -> None:
        """Reach the module with a service's types, which is imported by a computed name to check bodies."""
        if module.startswith(_SERVICES):
            self._go(".".join([*module.split(".")[:3], "types"]))

    def _follow(self, facts: Facts, name: str) -> None:
        for each in (*facts.imports, *facts.stars, *(text for text in facts.strings if text in self._places)):
            self._go(each)
        for each in facts.stars:
            for _, path in self._places.get(each, ()):
                if path.endswith("/__init__.py"):
                    for export in self._read_at(each, path).exports:
                        self._go(f"{each}.{export}")
        self._metadata.update(canonicalize_name(each) if each != "*" else each for each in facts.metadata)
        if facts.entry_points:
            self._metadata.add("*")
            for package in self._packages.values():
                if package.name != name and has_entry_points(package):
                    self._keep(package.name)

    def _read_at(self, module: str, path: str) -> Facts:
        name = self._places[module][0][0]
        return self._read(self._packages[name].files[path], module.split("."))

    def _go(self, name: str) -> None:
        """Reach a module, with the packages that it is in; of `a.*` all below `a`."""
        name, star = (name.removesuffix(".*"), name.endswith(".*"))
        parts = name.split(".")
        above = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        if any(module in self._unused or self._is_dead(module) for module in above):
            return
        for module in above:
            if module in self._places and module not in self._reached:
                self._reached.add(module)
                self._waiting.append(module)
        if star:
            for module in self._below.get(name, ()):
                self._go(module)
        if parts[0] not in self._places and parts[0] not in self._outside:
            self._outside.add(parts[0])
            self._go_beyond(parts[0])

    def _go_beyond(self, name: str) -> None:
        """Reach the packages' modules that a module of the standard library or of Lambda's runtime imports."""
        if also := _BY_THE_LIBRARY.get(name):
            for package in {name for module in self._below.get(also, ()) for name, _ in self._places[module]}:
                self._keep(package)
            self._go(also)
        if name in _BOTO:
            for each in _NEEDED_BY_BOTO:
                if each.partition(".")[0] in self._places:
                    self._go(each)

    def _is_dead(self, module: str) -> bool:
        """Return whether a module cannot be imported because neither the bundle nor Lambda has an import of it."""
        if module not in self._places:
            return False
        if module not in self._dead:
            self._dead[module] = False  # while it is looked into: modules that import each other are alive
            name, path = min(self._places[module], key=lambda place: not place[1].endswith(".py"))
            if path.endswith(".py"):
                parts = module.split(".")
                content = self._packages[name].files[path]
                facts = self._read(content, parts if path.endswith("/__init__.py") else parts[:-1])
                self._dead[module] = any(
                    each.partition(".")[0] not in self._there or self._is_dead(each) for each in facts.required
                )
        return self._dead[module]

    def _keep(self, name: str) -> None:
        """Keep an entire package except its tests."""
        if name in self._entire:
            return
        self._entire.add(name)
        for path in self._packages[name].files:
            if (module := module_name(path)) and (name in self._unpruned or not is_test(path)):
                self._go(module)

    def _files(self, package: Package, modules: set[str]) -> set[str]:
        """Return the reachable modules of a package, and the data files in their folders."""
        folders: dict[str, bool] = {}
        for path in package.files:
            if module_name(path):
                folder = str(PurePosixPath(path).parent)
                folders[folder] = folders.get(folder, False) or path in modules
        strings = self._strings.get(package.name, set())
        return modules | {
            path
            for path in package.files
            if not module_name(path)
            and not path.endswith(_STUBS)
            and self._is_data(package.name, path, folders, strings)
        }

    def _is_data(self, name: str, path: str, folders: Mapping[str, bool], strings: Collection[str]) -> bool:
        inner = PurePosixPath(path)
        if is_metadata(path):
            return self._is_metadata_kept(name, path)
        if _LICENCE.match(inner.name) or inner.name in strings:
            return True
        if inner.suffix == ".pth" or inner.name == "py.typed" or (is_test(path) and not folders.get(str(inner.parent))):
            return False
        if name in self._entire:
            return True
        return next((folders[str(each)] for each in inner.parents if str(each) in folders and str(each) != "."), True)

    def _is_metadata_kept(self, name: str, path: str) -> bool:
        """Return whether to keep a file of the installer's metadata: licences, and files read at run time."""
        inner = PurePosixPath(*PurePosixPath(path).parts[1:])
        if inner.parts[0] in ("licenses", "license_files") or _LICENCE.match(inner.name):
            return True
        if inner.name == "entry_points.txt":
            return "*" in self._metadata
        return inner.name in ("METADATA", "top_level.txt") and not self._metadata.isdisjoint({name, "*"})

    def _cut(self, result: Reach) -> None:
        kept = {path for paths in result.kept.values() for path in paths}
        modules = {module for module in self._places if any(path in kept for _, path in self._places[module])}
        alive = {".".join(each.split(".")[:depth]) for each in modules for depth in range(1, each.count(".") + 2)}
        for module in self._places:
            parts = module.split(".")
            top = next(
                (".".join(parts[:depth]) for depth in range(1, len(parts) + 1) if ".".join(parts[:depth]) not in alive),
                None,
            )
            if top is None or parts[0] in OF_THE_RUNTIME or is_test(module.replace(".", "/") + "/any"):
                continue
            if parts[-1] == "__main__" and top == module:
                continue
            is_folder = top in self._below or any(path.endswith("/__init__.py") for _, path in self._places[module])
            place = top.replace(".", "/")
            result.cut[f"{place}/__init__.py" if is_folder else f"{place}.py"] = self._places[module][0][0]
