"""Copies the production builds of a SideFX product into documents: those that are not there yet, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.query import rql
from extrahorizon.sidefx import newest_first, service

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from collections.abc import Iterable


SCHEMA = "houdini-build"
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
        How many builds were `created` and `known` before; the `latest` one as `20.5.584`, None when there is none.

    Raises:
        APIError: SideFX refused the call.
        AuthorizationError: SideFX refused the credentials.
    """
    listed = sidefx.download.get_daily_builds_list(product, platform=platform, only_production=True)
    builds = good_builds(listed)
    of_product = rql.eq("data.product", product).select(["data.platform", "data.version", "data.build"])
    known = {_key(document["data"]) for document in exh.data.documents.find_all(SCHEMA, of_product)}
    new = [build for build in builds if _key(build) not in known]
    created = sum(_create(exh, build) for build in reversed(new))
    latest = f"{builds[0]['version']}.{builds[0]['build']}" if builds else None
    logger.info("synchronized", extra={"product": product, "builds_created": created, "latest": latest})
    return {"created": created, "known": len(builds) - created, "latest": latest}


def good_builds(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a document says of each production build that was not withdrawn; the newest first, by its numbers.

    Only the members that are documented: SideFX sends others too, large ones.
    """
    good = [each for each in listed if each["status"] == "good" and each["release"] == "gold"]
    return [
        {
            **{name: each[name] for name in ("product", "platform", "version")},
            "build": int(each["build"]),
            "date": each["date"].replace("/", "-"),
        }
        for each in newest_first(good)
    ]


def _key(build: dict[str, Any]) -> tuple[str, str, int]:
    return build["platform"], build["version"], int(build["build"])


def _create(exh: ExtraHorizon, build: dict[str, Any]) -> bool:
    """Whether this run made the document: another may have been faster."""
    try:
        exh.data.documents.create(SCHEMA, build)
    except ResourceAlreadyExistsError:
        return False
    return True
