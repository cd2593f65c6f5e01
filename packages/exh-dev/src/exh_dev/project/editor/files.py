"""The files in `.vscode/` that `exh-dev editor` writes: JSON Schemas, settings that name them, launch recipes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.project.editor.schemas import dispatchers_schema, seed_schema, template_schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = ".vscode"
_SCHEMAS = f"{FOLDER}/schemas"
#: CloudFormation's functions, which YAML editors otherwise report as errors.
_TAGS = (
    "!And sequence", "!Base64 scalar", "!Base64 mapping", "!Cidr sequence", "!Condition scalar", "!Equals sequence",
    "!FindInMap sequence", "!GetAZs scalar", "!GetAtt scalar", "!GetAtt sequence", "!If sequence",
    "!ImportValue scalar", "!Join sequence", "!Not sequence", "!Or sequence", "!Ref scalar", "!Select sequence",
    "!Split sequence", "!Sub scalar", "!Sub sequence",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """The result of writing the files.

    Attributes:
        made: created or updated.
        kept: existing files with other content, left unchanged.
    """

    made: tuple[str, ...]
    kept: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"made": list(self.made), "kept": list(self.kept)}

    def as_lines(self) -> list[str]:
        lines = [f"{name} is written" for name in self.made]
        for name in self.kept:
            lines.append(f"{name} is yours and was left as it is. It would be:")
            lines += [f"  {line}" for line in _texts()[name].splitlines()]
        return lines or ["everything is up to date"]


def write_editor_files(root: Path) -> Written:
    """Write what VS Code needs for the files of a project; files of the user's own are not touched.

    Args:
        root: the project's folder.

    Raises:
        OSError: a file cannot be written.
    """
    made, kept = [], []
    for name, text in _texts().items():
        path = root / name
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before == text:
            continue
        if before is not None and not name.startswith(_SCHEMAS):  # only this command writes the schemas
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made.append(name)
    return Written(tuple(made), tuple(kept))


def _texts() -> dict[str, str]:
    files: Mapping[str, Any] = {
        f"{_SCHEMAS}/template.json": template_schema(),
        f"{_SCHEMAS}/seed.json": seed_schema(),
        f"{_SCHEMAS}/dispatchers.json": dispatchers_schema(),
        f"{FOLDER}/settings.json": {
            "yaml.schemas": {f"{_SCHEMAS}/template.json": "template.yaml"},
            "yaml.customTags": list(_TAGS),
            "json.schemas": [
                {"fileMatch": ["/events/*.seed.json"], "url": f"./{_SCHEMAS}/seed.json"},
                {"fileMatch": ["/dispatchers.json"], "url": f"./{_SCHEMAS}/dispatchers.json"},
            ],
            "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python",
            "python.testing.pytestEnabled": True,
        },
        f"{FOLDER}/launch.json": {
            "version": "0.2.0",
            "configurations": [
                {
                    "name": "Attach to exh-dev invoke --debug",
                    "type": "debugpy",
                    "request": "attach",
                    "connect": {"host": "127.0.0.1", "port": 5678},
                    "justMyCode": False,
                },
                {
                    "name": "Tests of this file",
                    "type": "debugpy",
                    "request": "launch",
                    "module": "pytest",
                    "args": ["${file}"],
                    "justMyCode": False,
                },
            ],
        },
    }
    return {name: json.dumps(content, indent=2) + "\n" for name, content in files.items()}
