"""The developer's project on disk: root folder, events and local state."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exh_dev import strict_json
from exh_dev.errors import UsageError
from exh_dev.project.env_file import misplaced, read_env_file
from exh_dev.project.manifest import read_manifest, without_errors
from exh_dev.project.sam_configuration import parameter_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.manifest import Manifest

MANIFEST = "template.yaml"
DATA_DIR = ".exh-dev"
ENV_FILE = ".env"
#: The escape of half of a surrogate pair, which JSON can write and no character is.
_HALF = re.compile(
    r"(?<!\\)(?:\\\\)*(?:\\u[dD][89abAB]\w\w(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F])"
)


@dataclass(frozen=True)
class Project:
    """A folder with a `template.yaml`, whose parameters have their defaults unless `parameters` has other values."""

    root: Path
    parameters: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Return the project around `start` (by default the working directory): the nearest folder with a template.

        Raises:
            UsageError: no template was found.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / MANIFEST).is_file():
                return cls(folder)
        raise UsageError(
            f"no {MANIFEST} in {start} or above it; run this inside a project, or make one with `exh-dev init DIR`"
        )

    @classmethod
    def find_if_any(cls) -> Project | None:
        """Return the project around the working directory; None outside of one."""
        try:
            return cls.find()
        except UsageError:
            return None

    def deployed_to(self, environment: str) -> Project:
        """Return the project with the parameters of an environment in `samconfig.toml`.

        Raises:
            UsageError: the environment is missing or invalid.
        """
        return replace(self, parameters=parameter_overrides(self.root, environment))

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest in `template.yaml`. Raises a `UsageError` if it is invalid."""
        return without_errors(self.readable_manifest)

    @cached_property
    def readable_manifest(self) -> Manifest:
        """The readable part of `template.yaml`; invalid functions are in its `errors`.

        Raises:
            UsageError: it is not a template.
        """
        return read_manifest(self.root / MANIFEST, self.parameters)

    @property
    def functions(self) -> tuple[FunctionSpec, ...]:
        """The manifest's functions; empty while it is invalid, which is reported elsewhere."""
        try:
            return self.manifest.functions
        except UsageError:
            return ()

    @property
    def data_dir(self) -> Path:
        """The default folder of the local platform's state."""
        return self.root / DATA_DIR

    def variables(self) -> dict[str, str]:
        """Return the values for `$NAME` in the project's files: variables of `.env`, overridden by those of the shell.

        Raises:
            UsageError: `.env` cannot be read; with the line.
        """
        return {**read_env_file(self.root / ENV_FILE), **os.environ}

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each thing that is no error and may surprise: variables in `.env` that are not read, and
        functions that run here on another Python or Node.js than where they are deployed.

        Raises:
            UsageError: `.env` cannot be read; with the line.
        """
        if unread := misplaced(self.root / ENV_FILE):
            yield unread
        yield from self.runtime_notes()

    def runtime_notes(self) -> Iterator[str]:
        """Yield a sentence for each language whose functions run here on another version than where they go."""
        here = "python{}.{}".format(*sys.version_info)
        if others := sorted({spec.runtime for spec in self.functions if spec.runtime.startswith("python")} - {here}):
            yield (
                f"functions run on {here} here, and {MANIFEST} says {' and '.join(others)}: install that Python unless "
                f"it is here, then `make clean` and `make run`"
            )
        yield from self._notes_on_node()

    def _notes_on_node(self) -> Iterator[str]:
        runtimes = sorted({spec.runtime for spec in self.functions if spec.code is not None})
        if not runtimes:
            return
        from exh_dev.runtime import node_version

        wanted, here = " and ".join(runtimes), node_version()
        if here is None:
            yield f"{MANIFEST} has functions for {wanted}, which do not run here: there is no `node` on the PATH"
        elif runtimes != [f"nodejs{here}.x"]:
            yield f"functions for Node.js run on version {here} here, and {MANIFEST} says {wanted}: install that one"

    def sample_events(self, spec: FunctionSpec) -> list[Path]:
        """Return the function's sample events: `events/<name>.json` first, then `events/<name>.<case>.json` by name.

        `events/<name>.seed.json` is not an event but data that must exist on the platform first.

        Raises:
            UsageError: there is none, or a listed one is missing.
        """
        folder = self.root / "events"
        listed = [folder / name for name in spec.events]
        missing = [path for path in listed if not path.is_file()]
        if missing:
            raise UsageError(f"{spec.name}: the manifest lists the event {missing[0]}, which does not exist")
        found = [folder / f"{spec.name}.json", *sorted(folder.glob(f"{spec.name}.*.json"))]
        events = listed or [path for path in found if path.is_file() and not path.name.endswith(".seed.json")]
        if not events:
            raise UsageError(
                f"{spec.name} has no sample event: write {folder / spec.name}.json, or send one with "
                f"`exh-dev invoke {spec.name} --event FILE`"
            )
        return events

    def seed(self, spec: FunctionSpec) -> Path | None:
        """Return the seed of the function's events, `events/<name>.seed.json`, if it exists."""
        path = self.root / "events" / f"{spec.name}.seed.json"
        return path if path.is_file() else None


def read_event(path: Path) -> Any:
    """Return the JSON in an event file.

    Raises:
        UsageError: it cannot be read, or is not JSON; with line and column.
    """
    try:
        return parse_event(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"the event {path} cannot be read: {(error.strerror or '').lower()}") from error


def parse_event(text: bytes, source: str) -> Any:
    """Parse a JSON event; `source` names it in the error.

    Raises:
        UsageError: it is not JSON.
    """
    if not text.strip():
        raise UsageError(f"{source} is empty, and JSON is expected there, such as {{}}")
    try:
        event = strict_json.loads(text)
        _encode(event, text, source)
    except json.JSONDecodeError as error:
        raise UsageError(f"{source}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{source}:{line}: not JSON: it is not UTF-8") from error
    except RecursionError as error:
        raise UsageError(f"{source}: not usable as JSON: it is nested too deeply") from error
    except ValueError as error:  # of a number
        raise UsageError(f"{source}: not usable as an event: {error}") from error
    return event


def _encode(event: Any, text: bytes, source: str) -> None:
    """Refuse strings with half of a surrogate pair: no client can send them, and Lambda refuses them."""
    try:
        json.dumps(event, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        written = text.decode(json.detect_encoding(text))
        found = _HALF.search(written)
        line = written.count("\n", 0, found.start() if found else 0) + 1
        raise UsageError(
            f"{source}:{line}: not usable as an event: a string has half of a surrogate pair ({half}), which is no "
            "character; write both halves, or remove it"
        ) from error
