"""`samconfig.toml`: an environment's stack and parameter values, parsed as SAM does.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from exh_dev.errors import UsageError
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "samconfig.toml"
_COMMANDS = ("global", "deploy")  # the later one wins
_VALUE = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^ "\\])+)"""
#: SAM uses the first of these patterns that matches anywhere, and ignores the rest.
_FORMS = (
    re.compile(rf"ParameterKey=([A-Za-z0-9\"']+),ParameterValue={_VALUE}"),
    re.compile(rf" ([A-Za-z0-9\"']+)={_VALUE}"),
)
_ESCAPED = re.compile(r"""\\([ "'])""")


def parameter_overrides(root: Path, environment: str) -> dict[str, str]:
    """Return the parameter values of an environment, without defaults.

    Args:
        root: the project's folder.
        environment: the section of the file: `--config-env` of SAM.

    Raises:
        UsageError: the file or the environment is missing, or its `parameter_overrides` cannot be read.
    """
    found: dict[str, str] = {}
    for section, given in _parameters(root, environment):
        if "parameter_overrides" in given:
            found = dict(_pairs(given["parameter_overrides"], f"{root / FILE}: {section}"))
    return found


def deployed_stack(root: Path, environment: str) -> tuple[str, str | None, str | None]:
    """Return an environment's stack name, region and AWS profile.

    Region and profile are None if the file has none; AWS's tools have their own defaults.

    Raises:
        UsageError: the file, the environment or its stack name is missing.
    """
    found: dict[str, Any] = {}
    for _, given in _parameters(root, environment):
        found.update(given)
    name, region, profile = (found.get(each) for each in ("stack_name", "region", "profile"))
    if not isinstance(name, str) or not name:
        raise UsageError(f"{root / FILE}: [{environment}.deploy.parameters] has no stack_name")
    return name, _string(region), _string(profile)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _parameters(root: Path, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the parameters of an environment with their section; later ones win.

    Raises:
        UsageError: the file or the environment is missing.
    """
    tables = {name: each for name, each in _read(root / FILE).items() if _is_environment(each)}
    if environment not in tables:
        raise UsageError(
            f"{FILE} has no environment `{environment}`{did_you_mean(environment, tables)}; there are: "
            f"{', '.join(tables) or 'none'}"
        )
    for command in _COMMANDS:
        section = tables[environment].get(command, {})
        given = section.get("parameters", {}) if isinstance(section, dict) else {}
        if isinstance(given, dict):
            yield f"[{environment}.{command}.parameters]", given


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path.parent} has no {FILE} with the environments of `make deploy`: an environment is a table such as "
            "[dev.deploy.parameters], with stack_name, region and parameter_overrides"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _is_environment(value: Any) -> bool:
    return isinstance(value, dict) and any(command in value for command in _COMMANDS)


def _pairs(value: Any, where: str) -> list[tuple[str, str]]:
    """Return the pairs in a string, a table, or a list of these; a later pair of the same name wins."""
    if isinstance(value, list):
        return [pair for each in value for pair in _pairs(each, where)]
    if isinstance(value, dict) and "$include" not in value:
        return [(str(name), _text(each)) for name, each in value.items()]
    if isinstance(value, str) and not value.startswith("file://"):
        for form in _FORMS:
            if pairs := form.findall(f" {value.strip()}"):
                return [(_unquoted(name), _unquoted(text)) for name, text in pairs]
        if not value.strip():
            return []
        raise UsageError(f"{where}: parameter_overrides has `{value}`, which is not Key=Value")
    raise UsageError(
        f"{where}: parameter_overrides must be a string such as 'Key=Value Other=\"a b\"', a list of these or a table; "
        "references to other files are not supported"
    )


def _text(value: Any) -> str:
    """Return a value of a table: SAM joins a list by commas, as CloudFormation has lists, and writes others as Python
    does.
    """
    return ",".join(str(each).strip() for each in value) if isinstance(value, list) else str(value)


def _unquoted(text: str) -> str:
    if text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return _ESCAPED.sub(r"\1", text)
