"""Production builds as SideFX lists them, and the documents that are made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.query import rql
from extrahorizon.sidefx import newest_first

from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = "houdini-build"
#: The format of each field of a build that a document needs.
FORMS = {
    "product": re.compile(r"[\w.-]+"),
    "platform": re.compile(r"[\w.-]*"),
    "version": re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})*"),
    "build": re.compile(r"[0-9]{1,9}"),
    "date": re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}"),
    "release": re.compile(r"\w+"),
    "status": re.compile(r"\w+"),
}


def synchronize(exh: ExtraHorizon, product: str, listed: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Create a document for each good production build that has none.

    Args:
        exh: the client.
        product: SideFX's name of it, such as `houdini`.
        listed: its builds, as SideFX lists them.

    Returns:
        How many builds were `created`, were `known` before, and were `left_out` because a field has an unknown format;
        the `latest` one as `20.5.584`, None when there is none.
    """
    builds, left_out = good_builds(listed)
    of_product = rql.eq("data.product", product).select(["data.platform", "data.version", "data.build"])
    known = {_key(document.get("data", {})) for document in exh.data.documents.find_all(SCHEMA, of_product)}
    new = [build for build in builds if _key(build) not in known]
    created = sum(_create(exh, build) for build in reversed(new))
    latest = f"{builds[0]['version']}.{builds[0]['build']}" if builds else None
    logger.info("synchronized", extra={"product": product, "builds_created": created, "latest": latest})
    return {"created": created, "known": len(builds) - created, "left_out": left_out, "latest": latest}


def good_builds(listed: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return the data of a document for each production build that was not withdrawn, the newest version first.

    The data has the documented fields only: SideFX sends others too, large ones. A build with a field of an unknown
    format is left out with a warning in the log, so that one such entry does not stop the others; the next run reads it
    again.

    Returns:
        The data, and how many builds were left out.
    """
    good: list[dict[str, Any]] = []
    left_out = 0
    for each in listed:
        odd = {name: each.get(name) for name, form in FORMS.items() if not _is_of(form, each.get(name))}
        if odd:
            left_out += 1
            logger.warning("build_left_out", extra={"odd": odd, "version": each.get("version")})
        elif each["status"] == "good" and each["release"] == "gold":
            build = {name: each[name] for name in ("product", "platform", "version")}
            good.append({**build, "build": int(each["build"]), "date": each["date"].replace("/", "-")})
    return newest_first(good), left_out


def _is_of(form: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and form.fullmatch(str(value)) is not None


def _key(build: dict[str, Any]) -> tuple[Any, Any, Any]:
    return build.get("platform"), build.get("version"), build.get("build")


def _create(exh: ExtraHorizon, build: dict[str, Any]) -> bool:
    """Create a document, and return whether this run did: another run may have been faster."""
    try:
        exh.data.documents.create(SCHEMA, build)
    except ResourceAlreadyExistsError:
        return False
    return True
