"""Which transport a client has when none is given to it: the one over sockets, unless there is a proxy."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from extrahorizon.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extrahorizon.transport.protocol import Transport

#: The environment variable that chooses: `requests`, or `sockets`, which then uses no proxy of the environment.
VARIABLE = "EXH_TRANSPORT"
REQUESTS, SOCKETS = "requests", "sockets"
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")


def default_transport(
    *,
    proxies: Mapping[str, str] | None = None,
    verify: bool | str | None = None,
    cert: str | tuple[str, str] | None = None,
) -> Transport:
    """Return the transport of a client; only that one is imported, which is half of a function's cold start.

    Args:
        proxies: as requests takes them; none for those of the environment.
        verify: as for `ExtraHorizon`.
        cert: as for `ExtraHorizon`.

    Raises:
        ConfigurationError: `EXH_TRANSPORT` is something else, or excludes the proxies; or a file cannot be read.
    """
    if proxies is not None and _chosen() == SOCKETS:
        raise ConfigurationError(f"{VARIABLE} is {SOCKETS}, which uses no proxy, and proxies are given")
    if proxies is not None or _is_over_requests():
        from extrahorizon.transport.over_requests import RequestsTransport

        return RequestsTransport(proxies=proxies, verify=verify, cert=cert)
    from extrahorizon.transport.over_sockets import SocketTransport

    return SocketTransport(verify=verify, cert=cert)


def preload() -> None:
    """Import on Lambda what the first call needs: a function that starts has a full processor, later a part of one."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and VARIABLE not in os.environ and not _has_proxy():
        import extrahorizon.transport.over_sockets  # noqa: F401 - imported for later


def _is_over_requests() -> bool:
    return _chosen() == REQUESTS or (not _chosen() and _has_proxy())


def _chosen() -> str:
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen not in ("", REQUESTS, SOCKETS):
        raise ConfigurationError(f"{VARIABLE} is {chosen!r}; expected {REQUESTS} or {SOCKETS}")
    return chosen


def _has_proxy() -> bool:
    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return True
    if sys.platform == "darwin":  # where requests takes those of the system's settings, too
        from urllib.request import getproxies

        return bool(getproxies())
    return False
