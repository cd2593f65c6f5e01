"""Software bill of materials of a bundle, in CycloneDX 1.6.

https://cyclonedx.org/docs/1.6/json/. It has the NTIA minimum elements: supplier, name, version, dependencies, author
and timestamp. It has no serial number and no clock time, so that one commit always gives the same document.
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
from cyclonedx.model.contact import OrganizationalContact, OrganizationalEntity
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import exh_dev
from exh_dev.packaging.wheels import Wheel

if TYPE_CHECKING:
    from cyclonedx.model.license import License

    from exh_dev.packaging.node import Package
    from exh_dev.packaging.origin import Origin
    from exh_dev.packaging.parts import Parts
    from exh_dev.packaging.target import Target

#: What the bundle was built for, as properties of the root component.
RUNTIME, ARCHITECTURE = "runtime", "architecture"


def bill_of_materials(name: str, checksum: str, origin: Origin, target: Target, parts: Parts[Wheel | Package]) -> str:
    """Return the bill of materials of a function's bundle, as JSON.

    Args:
        name: the function's name.
        checksum: SHA-256 of the zip, hexadecimal.
        origin: the build's provenance.
        target: the build's target.
        parts: the bundled packages.
    """
    authors = [OrganizationalContact(name=each.name or None, email=each.email or None) for each in origin.authors]
    supplier = _entity(", ".join(each.name or each.email for each in origin.authors))
    bom = Bom()
    root = Component(
        name=name,
        version=origin.version or None,
        type=ComponentType.APPLICATION,
        bom_ref=name,
        supplier=supplier,
        authors=authors,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)],
        properties=[
            Property(name=RUNTIME, value=target.runtime),
            Property(name=ARCHITECTURE, value=target.architecture),
        ],
    )
    bom.metadata.component = root
    bom.metadata.supplier = supplier
    bom.metadata.authors = authors
    bom.metadata.tools.components.add(_tool())
    if origin.time is not None:
        bom.metadata.timestamp = origin.time
    components = {each: _component(package) for each, package in parts.packages.items()}
    for each, component in components.items():
        bom.components.add(component)
        bom.register_dependency(component, [components[needed] for needed in parts.needs.get(each, ())])
    bom.register_dependency(root, [components[each] for each in parts.direct])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del found["serialNumber"]
    if origin.time is None:
        del found["metadata"]["timestamp"]
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _component(package: Wheel | Package) -> Component:
    if isinstance(package, Wheel):
        name, version = package.pin.name, package.pin.version
        url = PackageURL("pypi", name=name, version=version)
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=package.sha256)]
        licence, author = _licence(package), package.author
    else:
        name, version = package.name, package.version
        namespace, _, last = name.rpartition("/")
        url = PackageURL("npm", namespace=namespace or None, name=last, version=version)
        hashes = []
        licence = LicenseFactory().make_from_string(package.licence) if package.licence else None
        author = package.author
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        supplier=_entity(author),
        hashes=hashes,
        licenses=[licence] if licence else [],
    )


def _tool() -> Component:
    url = PackageURL("pypi", name="exh-dev", version=exh_dev.__version__)
    return Component(
        name="exh-dev",
        version=exh_dev.__version__,
        type=ComponentType.APPLICATION,
        bom_ref=url.to_string(),
        purl=url,
    )


def _entity(name: str) -> OrganizationalEntity | None:
    return OrganizationalEntity(name=name) if name else None


def _licence(wheel: Wheel) -> License | None:
    """Return the licence that the package declares; a multi-line string is the licence text, not its name."""
    text = wheel.metadata.get("License-Expression") or wheel.metadata.get("License") or ""
    return LicenseFactory().make_from_string(text) if text and "\n" not in text else None
