"""The catalogue of builds: the same on every machine, dated relative to its creation.

Made up, in observed formats: exact platform tags in results, two gcc variants of one Linux version, a
withdrawn build, build numbers that sort differently as strings, products without a platform.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GCC9, GCC11 = "linux_x86_64_gcc9.3", "linux_x86_64_gcc11.2"
WIN, MACOS, MACOS_ARM = "win64-vc142", "macosx_x86_64_clang12.0_11", "macosx_arm64_clang12.0_11"
NO_PLATFORM = ""

#: Families that match several exact tags, and the tags' prefixes.
FAMILIES = {
    "linux": "linux_x86_64_",
    "linux_arm64": "linux_arm64_",
    "win64": "win64-",
    "macos": "macosx_x86_64_",
    "macosx_arm64": "macosx_arm64_",
}

#: Products for which platform and only_production are ignored.
WITHOUT_PLATFORM = frozenset({"docker", "sidefxlabs"})

_RELEASES = {"20.0": (GCC9, GCC11, WIN, MACOS, MACOS_ARM), "20.5": (GCC11, WIN, MACOS, MACOS_ARM)}
#: version -> (build, days before today, release, status)
_HISTORY: dict[str, Sequence[tuple[int, int, str, str]]] = {
    "20.0": (
        (1004, 9, "devel", "good"),
        (896, 60, "gold", "good"),
        (724, 200, "gold", "good"),
    ),
    "20.5": (
        (613, 0, "devel", "good"),
        (606, 3, "devel", "bad"),
        (584, 21, "gold", "good"),
        (410, 90, "gold", "good"),
        (97, 300, "devel", "good"),
    ),
}
#: Those that SideFX documents for a platform each, and the newest of what its users' code asks for.
_HOUDINI = (
    "houdini", "houdini-py3", "houdini-py37", "houdini-py2", "houdini-qt6",
    "houdini-launcher", "houdini-launcher-py3", "houdini-launcher-py37",
    "launcher-iso", "launcher-iso-py3", "launcher-iso-py37", "launcher-iso-py2",
)  # fmt: skip
_OTHERS = ("docker", "sidefxlabs")

_SUFFIXES = {"linux": ".tar.gz", "win64": ".exe", "macosx": ".dmg"}
_SMALLEST, _STEP = 20_000, 7919  # bytes


@dataclass(frozen=True)
class Build:
    """One build for one platform.

    Attributes:
        id: its index in the catalogue, used in download URLs.
        product: such as `houdini`.
        platform: exact tag, never a family; empty for products that have none.
        version: such as `20.5`.
        build: its number.
        date: `YYYY/MM/DD`.
        release: `gold` for production, `devel` for daily builds.
        status: `good`, or `bad` when it was withdrawn.
    """

    id: int
    product: str
    platform: str
    version: str
    build: int
    date: str
    release: str
    status: str

    @property
    def number(self) -> tuple[int, ...]:
        """Version and build as numbers, to sort by."""
        return (*map(int, self.version.split(".")), self.build)

    @property
    def filename(self) -> str:
        """Named as SideFX names its files."""
        full = f"{self.version}.{self.build}"
        if self.product == "docker":
            return f"Houdini{full}_Docker.zip"
        if self.product == "sidefxlabs":
            return f"SideFXLabs{full}.zip"
        suffix = next(suffix for family, suffix in _SUFFIXES.items() if self.platform.startswith(family))
        return f"{self.product}-{full}-{self.platform}{suffix}"

    @property
    def content(self) -> bytes:
        """The file: between 20 KB and half a megabyte that follow from its name."""
        return _content(self.filename, _SMALLEST + self.id % 61 * _STEP)

    @property
    def md5(self) -> str:
        """MD5 of the file, in lower-case hex digits."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()

    def is_for(self, platform: str | None) -> bool:
        """Return whether it is for a family or an exact tag; any is for None."""
        if platform is None or self.product in WITHOUT_PLATFORM:
            return True
        return self.platform == platform or self.platform.startswith(FAMILIES.get(platform, "\0"))

    def as_listed(self) -> dict[str, str]:
        """Return its entry in a list of builds, where every value is a string."""
        return {
            "product": self.product,
            "platform": self.platform,
            "version": self.version,
            "build": str(self.build),
            "date": self.date,
            "release": self.release,
            "status": self.status,
        }


def catalogue(now: float) -> tuple[Build, ...]:
    """Return all builds; the newest are dated `now` (epoch seconds)."""
    today = datetime.fromtimestamp(now, UTC)
    rows = [
        (product, platform, version, *history)
        for version, platforms in _RELEASES.items()
        for history in _HISTORY[version]
        for product in (*_HOUDINI, *_OTHERS)
        for platform in (platforms if product in _HOUDINI else (NO_PLATFORM,))
    ]
    return tuple(
        Build(140_001 + index, product, platform, version, build, f"{today - timedelta(days):%Y/%m/%d}", *rest)
        for index, (product, platform, version, build, days, *rest) in enumerate(rows)
    )


@cache
def _content(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)
