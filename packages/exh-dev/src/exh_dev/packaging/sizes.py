"""Sizes of bundles, their largest parts, and the limits."""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError
from exh_dev.packaging.node import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.project.function_spec import FunctionSpec

MEGABYTE = 1024 * 1024
LIMIT = 7 * MEGABYTE
"""Extra Horizon's gateway takes 10 MB, and the zip travels in it as base64, a third larger."""
_UNPACKED_LIMIT = 250 * MEGABYTE  # Lambda's, where a function is no container image
_SHOWN = 10
_TESTS = "*/tests/*"  # as most packages call the folder
_WORTH_IT = MEGABYTE // 20


def largest(sizes: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return compressed bytes by top-level name, and in `node_modules` by package, largest first.

    The metadata folders of Python packages are summed up as one entry.

    Args:
        sizes: compressed bytes by file.
    """
    found: Counter[str] = Counter()
    for name, size in sizes.items():
        first, slash, rest = name.partition("/")
        if first == "__pycache__":
            first, slash = f"{rest.partition('.')[0]}.py", ""
        elif first == PACKAGES:
            package = rest.split("/")[: 2 if rest.startswith("@") else 1]
            first = "/".join([first, *package])
        found[f"{first}{slash}"] += size
    return sorted(found.items(), key=lambda part: (-part[1], part[0]))[:_SHOWN]


def check_size(
    spec: FunctionSpec, sizes: Mapping[str, int], zipped: int, unpacked: int, *, limit: int, excluded: Sequence[str]
) -> None:
    """Refuse a bundle that is too large, with what would make it smaller.

    Args:
        spec: the function.
        sizes: compressed bytes by file.
        zipped: bytes of the zip.
        unpacked: bytes of its files.
        limit: the most bytes that a zip for Extra Horizon may have.
        excluded: patterns of files of packages that are left out already.

    Raises:
        DevkitError: it is too large.
    """
    parts = "".join(f"\n  {_megabytes(size):>9}  {part}" for part, size in largest(sizes))
    smaller = "" if spec.code is not None else _without_files(sizes, excluded)
    if spec.synced and zipped > limit:
        raise DevkitError(
            f"{spec.name}: the zip has {_megabytes(zipped)}, and {_megabytes(limit)} is the limit: Extra Horizon takes "
            f"requests of 10 MB, in which a zip is a third larger. Leave a package out, take a smaller one, {smaller}"
            f"or give another limit with --max-size MB. The largest parts:{parts}"
        )
    if unpacked > _UNPACKED_LIMIT and not spec.image:
        raise DevkitError(
            f"{spec.name}: unpacked it has {_megabytes(unpacked)}, and Lambda allows {_megabytes(_UNPACKED_LIMIT)}. "
            f"Leave a package out, take a smaller one, {smaller}or deploy a container image (PackageType: Image). The "
            f"largest parts, zipped:{parts}"
        )


def _without_files(sizes: Mapping[str, int], excluded: Sequence[str]) -> str:
    """Return how to exclude packages' tests, if these are large."""
    tests = sum(size for name, size in sizes.items() if fnmatch(name, _TESTS))
    if tests < _WORTH_IT:
        return "leave files of packages out with `exclude` of [tool.exh-dev.build] in pyproject.toml, "
    patterns = json.dumps([*excluded, _TESTS], ensure_ascii=False)  # a list of strings has the same syntax in TOML
    return (
        f"leave out the packages' tests, {_megabytes(tests)} zipped, with `exclude = {patterns}` of "
        "[tool.exh-dev.build] in pyproject.toml, "
    )


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.2f} MB"
