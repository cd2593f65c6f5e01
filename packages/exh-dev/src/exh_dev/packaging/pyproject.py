"""Settings for bundles in `pyproject.toml`."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from exh_dev.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = "pyproject.toml"
#: A web page for people that Powertools carries, 0.4 MB zipped: no function of Extra Horizon serves it.
_NEVER_SERVED = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css",
)


class Author(NamedTuple):
    """An author of a project; name or e-mail may be empty."""

    name: str
    email: str


def project_requirements(root: Path) -> list[tuple[str, str]]:
    """Return the project's dependencies with their locations; empty if the file does not exist."""
    return [(text, PYPROJECT) for text in _texts(root, "project", "dependencies")]


def project_version(root: Path) -> str:
    """Return the project's version; empty if it has none.

    Raises:
        UsageError: it is not a string.
    """
    found = _table(root, "project").get("version", "")
    if not isinstance(found, str):
        raise UsageError(f"{root / PYPROJECT}: version of [project] must be a string")
    return found


def project_authors(root: Path) -> list[Author]:
    """Return the project's authors.

    Raises:
        UsageError: they are written otherwise than `{ name = "…", email = "…" }`.
    """
    found = _table(root, "project").get("authors", [])
    shape = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    authors = [Author(each.get("name", ""), each.get("email", "")) for each in found] if shape else []
    if not shape or not all(isinstance(text, str) for each in authors for text in each):
        raise UsageError(f'{root / PYPROJECT}: authors of [project] is a list such as [{{ name = "Ada Lovelace" }}]')
    return [each for each in authors if any(each)]


def excluded_patterns(root: Path) -> list[str]:
    """Return patterns of the files of packages that no bundle needs, such as `package/docs/*`.

    An `exclude` of the project's own takes the place of what is left out by default.
    """
    return _texts(root, "tool", "exh-dev", "build", "exclude") or list(_NEVER_SERVED)


def unpruned_packages(root: Path) -> list[str]:
    """Return the names of packages that are bundled without pruning (the `whole` setting)."""
    return _texts(root, "tool", "exh-dev", "build", "whole")


def harmless_patterns(root: Path) -> list[str]:
    """Return the project's files that are no secrets, whatever they look like: patterns of their paths."""
    return _texts(root, "tool", "exh-dev", "build", "not-secret")


def _texts(root: Path, *names: str) -> list[str]:
    """Return a list of strings, given the path of tables and its key.

    Raises:
        UsageError: it is not a list of strings.
    """
    found: Any = _read(root)
    for name in names:
        found = found.get(name, {}) if isinstance(found, dict) else None
    if found == {}:
        return []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UsageError(f"{root / PYPROJECT}: {names[-1]} of [{'.'.join(names[:-1])}] must be a list of strings")
    return found


def _table(root: Path, name: str) -> dict[str, Any]:
    found = _read(root).get(name, {})
    return found if isinstance(found, dict) else {}


def _read(root: Path) -> dict[str, Any]:
    path = root / PYPROJECT
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
