"""What was built, for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.output import Table
from exh_dev.packaging.build import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.output import Output
    from exh_dev.packaging.build import Bundle

_HEADINGS = ("Function", "Runtime", "Processor", "Zip", "Unpacked", "Files", "SHA-256")


def report(bundles: Sequence[Bundle], output: Output) -> None:
    """Print the bundles, and what takes most of the largest one."""
    rows = [
        (
            bundle.name,
            bundle.target.runtime,
            bundle.target.architecture,
            f"{bundle.size / MEGABYTE:.2f} MB",
            f"{bundle.unpacked / MEGABYTE:.1f} MB",
            str(bundle.files),
            bundle.sha256[:12],
        )
        for bundle in bundles
    ]
    largest = max(bundles, key=lambda bundle: bundle.size)
    parts = [(f"{size / 1024:.0f} KB", part) for part, size in largest.largest]
    output.tables(
        {"bundles": [bundle.as_json() for bundle in bundles]},
        Table(_HEADINGS, rows),
        Table(("Zipped", f"The {len(parts)} largest parts of {largest.name}"), parts),
    )
    for bundle in bundles:
        if bundle.warning:
            output.note(f"warning: {bundle.warning}")
