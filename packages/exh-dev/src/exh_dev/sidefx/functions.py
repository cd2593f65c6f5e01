"""The documented functions of the Web API, called with the arguments that a request names."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from exh_dev.sidefx.catalogue import WITHOUT_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.sidefx.catalogue import Build

_OS = ["Linux", "macOS", "Windows"]
_PRODUCTS = ["Houdini FX", "Houdini Core", "Houdini Engine", "Karma"]
_CATEGORIES = ["Animation", "Geometry", "HDK", "Rendering", "VEX"]
_PRIORITIES = ["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
_TYPES = ["bug", "RFE", "question"]
_LONGEST_SUMMARY = 100
_FULL_VERSION = re.compile(r"\d+\.\d+\.\d+")

_LICENSED = {"HOUDINI-NC": "Houdini-Master-NonCommercial", "RENDER-NC": "Render-NonCommercial"}
_LICENSE_DAYS = 30

_RECENT_DAYS = 7
_TITLE_LENGTH = 33
_CHANGE = "Fixed a crash when loading very old scene files from a network drive."

_NOTHING: Any = object()


class RefusedError(Exception):
    """The function refuses; the message is meant for the user and becomes a 422."""


class State(Protocol):
    """The state that the functions read and change; `sidefx.state.LocalSideFX` implements it."""

    clock: Callable[[], float]
    builds: tuple[Build, ...]
    sorted_as_text: bool
    issues: list[dict[str, Any]]
    licenses_issued: int

    def signed_url(self, build: Build) -> str:
        """Return where `build` can be downloaded for a while."""
        ...


def functions(sidefx: State) -> dict[str, Callable[..., Any]]:
    """Return all functions by name, on the state of `sidefx`."""
    return {
        "download.get_daily_builds_list": _Download(sidefx).get_daily_builds_list,
        "download.get_daily_build_download": _Download(sidefx).get_daily_build_download,
        "license.get_non_commercial_license": _License(sidefx).get_non_commercial_license,
        "changelog.get_latest_changelog_entries": _Changelog(sidefx).get_latest_changelog_entries,
        "bugs.get_submission_options": _Bugs(sidefx).get_submission_options,
        "bugs.submit_issue": _Bugs(sidefx).submit_issue,
    }


class _Download:
    def __init__(self, sidefx: State) -> None:
        self._sidefx = sidefx

    def get_daily_builds_list(
        self,
        product: str,
        version: str | list[str] | None = None,
        platform: str | None = None,
        only_production: bool = False,
    ) -> list[dict[str, str]]:
        versions = None if version is None else [version] if isinstance(version, str) else version
        if versions is not None and not _are_texts(versions):
            raise RefusedError("version must be a string such as '20.5', or a list of such strings")
        found = [
            build
            for build in self._of(product)
            if (versions is None or build.version in versions)
            and build.is_for(platform)
            and (not only_production or build.release == "gold" or product in WITHOUT_PLATFORM)
        ]
        return [build.as_listed() for build in sorted(found, key=self._order(), reverse=True)]

    def get_daily_build_download(
        self, product: str, version: str, build: str | int, platform: str | None = None
    ) -> dict[str, str | int]:
        if not isinstance(version, str):
            raise RefusedError("version must be a string such as '20.5'")
        if platform is None and product not in WITHOUT_PLATFORM:
            raise RefusedError(f"platform is needed for {product}")
        candidates = [
            each
            for each in self._of(product)
            if each.version == version
            and each.is_for(platform)
            and (each.release == "gold" if build == "production" else str(each.build) == str(build))
        ]
        if not candidates:
            raise RefusedError(f"There is no build {version}.{build} of {product} for {platform}")
        found = max(candidates, key=lambda each: (each.number, each.platform))
        return {
            "download_url": self._sidefx.signed_url(found),
            "filename": found.filename,
            "hash": found.md5,
            "size": len(found.content),
            "date": found.date,
            "status": found.status,
            "releases_list": found.release,
        }

    def _of(self, product: str) -> list[Build]:
        found = [build for build in self._sidefx.builds if build.product == product]
        if not found:
            raise RefusedError(f"There is no product {product!r}")
        return found

    def _order(self) -> Callable[[Build], Any]:
        if self._sidefx.sorted_as_text:
            return lambda build: (build.version, str(build.build))
        return lambda build: build.number


class _License:
    def __init__(self, sidefx: State) -> None:
        self._sidefx = sidefx

    def get_non_commercial_license(
        self, server_name: str, server_code: str, version: str | None = None, products: str = _NOTHING
    ) -> dict[str, Any]:
        if products is _NOTHING:  # documented after `version`, which may be left out
            raise TypeError("get_non_commercial_license() missing 1 required argument: 'products'")
        known = sorted({build.version for build in self._sidefx.builds}, key=lambda each: [*map(int, each.split("."))])
        version = known[-1] if version is None else version
        if version not in known:
            raise RefusedError(f"Houdini {version} is no longer supported")
        wanted = products.split(";") if isinstance(products, str) else []
        if not wanted or not set(wanted) <= set(_LICENSED):
            raise RefusedError(f"products must be {' or '.join(_LICENSED)}, or both joined by a semicolon")
        now = datetime.fromtimestamp(self._sidefx.clock(), UTC)
        expiry = f"{now + timedelta(_LICENSE_DAYS):%d-%b-%Y}".lower()
        seed = hashlib.sha256(f"{server_name}/{server_code}/{version}".encode()).hexdigest()
        self._sidefx.licenses_issued += len(wanted)
        return {
            "license_keys": [
                f"LICENSE Generic {_LICENSED[each]} {version} 1 {expiry} +.+.+.+ {server_name} {seed[:8]} {seed[8:24]}"
                for each in wanted
            ],
            "server_key": f"SERVER {server_name} {server_code} {seed[:32]}",
        }


class _Changelog:
    def __init__(self, sidefx: State) -> None:
        self._sidefx = sidefx

    def get_latest_changelog_entries(self, version: str) -> list[dict[str, str | int]]:
        since = datetime.fromtimestamp(self._sidefx.clock(), UTC) - timedelta(_RECENT_DAYS)
        recent = {
            build.build: build
            for build in self._sidefx.builds
            if build.version == version and build.date >= f"{since:%Y/%m/%d}"
        }
        return [
            {
                "title": f"{version}.{number}: {_CHANGE[:_TITLE_LENGTH]}...",
                "description": f"<p>{_CHANGE}</p>",
                "pubdate": recent[number].date,
                "version": f"{version}.{number}",
                "build": number,
            }
            for number in sorted(recent, reverse=True)
        ]


class _Bugs:
    def __init__(self, sidefx: State) -> None:
        self._sidefx = sidefx

    def get_submission_options(self) -> dict[str, list[str]]:
        return {"os": _OS, "products": _PRODUCTS, "categories": _CATEGORIES}

    def submit_issue(  # noqa: PLR0917 - all may be positional, as documented
        self,
        priority: str,
        product: str,
        type: str,  # noqa: A002 - SideFX's name
        category: str,
        os: str,
        version: str,
        summary: str,
        description: str,
        watchers: list[str] | None = None,
        custom_id: str | None = None,
    ) -> dict[str, Any]:
        issue = {name: value for name, value in locals().items() if name != "self"}
        for name, allowed in (
            ("priority", _PRIORITIES),
            ("product", [*_PRODUCTS, "All"]),
            ("type", _TYPES),
            ("category", [*_CATEGORIES, "general"]),
            ("os", [*_OS, "All"]),
        ):
            if issue[name] not in allowed:
                raise RefusedError(f"{name} must be one of {', '.join(allowed)}")
        if not _FULL_VERSION.fullmatch(version):
            raise RefusedError("version must be a full version such as 20.5.613")
        if len(summary) > _LONGEST_SUMMARY:
            raise RefusedError(f"summary must have at most {_LONGEST_SUMMARY} characters")
        self._sidefx.issues.append(issue)
        return {"id": len(self._sidefx.issues), "custom_id": custom_id}


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
