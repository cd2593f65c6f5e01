"""A client of the SideFX (Houdini) Web API, with the names and arguments of SideFX's own `sidefx.py`.

    from extrahorizon.sidefx import service

    sidefx = service()
    builds = sidefx.download.get_daily_builds_list("houdini", only_production=True)

Make the service once, at the top of the module: nothing is read or sent before the first call, and warm invocations
keep its connections. What SideFX offers is listed at https://www.sidefx.com/docs/api/; any function of it can be
called, none is named here.

Errors: `AuthorizationError` when the credentials are refused, `APIError` when a call is, `DownloadError` when a file is
not what was announced; of `extrahorizon.errors`, `PlatformUnreachableError` when no answer came,
`DeadlineExceededError` when the time was up, `ConfigurationError` when there is nothing to call with.
"""

from extrahorizon.sidefx.account import ACCESS_TOKEN_URL, ENDPOINT_URL
from extrahorizon.sidefx.download import download_build, newest_first
from extrahorizon.sidefx.errors import APIError, AuthorizationError, DownloadError, SideFXError
from extrahorizon.sidefx.files import File, ResponseFile
from extrahorizon.sidefx.service import RemoteFunction, Service

#: The name that SideFX's own client gives it.
service = Service

__all__ = [
    "ACCESS_TOKEN_URL",
    "ENDPOINT_URL",
    "APIError",
    "AuthorizationError",
    "DownloadError",
    "File",
    "RemoteFunction",
    "ResponseFile",
    "Service",
    "SideFXError",
    "download_build",
    "newest_first",
    "service",
]
