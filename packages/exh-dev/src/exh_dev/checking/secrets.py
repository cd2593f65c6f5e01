"""Scan the contents of bundles for secrets, as `exh-dev build` does.

The scan takes as long as all other checks together, so it runs in its own process, and clean files are skipped until
they change.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import extrahorizon
from exh_dev.checking.finding import Finding, finding_of
from exh_dev.errors import DevkitError
from exh_dev.packaging import node
from exh_dev.packaging.contents import handler_files, shared_files
from exh_dev.packaging.pyproject import harmless_patterns
from exh_dev.packaging.secret_scan import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from exh_dev.project.project import Project

_CLEAN = "free-of-secrets"
"""The file in the data directory that says which files are: a digest of each on a line."""
_HINT = (
    "keep it in a variable of the function or in Secrets Manager; mark a line that is not a secret with "
    "`# pragma: allowlist secret`, list a file, or file:line, in `not-secret` of [tool.exh-dev.build] in pyproject.toml"
)


class SecretScan:
    """Scans a project's files from the beginning of the `with` block on."""

    def __init__(self, project: Project) -> None:
        """Scan what the bundles of `project` carry."""
        self._root = project.root
        self._memory = project.data_dir / _CLEAN
        harmless = _harmless(project.root)
        self._digests = {_digest(path, project.root, harmless): path for path in _files(project)}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start scanning the files that are not known to be clean."""
        known: set[str] = set()
        with suppress(OSError, UnicodeDecodeError):  # the first time, or damaged: all are scanned
            known = set(self._memory.read_text(encoding="utf-8").split())
        if unknown := [str(path) for digest, path in self._digests.items() if digest not in known]:
            command = [sys.executable, "-m", "exh_dev.checking.secrets", str(self._root)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            if self._process.stdin:
                # A process that has ended already is reported by `findings`.
                with suppress(BrokenPipeError), self._process.stdin as stdin:
                    stdin.write(json.dumps(unknown))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, finished or not."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def findings(self) -> Iterator[Finding]:
        """Yield what was found, once the scan has ended."""
        if self._process is None or self._process.stdout is None:
            return
        with self._process.stdout as stdout:
            out = stdout.read()
        if self._process.wait() != 0:
            yield Finding("warning", "template.yaml", "the scan for secrets broke off", hint="`exh-dev build` makes it")
            return
        found = [finding_of(DevkitError(text), self._root, file="template.yaml") for text in json.loads(out)]
        for each in found:
            message = f"{each.message}: this looks like a secret, and a bundle can be read by many"
            yield Finding("error", each.file, message, each.line, hint=_HINT)
        self._remember({each.file for each in found})

    def _remember(self, suspicious: set[str]) -> None:
        root = self._root
        clean = [digest for digest, path in self._digests.items() if str(path.relative_to(root)) not in suspicious]
        with suppress(OSError):  # a folder that cannot be written to: it is scanned again
            self._memory.parent.mkdir(mode=0o700, exist_ok=True)
            self._memory.write_text("\n".join(clean) + "\n", encoding="utf-8")


def _files(project: Project) -> list[Path]:
    """Return the project's own files in bundles. Missing ones have their own finding."""
    root = project.root
    files: dict[Path, None] = {}
    with suppress(DevkitError):
        for spec in project.readable_manifest.functions:
            with suppress(DevkitError):
                own = node.own_files(root, spec) if spec.code is not None else handler_files(root, spec, problems=[])
                files |= dict.fromkeys([*own, *shared_files(root)])
    return list(files)


def _harmless(root: Path) -> list[str]:
    try:
        return harmless_patterns(root)
    except DevkitError:  # has its own finding
        return []


def _digest(path: Path, root: Path, harmless: Sequence[str]) -> str:
    """Return a digest of all inputs of a scan: content and name of the file, `not-secret`, and the detectors."""
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    of = f"{extrahorizon.__version__}\0{rules()}\0{path.relative_to(root)}\0{harmless}\0"
    return hashlib.sha256(of.encode(errors="replace") + content).hexdigest()


def _scanned(root: Path, paths: Sequence[Path]) -> list[str]:
    from exh_dev.packaging.secret_scan import find_secrets

    return find_secrets(paths, root, _harmless(root))


if __name__ == "__main__":
    print(json.dumps(_scanned(Path(sys.argv[1]), [Path(each) for each in json.load(sys.stdin)])))  # noqa: T201 - the answer to the parent process
