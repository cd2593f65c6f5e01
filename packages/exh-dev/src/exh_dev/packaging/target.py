"""The target of a bundle: its runtime, and the machine that this runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import compatible_tags, cpython_tags

from exh_dev.errors import UsageError

if TYPE_CHECKING:
    from packaging.tags import Tag

    from exh_dev.project.function_spec import Architecture

RUNTIMES = {f"python3.{minor}": (3, minor) for minor in range(11, 15)}
_LAST_PATCH = 99  # higher than any release: `python_full_version` of a marker is met by Lambda's, whichever that is
_OLDEST_GLIBC = 5  # manylinux1 is glibc 2.5
#: Lambda's operating system by Python version: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_AMAZON_LINUX_2 = 26  # glibc 2.26, up to Python 3.11
_AMAZON_LINUX_2023 = 34  # glibc 2.34
_FIRST_ON_2023 = (3, 12)
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Target:
    """The target of a bundle: `runtime` as in the manifest, such as `python3.13`, and the processor."""

    runtime: str
    architecture: Architecture

    @classmethod
    def of(cls, runtime: str, architecture: Architecture) -> Target:
        """Return the target of a runtime.

        Raises:
            UsageError: this project cannot be run by it.
        """
        if runtime not in RUNTIMES:
            raise UsageError(f"bundles can be built for {', '.join(RUNTIMES)}, not for {runtime}")
        return cls(runtime, architecture)

    @property
    def version(self) -> tuple[int, int]:
        return RUNTIMES[self.runtime]

    @property
    def machine(self) -> str:
        """The architecture as Linux calls it."""
        return "aarch64" if self.architecture == "arm64" else self.architecture

    @property
    def platforms(self) -> list[str]:
        """The platform tags of wheels that load there, best first."""
        newest = _AMAZON_LINUX_2023 if self.version >= _FIRST_ON_2023 else _AMAZON_LINUX_2
        found = []
        for glibc in range(newest, _OLDEST_GLIBC - 1, -1):
            found.append(f"manylinux_2_{glibc}_{self.machine}")
            if glibc in _LEGACY:
                found.append(f"{_LEGACY[glibc]}_{self.machine}")
        return found

    @property
    def tags(self) -> list[Tag]:
        """The tags of wheels that can be installed there, best first."""
        interpreter = f"cp{''.join(map(str, self.version))}"
        return [
            *cpython_tags(self.version, [interpreter], self.platforms),
            *compatible_tags(self.version, interpreter, self.platforms),
        ]

    @property
    def markers(self) -> dict[str, str]:
        """Return the environment markers of the target, such as `python_version`.

        Lambda uses the latest patch of each Python version, so the patch number is a guess.
        """
        version = ".".join(map(str, self.version))
        patched = f"{version}.{_LAST_PATCH}"
        return {
            "implementation_name": "cpython",
            "implementation_version": patched,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": patched,
            "python_version": version,
            "sys_platform": "linux",
        }

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"
