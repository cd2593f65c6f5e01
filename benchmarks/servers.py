"""The local platform and moto's server, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOTO = """
import sys
from exh_dev.aws.services import LocalAws
with LocalAws() as aws:
    print(aws.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def platform(folder: Path | None = None) -> Iterator[dict[str, str]]:
    """`exh-dev serve` with its data in a folder, a fresh one by default; what `exh-dev credentials` says of it."""
    with tempfile.TemporaryDirectory() as fresh:
        place = ["--data-dir", str(folder or fresh)]
        command = [sys.executable, "-m", "exh_dev"]
        with first_line([*command, "serve", "--port", "0", *place]):
            told = subprocess.run(
                [*command, "credentials", *place, "--format", "json"], capture_output=True, check=True
            )
            details: dict[str, str] = json.loads(told.stdout)
            yield details


@contextmanager
def moto() -> Iterator[str]:
    """Moto's server; its URL."""
    with first_line([sys.executable, "-c", _MOTO]) as url:
        yield url


@contextmanager
def first_line(command: list[str]) -> Iterator[str]:
    """Run a process during the block; yield it and what it prints when it is ready."""
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
