"""Wheels made for tests, in a folder that pip looks into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class MadeWheel:
    name: str
    version: str
    path: Path

    @property
    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


class Wheelhouse:
    def __init__(self, folder):
        self.folder = folder

    def add(self, name, version, files, *, tag="py3-none-any", needs=(), extras=(), about=""):
        path = self.folder / f"{name}-{version}-{tag}.whl"
        info = f"{name}-{version}.dist-info"
        metadata = "".join(f"Requires-Dist: {need}\n" for need in needs) + about
        metadata += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
            archive.writestr(
                f"{info}/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n{metadata}",
            )
            pure = str(tag.endswith("-any")).lower()
            archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n")
            archive.writestr(f"{info}/RECORD", "")
        return MadeWheel(name, version, path)
