"""A build of Houdini on disk: found, downloaded in constant memory, and checked before it gets its name."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from extrahorizon.sidefx.account import url_problem
from extrahorizon.sidefx.errors import APIError, DownloadError
from extrahorizon.sidefx.transport import Limits, chunks, prepare, send

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import requests

    from extrahorizon.sidefx.service import Service

_OK = 200
_FORBIDDEN = 403
_MD5 = re.compile(r"[0-9a-f]{32}")


def newest_first(builds: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the builds of `download.get_daily_builds_list`, sorted by version and build number.

    SideFX sends both as strings and has been seen to sort them as strings, `10` before `9`.

    **The newest of two builds**

        >>> newest_first([{"version": "20.5", "build": "9"}, {"version": "20.5", "build": "10"}])[0]["build"]
        '10'

    Raises:
        ValueError: a version or build is missing, or not made of numbers; the message has both.
    """
    return sorted(builds, key=_numbers, reverse=True)


def _numbers(build: dict[str, Any]) -> tuple[tuple[int, ...], int]:
    """Return the version and the build, apart: 20.5.1 is later than 20.5 whatever their builds are."""
    version, number = build.get("version"), build.get("build")
    try:
        return tuple(map(int, str(version).split("."))), int(str(number))
    except ValueError:
        raise ValueError(f"version {version!r}, build {number!r}: not made of numbers") from None


def download_build(  # noqa: D417 - service is the client
    service: Service,
    product: str,
    version: str,
    build: str | int,
    platform: str | None = None,
    *,
    directory: str | os.PathLike[str] = ".",
) -> Path:
    """Download one build; the file is complete and has the announced size and MD5.

    **The newest production build for Linux**

        from extrahorizon.sidefx import newest_first, service

        sidefx = service()
        builds = sidefx.download.get_daily_builds_list("houdini", platform="linux", only_production=True)
        newest = newest_first(builds)[0]
        path = download_build(sidefx, "houdini", newest["version"], newest["build"], "linux", directory="builds")

    Args:
        product: such as `houdini`.
        version: such as `20.5`; a string, because 20.10 is not 20.1.
        build: its number, or `production` for the latest production build.
        platform: such as `linux` or `linux_x86_64_gcc11.2`; None for products that have none.
        directory: destination folder, created if missing. Builds have 1 to 2.5 GB.

    Returns:
        The path of the file, with SideFX's name. An existing file is replaced.

    Raises:
        APIError: SideFX refused the question or the download.
        AuthorizationError: the credentials are refused.
        ConfigurationError: there are no usable credentials.
        DeadlineExceededError: the deadline passed.
        DownloadError: the file is not the announced one.
        OSError: it cannot be written.
        PlatformUnreachableError: no answer came, or the connection was lost.
    """
    limits = Limits(service.timeout, service.remaining)
    arguments = (product, version, build) if platform is None else (product, version, build, platform)
    asked_again = False
    while True:
        offer = _Offer.of(service.download.get_daily_build_download(*arguments))
        with _get(offer, limits) as response:
            if response.status_code == _FORBIDDEN and not asked_again:  # the URL has expired
                asked_again = True
                continue
            if response.status_code != _OK:
                raise APIError(response.status_code, f"the download of {offer.filename} was refused")
            return _save(offer, response, Path(directory), limits)


@dataclass(frozen=True)
class _Offer:
    """The answer of `download.get_daily_build_download`. Its repr omits the URL, which lets anyone download."""

    url: str = field(repr=False)
    filename: str
    size: int  # bytes
    md5: str

    @classmethod
    def of(cls, answer: object) -> _Offer:
        """Read an answer. Only the last part of the file name counts, by the rules of Windows and of all others.

        Raises:
            DownloadError: it cannot be used.
        """
        members = answer if isinstance(answer, dict) else {}
        url, size, md5 = (members.get(name) for name in ("download_url", "size", "hash"))
        filename = PureWindowsPath(str(members.get("filename") or "")).name
        if not isinstance(url, str) or url_problem(url):
            raise DownloadError("the download_url that SideFX sent is not an https URL")
        if filename in ("", ".", "..") or not filename.isprintable():
            raise DownloadError("the filename that SideFX sent is not the name of a file")
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise DownloadError(f"the size that SideFX sent for {filename} is not a number of bytes")
        if not isinstance(md5, str) or not _MD5.fullmatch(md5.lower()):
            raise DownloadError(f"the hash that SideFX sent for {filename} is not an MD5")
        return cls(url, filename, size, md5.lower())


def _get(offer: _Offer, limits: Limits) -> requests.Response:
    # Without Authorization: another host gives the file, and what is signed is the URL. Not compressed: the MD5 is that
    # of the file.
    request = prepare("GET", offer.url, headers={"Accept-Encoding": "identity"})
    request.url = offer.url  # as it was signed; requests would write `%7E` as `~`
    return send(request, f"the download of {offer.filename}", limits, repeatable=True)


def _save(offer: _Offer, response: requests.Response, directory: Path, limits: Limits) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / offer.filename
    temporary = directory / f".{uuid.uuid4().hex}.part"
    try:
        _write_checked(offer, response, temporary, limits)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _write_checked(offer: _Offer, response: requests.Response, path: Path, limits: Limits) -> None:
    digest = hashlib.md5(usedforsecurity=False)  # what SideFX announces
    size = 0
    with path.open("xb") as file:
        for chunk in chunks(response, f"the download of {offer.filename}", limits, decoded=False):
            size += len(chunk)
            if size > offer.size:
                break
            digest.update(chunk)
            file.write(chunk)
    if size != offer.size:
        found = f"more than {offer.size}" if size > offer.size else size
        raise DownloadError(f"{offer.filename} has {found} bytes instead of the announced {offer.size}")
    if digest.hexdigest() != offer.md5:
        raise DownloadError(f"the MD5 of {offer.filename} is {digest.hexdigest()} instead of the announced {offer.md5}")
