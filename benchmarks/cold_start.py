"""Cold start of `whoami` from its zip under AWS's runtime client, from process start to response.

Against the plain handler, which neither logs nor retries nor tells errors apart. Each starts in an environment of its
own, without site-packages, and calls the same server.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from exh_dev.aws.services import LocalAws
from exh_dev.runtime.api import RuntimeApi, Work
from exh_dev.runtime.reports import Ready, Report, Returned

from benchmarks.bundles import compiled, plain_folder, runtime_folder, scratch, unpacked, whoami_zip
from benchmarks.loopback import SECRET, loopback_server
from benchmarks.timing import comparison, interleaved, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 40
OURS, PLAIN = "handlers.whoami.handler", "plain_handler.handler"
SECRET_ID = "exh/tasks"  # noqa: S105 - the name of one
PATIENCE = 30  # seconds
MORE = (
    "The plain handler loads neither Powertools' Logger nor anything of `shared/`; the tree below says what those take."
)
LABELS = {
    "ours": "whoami",
    "plain": "plain handler, no bytecode",
    "compiled": "plain handler, bytecode",
    "extension": "whoami, secret by AWS's extension",
    "boto3": "whoami, secret by boto3",
}


def measure() -> dict[str, dict[str, Any]]:
    """Time of each start."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(scratch()))
        runtime = runtime_folder(folder)
        ours = unpacked(whoami_zip(folder), folder / "whoami")
        plain = plain_folder(folder)
        host = stack.enter_context(loopback_server())
        extension = stack.enter_context(loopback_server(answer="secret"))
        aws = stack.enter_context(LocalAws())
        aws.put_secret(SECRET_ID, SECRET)
        given = {"API_HOST": host, **SECRET}
        by_secret = {"API_HOST": host, "API_SECRET_ID": SECRET_ID}
        by_extension = {**by_secret, "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": extension.rpartition(":")[2]}
        start = partial(_started, runtime)
        times = interleaved(
            {
                "ours": start(ours, OURS, given),
                "plain": start(plain, PLAIN, given),
                "compiled": start(compiled(plain), PLAIN, given),
                "extension": start(ours, OURS, by_extension),
                "boto3": start(ours, OURS, {**by_secret, **aws.environment()}),
            },
            rounds=ROUNDS,
        )
    from_zip = "Cold start of `whoami` from its zip"
    return {
        "plain": {
            "what": f"{from_zip}, against a plain `OAuth1Session` handler as pip packs it, without bytecode",
            **comparison(times["ours"], times["plain"], target=0.6, if_missed=MORE),
            "series": [{"label": LABELS[name], "unit": "ms", **spread(each)} for name, each in times.items()],
        },
        "compiled": {
            "what": f"{from_zip}, against the same plain handler with `unchecked-hash` bytecode",
            **comparison(times["ours"], times["compiled"], target=1.1, if_missed=MORE),
        },
        "extension": {
            "what": f"{from_zip}, credentials from AWS's Parameters and Secrets extension (a stub), against "
            "credentials from the environment",
            **comparison(times["extension"], times["ours"], target=1.1),
        },
        "boto3": {
            "what": f"{from_zip}, credentials from Secrets Manager (moto's) by boto3, against credentials from the "
            "environment",
            **comparison(times["boto3"], times["ours"], target=None),
        },
    }


def _started(runtime: Path, task_root: Path, handler: str, environment: Mapping[str, str]) -> Callable[[], float]:
    def once() -> float:
        reports: SimpleQueue[Report] = SimpleQueue()
        api = RuntimeApi(reports.put)
        request = Work(str(uuid4()), b"{}", "arn:aws:lambda:eu-central-1:000000000000:function:whoami",
                       time.time() + PATIENCE)  # fmt: skip
        api.offer(request)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-S", "-m", "awslambdaric", handler],
            cwd=task_root,
            env={
                "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "local",
                "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_LAMBDA_FUNCTION_NAME": "whoami", "AWS_LAMBDA_RUNTIME_API": api.address,
                "LAMBDA_TASK_ROOT": str(task_root), "_HANDLER": handler, "LANG": "C.UTF-8",
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "PYTHONPATH": f"{task_root}:{runtime}",
                "PYTHONDONTWRITEBYTECODE": "1",  # in Lambda both folders are read-only
                **environment,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            found = [reports.get(timeout=PATIENCE) for _ in range(2)]
            elapsed = time.perf_counter() - started
        finally:
            process.kill()
            process.wait()
            api.close()
        if [type(each) for each in found] != [Ready, Returned]:
            raise RuntimeError(f"{handler} did not answer: {found}")
        return elapsed

    return once
