"""What is in a bundle, for auditors: a software bill of materials in CycloneDX 1.6.

https://cyclonedx.org/docs/1.6/json/. No serial number and no date, so that the same bundle has the same one.
"""

# Its decorators hide what the classes of cyclonedx-python-lib take from pyright.
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from exh_dev.packaging.wheels import Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclonedx.model.license import License

    from exh_dev.packaging.node import Package
    from exh_dev.packaging.target import Target

#: What the bundle was built for, as properties of the root component.
RUNTIME, ARCHITECTURE = "runtime", "architecture"


def bill_of_materials(
    name: str, version: str, checksum: str, target: Target, packages: Sequence[Wheel | Package]
) -> str:
    """The bill of materials of a function's bundle, as JSON.

    Args:
        name: the function.
        version: of the project.
        checksum: SHA-256 of the zip, hexadecimal.
        target: what it was built for.
        packages: what is in it. Which package of Node.js needs which is not told.
    """
    bom = Bom()
    root = Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=name,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)],
        properties=[
            Property(name=RUNTIME, value=target.runtime),
            Property(name=ARCHITECTURE, value=target.architecture),
        ],
    )
    bom.metadata.component = root
    wheels = [each for each in packages if isinstance(each, Wheel)]
    components = {wheel.pin.name: _component(wheel) for wheel in wheels}
    modules = [_module(each) for each in packages if not isinstance(each, Wheel)]
    for component in (*components.values(), *modules):
        bom.components.add(component)
    for wheel in wheels:
        bom.register_dependency(components[wheel.pin.name], _needed(wheel, components, target))
    bom.register_dependency(root, [*components.values(), *modules])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del found["serialNumber"], found["metadata"]["timestamp"]
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _component(wheel: Wheel) -> Component:
    url = PackageURL("pypi", name=wheel.pin.name, version=wheel.pin.version)
    licence = _licence(wheel)
    return Component(
        name=wheel.pin.name,
        version=wheel.pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=[licence] if licence else [],
    )


def _module(package: Package) -> Component:
    namespace, _, name = package.name.rpartition("/")
    url = PackageURL("npm", namespace=namespace or None, name=name, version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[LicenseFactory().make_from_string(package.licence)] if package.licence else [],
    )


def _licence(wheel: Wheel) -> License | None:
    """What the package says its licence is; a text of many lines is the licence itself, not its name."""
    text = wheel.metadata.get("License-Expression") or wheel.metadata.get("License") or ""
    return LicenseFactory().make_from_string(text) if text and "\n" not in text else None


def _needed(wheel: Wheel, components: dict[str, Component], target: Target) -> list[Component]:
    names = [canonicalize_name(need.name) for need in wheel.needs(target)]
    return [components[name] for name in names if name in components]
