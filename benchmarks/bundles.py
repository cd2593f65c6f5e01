"""What Lambda would find in `/var/task`: `whoami` as `exh-dev build` packs it, and the plain handler, packed with pip.

All of it is for the interpreter that runs this, and with the versions of `requirements.txt`.
"""

from __future__ import annotations

import compileall
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from zipfile import ZIP_DEFLATED, ZipFile

from exh_dev.packaging.build import Options, build
from exh_dev.project.project import Project

ROOT = Path(__file__).parents[1]
_PROJECT = ("handlers", "shared", "pyproject.toml", "requirements.txt", "template.yaml")
_RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py", "boto3", "botocore", "jmespath", "python-dateutil",
            "s3transfer", "six", "urllib3")  # fmt: skip
_PIN = re.compile(r"^[\w.-]+==[^\s;\\]+", re.MULTILINE)


def whoami_zip(folder: Path) -> Path:
    """Build it in a copy of the project, so that `build/` stays as it is; where the zip is."""
    copy = folder / "project"
    copy.mkdir()
    for name in _PROJECT:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, copy / name)
    wheels = ROOT / ".exh-dev" / "wheels"  # what was downloaded before
    if wheels.is_dir():
        shutil.copytree(wheels, copy / ".exh-dev" / "wheels")
    project = Project(copy)
    specs = [spec for spec in project.manifest.functions if spec.name == "whoami"]
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    built = build(project, specs, Options(runtime=runtime, python=sys.executable), lambda _: None)
    return copy / built[0].zip


def plain_folder(folder: Path) -> Path:
    """Return the plain handler beside what `pip install --target` brings, without bytecode; where that is.

    `/var/task` is read-only, so that Lambda never writes any either.
    """
    task_root = folder / "plain"
    pins = folder / "pins.txt"
    pins.write_text("\n".join(_PIN.findall((ROOT / "requirements.txt").read_text())))
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*command, "--target", task_root, "-c", pins, "requests-oauthlib"], check=True, capture_output=True)
    shutil.copy2(Path(__file__).with_name("plain_handler.py"), task_root)
    return task_root


def compiled(task_root: Path) -> Path:
    """Return a copy with bytecode that is used as it is, whatever the dates of the files; where that is."""
    copy = task_root.with_name(f"{task_root.name}-compiled")
    shutil.copytree(task_root, copy)
    compileall.compile_dir(copy, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return copy


def zipped(task_root: Path) -> Path:
    """Return a zip of a folder, as `zip -r` makes it; where that is."""
    target = task_root.with_suffix(".zip")
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in sorted(task_root.rglob("*")):
            archive.write(path, path.relative_to(task_root))
    return target


def unpacked(archive: Path, folder: Path) -> Path:
    """Return what Lambda makes of a zip; where that is."""
    with ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def runtime_folder(folder: Path) -> Path:
    """Return what Lambda has beside a function: the runtime client and boto3, compiled; where that is."""
    target = folder / "runtime"
    for name in _RUNTIME:
        for file in distribution(name).files or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
                copy = target / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy)
    compileall.compile_dir(target, quiet=2)
    return target


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for them, gone at the end of the `with` block."""
    return tempfile.TemporaryDirectory(prefix="exh-bench-", ignore_cleanup_errors=True)
