"""Another AWS than moto's: ministack, in a process and an environment of its own.

What both take is less likely to be one emulator's mistake. Unlike moto it deploys whole stacks: changes them, rolls
them back, and deletes them by each resource's policy.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
STARTS_WITHIN = 60  # seconds


@dataclass(frozen=True)
class Emulator:
    """An AWS account that is empty at the start."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send every client of AWS here."""
        return {
            "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        }  # fmt: skip

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)


@contextmanager
def emulated(folder: Path) -> Iterator[Emulator]:
    """Start an emulator that keeps nothing outside of `folder`."""
    ministack = ROOT / ".venv-ministack" / "bin" / "ministack"
    if not ministack.exists():
        pytest.skip("`make .venv-ministack/.ready` installs the emulator")
    own = {"BIND_HOST": "127.0.0.1", "MINISTACK_REGION": REGION}
    own |= {"HOME": str(folder), "TMPDIR": str(folder), "S3_DATA_DIR": str(folder / "s3")}
    with listening(lambda port: ["env", f"GATEWAY_PORT={port}", str(ministack)], folder, own) as url:
        yield Emulator(url)


@contextmanager
def listening(
    command: Callable[[int], Sequence[str]], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Start a program that listens at a port, and give its address; what it prints is kept in `folder`.

    Args:
        command: the program and its arguments, for a port.
        folder: where it runs.
        environment: its variables besides PATH.
    """
    port = _free_port()
    own = {"PATH": os.environ["PATH"], **(environment or {})}
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(command(port), cwd=folder, env=own, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "emulator.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def program(arguments: Sequence[str], cwd: Path) -> None:
    """Run a program, and skip the test that needs it where it is not there or cannot do its work."""
    try:
        subprocess.run(arguments, cwd=cwd, check=True, capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        pytest.skip(f"{arguments[0]} is not on the PATH")
    except subprocess.TimeoutExpired:
        pytest.skip(f"{' '.join(arguments)} did not end within two minutes")
    except subprocess.CalledProcessError as error:
        if "EINTEGRITY" in error.stderr:
            pytest.fail(error.stderr)
        pytest.skip(f"{' '.join(arguments)} failed: {error.stderr.strip().splitlines()[-1:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the emulator did not start: {log.read_text()[-2000:]}")
