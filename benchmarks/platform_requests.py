"""A request to the local platform, signed and verified, against one to moto's server for a secret.

Each server runs in a process of its own, each client is a kept-alive connection that does nothing but send and read;
signatures are made before.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from extrahorizon.oauth1 import OAuth1Signer

from benchmarks.timing import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.timing import Spread

CALLS = 200
ROUNDS = 15
ME = "/users/v1/me"
_MOTO = """
import sys, time
from exh_dev.aws.services import LocalAws
with LocalAws() as aws:
    aws.put_secret("exh/tasks", {"API_HOST": "https://api.acme.io", "API_OAUTH_TOKEN": "token"})
    print(aws.url, flush=True)
    sys.stdin.read()
"""


def measure() -> dict[str, Any]:
    """Time per request."""
    with ExitStack() as stack:
        details = stack.enter_context(_platform())
        moto = stack.enter_context(_moto())
        signer = OAuth1Signer(*(details[name] for name in ("consumer_key", "consumer_secret", "token", "token_secret")))
        url = details["host"] + ME

        def signed() -> list[dict[str, str]]:
            return [{"Authorization": signer.authorization("GET", url)} for _ in range(CALLS)]

        secret = {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "application/x-amz-json-1.1"}
        body = json.dumps({"SecretId": "exh/tasks"})
        measured = compare(
            _timed(details["host"], "GET", ME, None, signed),
            _timed(moto, "POST", "/", body, lambda: [secret] * CALLS),
            rounds=ROUNDS,
            target=1 / 3,
        )
    return {
        **measured,
        "series": [
            _per_second("local platform, a signed call", measured["ours_ms"]),
            _per_second("moto, a secret", measured["theirs_ms"]),
        ],
    }


def _per_second(label: str, times: Spread) -> dict[str, Any]:
    median, least, most = (round(1000 / times[name]) for name in ("median", "most", "least"))
    return {"label": label, "unit": "requests/s", "median": median, "least": least, "most": most}


def _timed(
    url: str, method: str, path: str, body: str | None, headers: Callable[[], list[dict[str, str]]]
) -> Callable[[], float]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)

    def once() -> float:
        prepared = headers()
        started = time.perf_counter()
        for each in prepared:
            connection.request(method, path, body, each)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:  # noqa: PLR2004
                raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return (time.perf_counter() - started) / len(prepared)

    return once


@contextmanager
def _platform() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "exh_dev",
            "serve",
            "--port",
            "0",
            "--ephemeral",
            "--data-dir",
            folder,
        ]
        with _first_line(command) as _:
            command = [
                sys.executable,
                "-m",
                "exh_dev",
                "credentials",
                "--data-dir",
                folder,
                "--format",
                "json",
            ]
            yield json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@contextmanager
def _moto() -> Iterator[str]:
    with _first_line([sys.executable, "-c", _MOTO]) as line:
        yield line


@contextmanager
def _first_line(command: list[str]) -> Iterator[str]:
    """A process that runs during the block, and what it says when it is ready."""
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
