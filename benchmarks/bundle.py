"""Bytes of `whoami`'s zip, bytecode included, against those of the plain handler's as pip packs it, without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.bundles import compiled, plain_folder, scratch, whoami_zip, zipped


def measure() -> dict[str, Any]:
    """Sizes; there is no spread, for the same files give the same bytes."""
    with scratch() as folder:
        ours = whoami_zip(Path(folder)).stat().st_size
        plain = plain_folder(Path(folder))
        theirs, with_bytecode = (zipped(each).stat().st_size for each in (plain, compiled(plain)))
    return {
        "ratio": round(ours / theirs, 3),
        "target": None,
        "ours_bytes": ours,
        "theirs_bytes": theirs,
        "theirs_with_bytecode_bytes": with_bytecode,
    }
