"""Report of a build, as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.output import Table
from exh_dev.packaging.build import BUILD
from exh_dev.packaging.sizes import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.output import Output
    from exh_dev.packaging.build import Bundle
    from exh_dev.project.function_spec import FunctionSpec

_HEADINGS = ("Function", "Runtime", "Processor", "Zip", "Unpacked", "Files", "SHA-256")


def report(
    bundles: Sequence[Bundle], asked: Mapping[str, Sequence[str]], variables: Mapping[str, str], output: Output
) -> None:
    """Print the bundles, what takes most of the largest one, and what has to be set before they are synchronised.

    Args:
        bundles: what was built.
        asked: the variables that `exh sync` will look up, with what needs each.
        variables: those that are known, in `.env` or the shell.
        output: how to speak.
    """
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
        {"bundles": [bundle.as_json() for bundle in bundles], "variables": asked},
        Table(_HEADINGS, rows),
        Table(("Zipped", f"The {len(parts)} largest parts of {BUILD}/{largest.name}.zip"), parts),
    )
    for bundle in bundles:
        if bundle.warning:
            output.warn(bundle.warning)
    if asked:
        needed = "; ".join(f"{name} ({', '.join(places)})" for name, places in asked.items())
        output.note(
            f"`exh sync` takes from its environment: {needed}. `set -a; . ./.env; set +a` gives it what is in .env"
        )
    if missing := [name for name in asked if not variables.get(name)]:
        output.warn(f"neither .env nor the environment has {', '.join(missing)}: `exh sync` would stop there")


def next_steps(specs: Sequence[FunctionSpec]) -> str:
    """Return what deploys these functions, which are built; empty where neither the official CLI nor SAM does."""
    steps = []
    if any(spec.synced for spec in specs):
        steps.append("`exh sync` deploys to Extra Horizon")
    if any("aws" in spec.targets for spec in specs):
        steps.append("`make deploy` deploys to AWS")
    return ", ".join(steps)
