"""Makes what a release is: a wheel and an sdist of each package, bills of materials, and the checksums of all.

The same commit makes the same bytes, whoever makes them: each wheel is made from the repository and once more from its
sdist, and the two have to be equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("extrahorizon", "exh-dev")
SUMS = "SHA256SUMS"
_HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Make everything in a folder, by default `build/dist/`, which is emptied first."""
    folder = Path(arguments[0]) if arguments else _HERE.parent / "build" / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in PACKAGES:
        build(_HERE / package, folder, "sdist", "wheel")
        wheel, sdist = _made(folder, package, ".whl"), _made(folder, package, ".tar.gz")
        if difference := _rebuilt(sdist, wheel):
            print(difference, file=sys.stderr)
            return 1
        bill = folder / f"{sdist.name.removesuffix('.tar.gz')}.cdx.json"
        bill.write_text(bill_of_materials(package, [wheel, sdist]), encoding="utf-8")
    files = sorted(folder.iterdir())
    lines = [f"{_sha256(path)}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")
    print("".join(lines), end="")
    return 0


def build(source: Path, folder: Path, *targets: str) -> None:
    """Build some targets of a package into a folder; files have the time of the commit, so that bytes are the same."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder.resolve())]
    for target in targets:
        command += ["-t", target]
    subprocess.run(command, cwd=source, env=os.environ | {"SOURCE_DATE_EPOCH": _epoch()}, stdout=sys.stderr, check=True)


def _epoch() -> str:
    """Return when the commit was made; 1980, the first year that a zip knows, without one."""
    command = ["git", "-C", str(_HERE), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return os.environ.get("SOURCE_DATE_EPOCH") or done.stdout.strip() or "315532800"


def _made(folder: Path, package: str, suffix: str) -> Path:
    (found,) = folder.glob(f"{package.replace('-', '_')}-*{suffix}")
    return found


def _rebuilt(sdist: Path, wheel: Path) -> str:
    """Make the wheel again from the sdist alone, and return what is wrong; empty if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        build(source, Path(folder) / "again", "wheel")
        again = Path(folder) / "again" / wheel.name
        if not again.exists():
            return f"{sdist.name} makes another wheel than {wheel.name}"
        return "" if _sha256(again) == _sha256(wheel) else f"{wheel.name} has other bytes when made from {sdist.name}"


def bill_of_materials(package: str, files: list[Path]) -> str:
    """Return what a package is and what it needs, as CycloneDX 1.6, in the versions that its tests ran with.

    Args:
        package: its name.
        files: the wheel and the sdist.
    """
    bom = Bom()
    root = _component(package, ComponentType.LIBRARY)
    for path in files:
        root.components.add(
            Component(
                name=path.name,
                type=ComponentType.FILE,
                bom_ref=path.name,
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_sha256(path))],
            )
        )
    bom.metadata.component = root
    needs = dict(_needs(package))
    components = {name: root if name == package else _component(name, ComponentType.LIBRARY) for name in needs}
    for name, component in components.items():
        if name != package:
            bom.components.add(component)
        bom.register_dependency(component, [components[each] for each in needs[name]])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del found["serialNumber"], found["metadata"]["timestamp"]  # which would be others each time
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _needs(package: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each package that one needs, itself included, with what it needs directly; extras that nobody asks for
    are left out.
    """
    waiting, seen = [(package, frozenset[str]())], set()
    found: dict[str, set[str]] = {}
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            if any(needed.marker is None or needed.marker.evaluate({"extra": each}) for each in ("", *extras)):
                found.setdefault(name, set()).add(canonicalize_name(needed.name))
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
        found.setdefault(name, set())
    yield from ((name, sorted(each)) for name, each in sorted(found.items()))


def _component(name: str, kind: ComponentType) -> Component:
    about = distribution(name)
    url = PackageURL("pypi", name=canonicalize_name(name), version=about.version)
    licence = about.metadata.get("License-Expression") or about.metadata.get("License") or ""
    is_name = re.fullmatch(r"[^\n]{1,60}", licence)  # and not the text of one
    return Component(
        name=name,
        version=about.version,
        type=kind,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[LicenseFactory().make_from_string(licence)] if is_name else [],
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
