"""The packages of a bundle, and which of them needs which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

P_co = TypeVar("P_co", covariant=True)


@dataclass(frozen=True)
class Parts(Generic[P_co]):
    """Packages, each under a name that no other has.

    Attributes:
        packages: all of them.
        needs: what each of them needs of the others.
        asked: those that the function asks for by itself.
    """

    packages: Mapping[str, P_co]
    needs: Mapping[str, Collection[str]]
    asked: Collection[str]

    @property
    def direct(self) -> list[str]:
        """Return the packages that the function asks for, and those no other package needs, as in a hand-made lock."""
        needed = {each for name, found in self.needs.items() for each in found if each != name}
        return [name for name in self.packages if name in self.asked or name not in needed]

    def only(self, names: Collection[str]) -> Parts[P_co]:
        """Return only these packages; one whose dependents were dropped becomes a direct one."""
        packages = {name: package for name, package in self.packages.items() if name in names}
        needs = {name: [each for each in self.needs.get(name, ()) if each in names] for name in packages}
        return Parts(packages, needs, [name for name in self.asked if name in names])
