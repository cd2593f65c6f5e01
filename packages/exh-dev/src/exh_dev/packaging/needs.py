"""Check that a lock has every dependency of its packages, including those of their extras."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from exh_dev.errors import DevkitError
from exh_dev.packaging.parts import Parts
from exh_dev.packaging.wheels import PROVIDED
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from packaging.requirements import Requirement

    from exh_dev.packaging.locks import Extras, Pin
    from exh_dev.packaging.target import Target
    from exh_dev.packaging.wheels import Wheel


def with_needs(wheels: Sequence[Wheel], pins: Mapping[str, Pin], asked: Extras, target: Target) -> list[Wheel]:
    """Return wheels with the extras that requirements or other packages ask for.

    Args:
        wheels: the packages of a bundle.
        pins: what the lock has, by name.
        asked: the extras that requirements ask for.
        target: target of the bundle.

    Raises:
        DevkitError: the lock lacks a package that one of them needs, or has it in an excluded version; or one of them
            lacks an extra that a requirement asks for.
    """
    found = {wheel.pin.name: wheel for wheel in wheels}
    extras: dict[str, dict[str, str]] = defaultdict(dict)
    # Visit each package without extras, then with each requested extra, with the place of the first request.
    waiting = [(name, "", found[name].pin.where) for name in found]
    waiting += [(name, extra, where) for name, each in asked.items() for extra, where in each.items()]
    for name, extra, where in waiting:  # which grows
        if name not in found or extra in extras[name]:
            continue
        if extra and extra not in found[name].provided_extras:
            _refuse_unknown(found[name], extra, where, asked)
        extras[name][extra] = where
        for need in found[name].needs(target, extra):
            _check(need, pins, f"{where}: {_shown(found[name].pin, extra)} needs {_text(need)}")
            waiting += [(canonicalize_name(need.name), canonicalize_name(each), where) for each in sorted(need.extras)]
    return [replace(wheel, extras=frozenset(extras[wheel.pin.name]) - {""}) for wheel in wheels]


def parts_of(wheels: Sequence[Wheel], asked: AbstractSet[str], target: Target) -> Parts[Wheel]:
    """Return the packages of a bundle with what they need of each other.

    Args:
        wheels: the packages, with the extras that are wanted of them.
        asked: the names of those that the function asks for.
        target: target of the bundle.
    """
    found = {wheel.pin.name: wheel for wheel in wheels}
    needs = {
        name: {canonicalize_name(need.name) for need in wheel.needs(target, *wheel.extras)} & found.keys() - {name}
        for name, wheel in found.items()
    }
    return Parts(found, needs, found.keys() & asked)


def _check(need: Requirement, pins: Mapping[str, Pin], what: str) -> None:
    name = canonicalize_name(need.name)
    pin = pins.get(name)
    if name not in PROVIDED and (pin is None or not need.specifier.contains(pin.version, prereleases=True)):
        has = f"has {pin.version}" if pin else "does not have it"
        raise DevkitError(f"{what}, but the lock {has}; make it again with `make lock`")


def _refuse_unknown(wheel: Wheel, extra: str, where: str, asked: Extras) -> None:
    """Raise if the project asks for an extra that does not exist.

    Packages may ask for one that a later version of the other package dropped.
    """
    name = wheel.pin.name
    if asked.get(name, {}).get(extra) == where and extra not in wheel.pin.extras:
        known = sorted(wheel.provided_extras)
        raise DevkitError(
            f"{where}: {name} {wheel.pin.version} has no extra `{extra}`{did_you_mean(extra, known)}; it has: "
            f"{', '.join(known) or 'none'}"
        )


def _shown(pin: Pin, extra: str) -> str:
    return f"{pin.name}[{extra}] {pin.version}" if extra else f"{pin.name} {pin.version}"


def _text(need: Requirement) -> str:
    extras = f"[{','.join(sorted(need.extras))}]" if need.extras else ""
    return f"{need.name}{extras}{need.specifier}"
