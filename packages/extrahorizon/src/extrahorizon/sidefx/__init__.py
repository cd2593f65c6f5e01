"""A client of the SideFX (Houdini) Web API, with the names and arguments of SideFX's own `sidefx.py`.

**List the production builds of Houdini**

    from extrahorizon.sidefx import service

    sidefx = service()
    builds = sidefx.download.get_daily_builds_list("houdini", only_production=True)

Create the service once, at the top of the module: it reads and sends nothing before the first call, and warm
invocations reuse its connections. https://www.sidefx.com/docs/api/ lists SideFX's functions; any of them can be called.

Errors: `AuthorizationError` when the credentials are refused, `APIError` when a call is, `DownloadError` when a file is
not the announced one; of `extrahorizon.errors`, `PlatformUnreachableError` when no answer came, `DeadlineExceededError`
when the deadline passed, `ConfigurationError` when there are no credentials.
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
