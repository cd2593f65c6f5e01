"""On what something was measured: the machine, and the versions of all that takes part."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("requests", "requests-oauthlib", "oauthlib", "urllib3", "aws-lambda-powertools", "awslambdaric", "boto3",
            "moto", "uvicorn")  # fmt: skip
SDK = "@extrahorizon/javascript-sdk"


def this_machine() -> dict[str, str]:
    """Processor, cores, system and versions, for people."""
    release = ".".join(platform.release().split(".")[:2])
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {release} on {platform.machine()}",
        "Python": platform.python_version(),
        **_versions(),
    }
    if node := shutil.which("node"):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        pinned = json.loads((Path(__file__).parent / "javascript" / "package.json").read_text())
        found |= {"Node": said.removeprefix("v"), SDK: pinned["dependencies"][SDK]}
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found
