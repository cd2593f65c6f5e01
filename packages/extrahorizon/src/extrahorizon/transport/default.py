"""The choice of a client's default transport: over sockets, or over requests where a proxy is set."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from extrahorizon.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extrahorizon.transport.protocol import Transport

#: The environment variable that overrides the choice: `requests`, or `sockets`, which ignores the proxy variables.
VARIABLE = "EXH_TRANSPORT"
REQUESTS, SOCKETS = "requests", "sockets"
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")


def default_transport(
    *,
    proxies: Mapping[str, str] | None = None,
    verify: bool | str | None = None,
    cert: str | tuple[str, str] | None = None,
) -> Transport:
    """Return a new transport. Only the chosen module is imported: the import is half of a function's cold start.

    Args:
        proxies: as requests takes them; None for those of the environment.
        verify: as for `ExtraHorizon`.
        cert: as for `ExtraHorizon`.

    Raises:
        ConfigurationError: `EXH_TRANSPORT` has an unknown value, or is `sockets` although `proxies` are given; or a
            certificate file cannot be read.
    """
    if proxies is not None and _chosen() == SOCKETS:
        raise ConfigurationError(
            f"{VARIABLE} is {SOCKETS}, which uses no proxy, but proxies are given; unset it or set it to {REQUESTS}"
        )
    if proxies is not None or _is_over_requests():
        from extrahorizon.transport.over_requests import RequestsTransport

        return RequestsTransport(proxies=proxies, verify=verify, cert=cert)
    from extrahorizon.transport.over_sockets import SocketTransport

    return SocketTransport(verify=verify, cert=cert)


def preload() -> None:
    """Import the default transport while a Lambda function starts: then it has a full CPU, and later only a share."""
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
    if sys.platform == "darwin":  # there, requests also reads the proxies in the system settings
        from urllib.request import getproxies

        return bool(getproxies())
    return False
