"""Build the wheel of an installed package from its files, for packages that no index has."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from exh_dev.packaging.source_wheels import build_wheel, editable_source

if TYPE_CHECKING:
    from importlib.metadata import Distribution

#: What an installer adds to a package, and no wheel has.
_INSTALLERS = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"})
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that the same package gives the same bytes


def wheel_of(name: str, folder: Path) -> Path:
    """Write the wheel of an installed package into a folder.

    Raises:
        DevkitError: the wheel cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if source := editable_source(name):
        with TemporaryDirectory(dir=folder) as scratch:
            wheel = build_wheel(name, source, Path(scratch))
            return wheel.rename(folder / wheel.name)
    return _packed(distribution(name), folder)


def _packed(package: Distribution, folder: Path) -> Path:
    name = package.metadata["Name"].replace("-", "_")
    info = f"{name}-{package.version}.dist-info"
    path = folder / f"{name}-{package.version}-py3-none-any.whl"
    listed = []
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for file in sorted(package.files or (), key=str):
            inner = file.as_posix()
            # Commands are outside the package's folder; bytecode is compiled on each machine.
            if inner.startswith("../") or file.suffix == ".pyc" or (info in file.parts and file.name in _INSTALLERS):
                continue
            content = Path(str(file.locate())).read_bytes()
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            listed.append(f"{inner},sha256={digest},{len(content)}\n")
            archive.writestr(_entry(inner), content)
        archive.writestr(_entry(f"{info}/RECORD"), "".join([*listed, f"{info}/RECORD,,\n"]))
    return path


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
