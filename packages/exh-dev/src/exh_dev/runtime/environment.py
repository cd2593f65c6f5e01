"""Environment variables of a worker: Lambda's, and none of the developer's shell.

The names are documented at https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from exh_dev.errors import DevkitError
from exh_dev.runtime.languages import BOOTSTRAP, is_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.runtime.function import Function

REGION = "eu-central-1"
STANDIN = Path(__file__).parent / "standin"
"""Folder of the `runtime_client` module that replaces awslambdaric's native one."""


def worker_environment(function: Function, api_address: str, home: Path) -> dict[str, str]:
    """Return all variables of a worker.

    The function's own override Lambda's, except that `AWS_LAMBDA_RUNTIME_API`, `_HANDLER` and `LAMBDA_*` stay
    Lambda's, and that in Python its `PYTHONPATH` adds to the one a worker needs.
    """
    task_root = str(function.task_root.absolute())
    own = {name: value for name, value in function.environment.items() if not _is_fixed(name)}
    paths = _node_paths if is_node(function.runtime) else _python_paths
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        # Lambda filters by level in the JSON format only.
        **(
            {"AWS_LAMBDA_LOG_LEVEL": function.log_level} if function.log_level and function.log_format == "JSON" else {}
        ),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid4().hex}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        **own,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_TASK_ROOT": task_root,
        "_HANDLER": function.handler,
        **paths(task_root, own),
    }


def _python_paths(task_root: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the search path of Python modules, the function's own first."""
    path = [task_root, *_standin_path(), own.get("PYTHONPATH", "")]
    return {"LAMBDA_RUNTIME_DIR": _runtime_dir(), "PYTHONPATH": os.pathsep.join(filter(None, path))}


def _node_paths(task_root: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the fallback folders of Node.js for CommonJS modules outside `node_modules`."""
    return {"LAMBDA_RUNTIME_DIR": str(BOOTSTRAP.parent), "NODE_PATH": own.get("NODE_PATH", task_root)}


def _is_fixed(name: str) -> bool:
    return name in {"AWS_LAMBDA_RUNTIME_API", "_HANDLER"} or name.startswith("LAMBDA_")


@cache
def _standin_path() -> list[str]:
    # awslambdaric builds its native module on Linux only.
    return [] if find_spec("runtime_client") else [str(STANDIN)]


@cache
def _runtime_dir() -> str:
    spec = find_spec("awslambdaric")
    if spec is None or spec.origin is None:
        raise DevkitError("Running functions needs the package awslambdaric: `make run` installs it")
    return str(Path(spec.origin).parents[1])
