"""Wheels of packages that are installed from their source: while one is developed, its source is what bundles carry.

A lock cannot pin such a package, whose hash changes with each edit.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from exh_dev.errors import DevkitError
from exh_dev.packaging.locks import Pin

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_PATIENCE = 120  # seconds for a build
_SOURCES = ("pyproject.toml", "README*", "LICENSE*", "hatch_build.py", "src/**/*")


def pins_from_source(requirements: Iterable[tuple[str, str]], pinned: Container[str], cache: Path) -> dict[str, Pin]:
    """Return pins of required packages that no lock pins and that are installed in editable mode, their wheels built.

    Args:
        requirements: the project's requirements, each with its location.
        pinned: the packages that its locks pin, by their canonical names.
        cache: cache folder of wheels; the built ones are added.

    Raises:
        DevkitError: a package cannot be built.
    """
    found: dict[str, Pin] = {}
    for text, _ in requirements:
        try:
            name = canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue  # the check of the lock reports this better
        if name not in pinned and (source := editable_source(name)):
            found[name] = _pin(name, source, cache)
    return found


def editable_source(name: str) -> Path | None:
    """Return the folder that a package is installed from in editable mode (PEP 610), or None."""
    try:
        record = json.loads(distribution(name).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None
    if not record.get("dir_info", {}).get("editable"):
        return None
    return Path(url2pathname(urlsplit(record["url"]).path))


def _pin(name: str, source: Path, cache: Path) -> Pin:
    files = sorted({path for pattern in _SOURCES for path in source.glob(pattern) if path.is_file()})
    content = hashlib.sha256()
    for path in files:
        if "__pycache__" not in path.parts:
            content.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes() + b"\0")
    folder = cache / "source" / f"{name}-{content.hexdigest()[:16]}"
    if not folder.is_dir():
        _build(name, source, folder)
    (wheel,) = folder.glob("*.whl")
    shutil.copy2(wheel, cache / wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Pin(name, wheel.name.split("-")[1], frozenset({f"sha256:{digest}"}), source / "pyproject.toml", 1)


def build_wheel(name: str, source: Path, folder: Path) -> Path:
    """Build the wheel of a package from its source, with what is installed, into a folder without wheels.

    Raises:
        DevkitError: it cannot be built.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise DevkitError(f"{name} is installed from {source} and cannot be built from there: {' '.join(reason)}")
    (wheel,) = folder.glob("*.whl")
    return wheel


def _build(name: str, source: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        build_wheel(name, source, Path(scratch))
        Path(scratch).rename(folder)
        Path(scratch).mkdir()  # which the `with` block removes
