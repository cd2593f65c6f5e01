"""Files in a seed: replace their paths, relative to the seed, by their contents."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from pathlib import Path


def with_contents(seed: Any, path: Path) -> Any:
    """Return a seed, read from `path`, with the contents of its files.

    Raises:
        DevkitError: a file cannot be read.
    """
    files = seed.get("files") if isinstance(seed, dict) else None
    if not isinstance(files, list):
        return seed
    return {**seed, "files": [with_content(each, path) for each in files]}


def with_content(file: Any, path: Path) -> Any:
    """Return a file of the seed in `path` with its content.

    Raises:
        DevkitError: it cannot be read.
    """
    if not isinstance(file, dict) or "path" not in file:
        return file
    if "base64" in file or not isinstance(file["path"], str):
        raise DevkitError(f"{path}: a file needs a path, which is a string, or its content in base64")
    source = path.parent / file["path"]
    if source.exists() and not source.is_file():  # a folder, or what never ends, such as a named pipe
        raise DevkitError(f"{path}: the file {source} cannot be read: not a regular file")
    try:
        content = b64encode(source.read_bytes()).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        raise DevkitError(f"{path}: the file {source} cannot be read: {reason.lower()}") from error
    named = {"name": source.name, **file, "base64": content}
    return {name: value for name, value in named.items() if name != "path"}
