"""Prune the packages of a bundle to what its code reaches. Stubs for removed modules raise an error with a remedy."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name

from exh_dev.errors import UsageError
from exh_dev.packaging import module_facts, package_files
from exh_dev.packaging import reach as reaching
from exh_dev.packaging.content import Content
from exh_dev.packaging.module_facts import Facts, read_facts
from exh_dev.packaging.package_files import Package
from exh_dev.packaging.pyproject import PYPROJECT
from exh_dev.packaging.reach import Own, reach

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from exh_dev.packaging.kept import Kept
    from exh_dev.packaging.parts import Parts
    from exh_dev.packaging.wheels import Wheel
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project

#: Without `name`, for which Python would go on and say something else of `from package import module`.
_STAND_IN = """raise ModuleNotFoundError(
    __name__ + ' was left out of this bundle, since no code in it imports it; to keep it, write "{package}" into '
    '`whole` of [tool.exh-dev.build] in pyproject.toml'
)
"""
#: Where the client works through a queue's messages, with a third of Powertools.
QUEUE = "extrahorizon.queue"
_MESSAGE = b"aws:sqs"
_MAPPING = b"AWS::Lambda::EventSourceMapping"


_DOTTED = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


class Pruned(NamedTuple):
    """Names of pruned packages, the paths that are kept, and stubs for the removed modules."""

    packages: set[str]
    files: set[str]
    stand_ins: dict[str, Content]


class Pruner:
    """Prunes packages for one version of Python."""

    def __init__(self, kept: Kept, version: tuple[int, int], unpruned: Collection[str]) -> None:
        """Parse modules as `version` does, and do not prune the packages in `unpruned`."""
        self._kept, self._version = kept, version
        self._unpruned = {canonicalize_name(each) for each in unpruned}
        self._facts: dict[tuple[bytes, tuple[str, ...]], Facts] = {}

    def prune(
        self,
        own: Mapping[str, Content],
        contents: Mapping[str, Mapping[str, Content]],
        parts: Parts[Wheel],
        *,
        library: Collection[str],
        unused: Collection[str],
        named: Collection[str],
        excluded: Sequence[str],
    ) -> Pruned:
        """Return the packages without the files that the code cannot reach.

        Args:
            own: the project's files in the bundle.
            contents: the files of each package.
            parts: dependencies between the packages.
            library: names of the target's standard library modules.
            unused: package modules that are dropped unless the project imports them itself.
            named: possible modules that are run by name.
            excluded: patterns of files that were left out of `contents`.
        """
        of = (
            rules(),
            repr(
                (
                    self._version,
                    sorted(self._unpruned),
                    sorted(library),
                    sorted(unused),
                    sorted(named),
                    sorted(parts.direct),
                )
            ).encode(),
            repr(sorted((name, content.digest) for name, content in own.items())).encode(),
            repr([(name, wheel.sha256, sorted(parts.needs[name])) for name, wheel in parts.packages.items()]).encode(),
            repr(excluded).encode(),
        )
        if (kept := self._kept.get("reached", *of)) is not None:
            names, paths, cut = json.loads(kept)
        else:
            names, paths, cut = self._reached(own, contents, parts, library=library, unused=unused, named=named)
            self._kept.put(json.dumps([names, paths, cut]).encode(), "reached", *of)
        files = set(paths)
        stand_ins = {
            path: Content.of(_STAND_IN.format(package=package).encode())
            for path, package in cut.items()
            if path not in files and path not in own
        }
        return Pruned(set(names), files, stand_ins)

    def _reached(
        self,
        own: Mapping[str, Content],
        contents: Mapping[str, Mapping[str, Content]],
        parts: Parts[Wheel],
        *,
        library: Collection[str],
        unused: Collection[str],
        named: Collection[str],
    ) -> tuple[list[str], list[str], dict[str, str]]:
        direct = set(parts.direct)
        packages = [
            Package(name, files, parts.needs.get(name, ()), is_asked=name in direct) for name, files in contents.items()
        ]
        modules = [Own(content, name.split("/")[:-1]) for name, content in own.items() if name.endswith(".py")]
        found = reach(
            modules,
            packages,
            unpruned=self._unpruned,
            library=library,
            read=self._read,
            unused=unused,
            named=named,
        )
        return sorted(found.kept), sorted(path for paths in found.kept.values() for path in paths), found.cut

    def _read(self, content: Content, package: Sequence[str]) -> Facts:
        key = content.digest, tuple(package)
        if key not in self._facts:
            of = rules(), repr(self._version).encode(), ".".join(package).encode(), content.digest
            if (kept := self._kept.get("imports", *of)) is not None:
                facts = Facts.from_bytes(kept)
            else:
                facts = read_facts(content.data, package, self._version)
                self._kept.put(facts.to_bytes(), "imports", *of)
            self._facts[key] = facts
        return self._facts[key]


@cache
def rules() -> bytes:
    """Return a digest of the analysis' source, as a cache key: in a checkout it changes without a new version."""
    modules = (Path(module_facts.__file__), Path(package_files.__file__), Path(reaching.__file__))
    return hashlib.sha256(b"\0".join(module.read_bytes() for module in modules)).digest()


def may_be_queued(project: Project, spec: FunctionSpec) -> bool:
    """Return whether a queue of SQS may start a function: the template says so, or a sample event is a batch of
    messages.
    """
    if "aws" not in spec.targets:
        return False
    events = (project.root / "events").glob(f"{spec.name}*.json")
    return (
        spec.queue_batch is not None
        or _MAPPING in project.manifest.path.read_bytes()
        or any(_MESSAGE in path.read_bytes() for path in events if path.is_file())
    )


def named_modules(project: Project) -> set[str]:
    """Return names in the template and in Dockerfiles that may be modules, as in `python -m extrahorizon.batch`."""
    paths = [project.manifest.path, *project.root.glob("*Dockerfile*")]
    return {each.decode() for path in paths if path.is_file() for each in _DOTTED.findall(path.read_bytes())}


def check_unpruned(unpruned: Collection[str], known: Collection[str], root: Path) -> None:
    """Check that the packages in the `whole` setting are packages of the project.

    Raises:
        UsageError: one is unknown.
    """
    for each in unpruned:
        if canonicalize_name(each) not in known:
            raise UsageError(
                f"{root / PYPROJECT}: `whole` of [tool.exh-dev.build] names {each}, and no lock has such a package"
            )
