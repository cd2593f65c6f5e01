"""The file `.env` of a project: the developer's values for `$NAME` in the manifest.

Parsed by the rules of python-dotenv, but without `${NAME}` substitution, because a secret may look like that. Extra
Horizon's credentials belong in `~/.exh` instead.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError
from exh_dev.project.function_spec import CREDENTIAL_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dotenv.parser import Binding

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of an env file except the five `API_*`; empty if the file does not exist.

    Raises:
        UsageError: the file or a line is invalid; the message has the line number but not the content.
    """
    return {name: value for name, value in _read(path).items() if name not in CREDENTIAL_VARIABLES}


def misplaced(path: Path) -> str | None:
    """Return what to say of an env file with variables that are not read; None when all is well. Raises as
    `read_env_file`.
    """
    found = [name for name in _read(path) if name in CREDENTIAL_VARIABLES]
    if not found:
        return None
    are = "is" if len(found) == 1 else "are"
    return (
        f"{', '.join(found)} in {path} {are} not read: put Extra Horizon's credentials in "
        "~/.exh/credentials (`exh login`), or in ~/.exh/credentials.NAME for --profile NAME"
    )


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read: it is not UTF-8") from error
    from dotenv.parser import parse_stream

    return dict(_variables(parse_stream(io.StringIO(text)), path))


def _variables(bindings: Iterable[Binding], path: Path) -> Iterable[tuple[str, str]]:
    for binding in bindings:
        if binding.key is None and not binding.error:  # a comment or a blank line
            continue
        name, value = binding.key or "", binding.value
        if binding.error or value is None or "\0" in value or not _NAME.fullmatch(name):
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            raise UsageError(f"{path}:{line}: this is not NAME=value; quote values with spaces or #")
        yield name, value
