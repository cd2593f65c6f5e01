"""Cold start of `whoami` from its zip under AWS's runtime client, from process start to response, over TLS.

Against the plain handler, which neither logs nor retries nor distinguishes errors. Each starts in an environment of its
own, without site-packages, trusts the authorities of certifi, and calls the same server.
"""

from __future__ import annotations

import logging
import os
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

from benchmarks.authority import Authority
from benchmarks.bundles import compiled, plain_folder, runtime_folder, scratch, unpacked, whoami_zip
from benchmarks.cpu_share import cpu_share
from benchmarks.loopback import SECRET, loopback_server
from benchmarks.timing import comparison, interleaved, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 40
OURS, PLAIN = "handlers.whoami.handler", "plain_handler.handler"
SECRET_ID = "exh/tasks"  # noqa: S105 - the name of one
PATIENCE = 30  # seconds
MEMORY = 256  # MB, and a seventh of a processor
SLOW_ROUNDS = 15
MORE = (
    "Half of what is left is Powertools' Logger, which the plain handler has not; the tree below says what each module "
    "takes."
)
LABELS = {
    "compiled": "plain handler, bytecode",
    "plain": "plain handler, no bytecode",
    "ours": "whoami",
    "requests": "whoami, over requests",
    "extension": "whoami, secret by AWS's extension",
    "boto3": "whoami, secret by boto3",
}


def measure() -> dict[str, dict[str, Any]]:
    """Time of each start."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(scratch()))
        runtime = runtime_folder(folder)
        ours, plain = unpacked(whoami_zip(folder), folder / "whoami"), plain_folder(folder)
        authority = Authority(folder)
        for each in (ours, plain):
            authority.join(each)
        host = stack.enter_context(loopback_server(certificate=authority.host))
        extension = stack.enter_context(loopback_server(answer="secret"))
        aws = stack.enter_context(LocalAws())
        aws.put_secret(SECRET_ID, SECRET)
        given = {"API_HOST": host, **SECRET}
        by_secret = {"API_HOST": host, "API_SECRET_ID": SECRET_ID}
        by_extension = {**by_secret, "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": extension.rpartition(":")[2]}
        start = partial(_started, runtime)
        starts = {
            "ours": start(ours, OURS, given),
            "plain": start(plain, PLAIN, given),
            "compiled": start(compiled(plain), PLAIN, given),
            "requests": start(ours, OURS, {**given, "EXH_TRANSPORT": "requests"}),
            "extension": start(ours, OURS, by_extension),
            "boto3": start(ours, OURS, {**by_secret, **aws.environment()}),
        }
        times = interleaved(starts, rounds=ROUNDS)
        slow = _slowly({name: starts[name] for name in ("ours", "compiled")})
    from_zip = "Cold start of `whoami` from its zip, over TLS"
    return {
        "compiled": {
            "what": f"{from_zip}, against a plain `OAuth1Session` handler with `unchecked-hash` bytecode",
            **comparison(times["ours"], times["compiled"], target=0.65, if_missed=MORE),
            "series": [{"label": label, "unit": "ms", **spread(times[name])} for name, label in LABELS.items()],
        },
        "plain": {
            "what": f"{from_zip}, against the same plain handler as pip packs it, without bytecode",
            **comparison(times["ours"], times["plain"], target=0.35, if_missed=MORE),
        },
        "memory_256": {
            "what": f"{from_zip}, against the plain handler with bytecode, both with the seventh of a processor that "
            f"comes with {MEMORY} MB",
            **slow,
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


def _slowly(starts: Mapping[str, Callable[[Path], float]]) -> dict[str, Any]:
    with cpu_share(MEMORY) as group:
        if group is None:
            return {"skipped": "This machine does not allow a control group with a share of a processor."}
        slow = interleaved({name: partial(each, group) for name, each in starts.items()}, rounds=SLOW_ROUNDS)
    return comparison(slow["ours"], slow["compiled"], target=None)


def _started(runtime: Path, task_root: Path, handler: str, environment: Mapping[str, str]) -> Callable[..., float]:
    def once(group: Path | None = None) -> float:
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
            preexec_fn=None if group is None else lambda: group.write_text(str(os.getpid())),  # noqa: PLW1509 - no threads
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
