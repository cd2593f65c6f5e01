"""The debugger port of a function: debugpy's default."""

from __future__ import annotations

import socket
from importlib.util import find_spec

from exh_dev.errors import DevkitError
from exh_dev.extras import how_to_install

DEBUG_PORT = 5678  # debugpy's usual port


def check_installed() -> None:
    """Raise unless debugpy can be imported; it is not, because only the function's process uses it.

    Raises:
        DevkitError: `exh-dev[debug]` is not installed.
    """
    if find_spec("debugpy") is None:
        raise DevkitError(how_to_install("--debug", "debug"))


def check_free(port: int) -> None:
    """Check that a port on 127.0.0.1 is free.

    Raises:
        DevkitError: the port is in use.
    """
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise DevkitError(f"port {port}, where the debugger would attach, cannot be used: {reason}") from error
