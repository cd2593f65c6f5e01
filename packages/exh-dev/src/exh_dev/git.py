"""Ask git, where it is installed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def asked(folder: Path, *command: str) -> str | None:
    """Return what a command of git prints in a folder; None if it fails, or git is missing."""
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
