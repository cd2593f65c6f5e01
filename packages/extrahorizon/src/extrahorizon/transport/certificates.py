"""Which certificates a transport trusts and shows: checked when a client is made, not at its first request."""

from __future__ import annotations

import os

from extrahorizon.errors import ConfigurationError


def checked_ca(verify: bool | str | None) -> bool | str:
    """Return which CA certificates to trust: those given, of the environment, or (True) of certifi.

    Raises:
        ConfigurationError: the file or folder does not exist.
        TypeError: it is neither a path nor a boolean.
    """
    if isinstance(verify, bool):
        return verify
    if verify is not None and not isinstance(verify, str):
        raise TypeError(f"verify is a boolean or the path of a CA bundle, not a value of type {type(verify).__name__}")
    source = "verify" if verify else "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
    path = verify or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if path is not None and path and not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded
        raise ConfigurationError(f"{source} names {path}, which does not exist")
    return path or True


def checked_cert(cert: str | tuple[str, str] | None) -> str | tuple[str, str] | None:
    """Return a client certificate whose files exist.

    Raises:
        ConfigurationError: one of the files does not exist.
    """
    for path in (cert,) if isinstance(cert, str) else cert or ():
        if not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded
            raise ConfigurationError(f"cert names {path}, which does not exist")
    return cert
