"""`exh-dev serve`: the local platform in the foreground until it is told to stop."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from devkit.local import LocalPlatform

if TYPE_CHECKING:
    from pathlib import Path

    from devkit.output import Output


def serve(output: Output, *, port: int, data_dir: Path, ephemeral: bool, announce_on_stdout: bool) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        output: how to speak.
        port: loopback port, 0 for a free one.
        data_dir: where state and credentials are kept.
        ephemeral: keep state in memory only.
        announce_on_stdout: print the one JSON line that programs wait for.

    Raises:
        DevkitError: the port or the data directory is in use.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with LocalPlatform(port=port, data_dir=data_dir, ephemeral=ephemeral) as platform:
        platform.start()
        credentials_file = str(data_dir / "credentials")
        if announce_on_stdout:
            output.result({"url": platform.url, "credentials_file": credentials_file, "dashboard": None})
        else:
            output.note(f"Local Extra Horizon on {platform.url} (only this machine can reach it)")
            output.note(f"Credentials in {credentials_file}; `exh-dev credentials` prints them. Ctrl-C stops it.")
        stop.wait()
        output.note("stopping")
