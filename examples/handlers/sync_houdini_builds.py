"""Copies the production builds of a SideFX product into documents: those that are not there yet, oldest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.query import rql
from extrahorizon.sidefx import newest_first, service

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from collections.abc import Iterable


SCHEMA = "houdini-build"
#: What the members of a build look like that a document is made of.
FORMS = {
    "product": re.compile(r"[\w.-]+"),
    "platform": re.compile(r"[\w.-]*"),
    "version": re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})*"),
    "build": re.compile(r"[0-9]{1,9}"),
    "date": re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}"),
    "release": re.compile(r"\w+"),
    "status": re.compile(r"\w+"),
}
PRODUCT = "houdini"  # unless the task's data names another; that of a schedule of the manifest does not
sidefx = service()


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    sidefx.remaining = exh.deadline.remaining
    product = task.text("product") if "product" in task.data else PRODUCT
    platform = task.text("platform") if "platform" in task.data else None
    return synchronize(exh, product, platform)


def synchronize(exh: ExtraHorizon, product: str, platform: str | None = None) -> dict[str, Any]:
    """Make a document of each good production build that has none.

    Args:
        exh: the client.
        product: as SideFX calls it, such as `houdini`.
        platform: a family such as `linux`, or an exact one; all of them by default.

    Returns:
        How many builds were `created` and `known` before, and how many were `left_out`, since what SideFX says of them
        cannot be read; the `latest` one as `20.5.584`, None when there is none.

    Raises:
        APIError: SideFX refused the call.
        AuthorizationError: SideFX refused the credentials.
    """
    listed = sidefx.download.get_daily_builds_list(product, platform=platform, only_production=True)
    builds, left_out = good_builds(listed)
    of_product = rql.eq("data.product", product).select(["data.platform", "data.version", "data.build"])
    known = {_key(document.get("data", {})) for document in exh.data.documents.find_all(SCHEMA, of_product)}
    new = [build for build in builds if _key(build) not in known]
    created = sum(_create(exh, build) for build in reversed(new))
    latest = f"{builds[0]['version']}.{builds[0]['build']}" if builds else None
    logger.info("synchronized", extra={"product": product, "builds_created": created, "latest": latest})
    return {"created": created, "known": len(builds) - created, "left_out": left_out, "latest": latest}


def good_builds(listed: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return what a document says of each production build that was not withdrawn, and how many could not be read.

    Those that can be read are the newest first, by their numbers, and with the members that are documented alone:
    SideFX sends others too, large ones. Each of the others is a warning in the log, and is looked at again by the next
    run: one odd entry must not keep all others away.
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
    """Return whether this run made the document: another may have been faster."""
    try:
        exh.data.documents.create(SCHEMA, build)
    except ResourceAlreadyExistsError:
        return False
    return True
