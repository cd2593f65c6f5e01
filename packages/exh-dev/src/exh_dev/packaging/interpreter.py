"""The Python of a target on this machine: only it writes the bytecode that it reads."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHICH = "import sys; print(sys.implementation.name, *sys.version_info[:3], sys.executable)"
_PATIENCE = 20  # seconds for an interpreter to start


@cache
def standard_library(python: Path) -> frozenset[str]:
    """Return the names of an interpreter's own modules: later versions have some more, and some less.

    Raises:
        DevkitError: it cannot be run.
    """
    code = "import sys; print(*sys.stdlib_module_names)"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode != 0:
        raise DevkitError(f"{python} cannot be run: {done.stderr.strip()}")
    return frozenset(done.stdout.split())


@cache
def find_python(version: tuple[int, int], given: str | None = None) -> Path:
    """Find a CPython of this version in the usual places, and run it to verify the version.

    Args:
        version: major and minor.
        given: use only this one.

    Raises:
        UsageError: `given` has another version, or is not a Python.
        DevkitError: none is installed; the message says how to get one.
    """
    wanted = ".".join(map(str, version))
    if given is not None:
        if (found := _run(Path(given).expanduser(), version)) is None:
            raise UsageError(f"--python {given} is not CPython {wanted}, or cannot be run")
        return found
    for candidate in _candidates(wanted):
        if (found := _run(candidate, version)) is not None:
            return found
    raise DevkitError(
        f"no Python {wanted} was found on this machine, and only it can compile for the runtime python{wanted}. "
        f"Install one (`uv python install {wanted}`, pyenv or your package manager), name one with --python PATH, "
        "build for another with --runtime, or do without bytecode with --no-bytecode: cold starts are slower then"
    )


def _candidates(wanted: str) -> Iterator[Path]:
    yield Path(sys.executable)
    name = f"python{wanted}"
    home = Path.home()
    managers = (
        (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions", f"{wanted}.*"),
        (Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python")), f"cpython-{wanted}.*"),
        (Path("/Library/Frameworks/Python.framework/Versions"), wanted),
    )
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder:
            yield Path(folder) / name
    # Version managers keep all versions in one folder, so look next to the running one too.
    yield from sorted(Path(sys.base_prefix).parent.glob(f"*/bin/{name}"), reverse=True)
    for root, pattern in managers:
        yield from sorted((found / "bin" / name for found in root.glob(pattern)), reverse=True)
    for folder in ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"):
        yield Path(folder) / name


def _run(candidate: Path, version: tuple[int, int]) -> Path | None:
    """Return the interpreter's real path. A version manager's shim may point to nothing."""
    try:
        done = subprocess.run(
            [candidate, "-I", "-c", _WHICH], capture_output=True, text=True, check=False, timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, *rest = done.stdout.strip().split(" ", 4) if done.returncode == 0 else [""]
    if implementation != "cpython" or rest[:2] != [str(part) for part in version]:
        return None
    return Path(rest[3])
