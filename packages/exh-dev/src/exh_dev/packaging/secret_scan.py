"""The scan for secrets (credentials, keys, tokens) in the files of a bundle.

A false positive is allowed by a comment `# pragma: allowlist secret` on its line, or by
`# pragma: allowlist nextline secret` on the line above. For a file format without comments, list the file or a line of
it (`shared/labels.json:12`) in `not-secret` of `[tool.exh-dev.build]` in pyproject.toml.

By hand, because of the corpus of the tests detect-secrets 1.5 misses two of three credentials of Extra Horizon and half
of the others (in YAML, Markdown, notebooks, logs, archives), and stops a third of the harmless files.
"""

from __future__ import annotations

import hashlib
import json
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError
from exh_dev.packaging.secret_content import parts
from exh_dev.packaging.secret_finders import NAMED, RANDOM, find

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from exh_dev.packaging.kept import Kept

_NAMES = re.compile(
    r".*\.env([._~-].*)?|\.envrc|credentials(\..+)?|secrets?\.(json|ya?ml|toml|ini|txt)|\.netrc|\.pypirc|\.npmrc|\.pgpass"
    r"|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)(\..+)?|.+\.(key|p8|p12|pfx|jks|keystore|ppk|kdbx)",
    re.IGNORECASE,
)
_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".exh", ".git"})
_COMPRESSED = re.compile(r"(?:\.(?:gz|bz2|xz|lzma|tgz|tbz2|txz))+$", re.IGNORECASE)
_SOURCES = (".py", ".pyi", ".js", ".mjs", ".cjs", ".ts")
_ALLOWED = re.compile("pragma: allowlist (nextline )?secret")
_KEY = "Private Key"
_VAGUE = (NAMED, RANDOM)  # replaced by any more specific kind that is found on the same line


def check_secrets(paths: Iterable[Path], root: Path, harmless: Collection[str] = (), kept: Kept | None = None) -> None:
    """Raise DevkitError if a file contains a secret, or is named like one.

    Args:
        paths: files to scan.
        root: the project's folder.
        harmless: patterns of paths, or of `path:line`, to skip.
        kept: cache of earlier scans.

    Raises:
        DevkitError: a secret was found. The message has its place and kind, never its value.
    """
    if found := find_secrets(paths, root, harmless, kept):
        listed = "".join(f"\n  {each}" for each in found)
        raise DevkitError(
            f"nothing was built, since these look like secrets, and many people can read a bundle:{listed}\n"
            "Remove them: secrets belong in the function's environment variables (`environment` in the manifest) or in "
            "Secrets Manager. To allow a line that is not a secret, add the comment `# pragma: allowlist secret`; in a "
            "file format without comments, add the file, or `file:line`, to `not-secret` of [tool.exh-dev.build] in "
            "pyproject.toml"
        )


def find_secrets(
    paths: Iterable[Path], root: Path, harmless: Collection[str] = (), kept: Kept | None = None
) -> list[str]:
    """Return a line `file:line: kind` for each secret found; for the arguments see `check_secrets`."""
    checked = (path for path in paths if not any(fnmatch(str(path.relative_to(root)), each) for each in harmless))
    return [problem for path in checked for problem in _problems(path, root, harmless, kept)]


def _problems(path: Path, root: Path, harmless: Collection[str], kept: Kept | None) -> Iterator[str]:
    relative = path.relative_to(root)
    if folder := next((part for part in relative.parts[:-1] if part in _FOLDERS), None):
        yield f"{relative}: files of a folder {folder} must not be deployed"
        return
    real = path.resolve()  # the target of a symbolic link may be named like a secret, although the link is not
    if any(map(_is_named_as_secret, (path.name, real.name))):
        yield f"{relative}: a file of this name holds credentials or a key"
        return
    for line, kind in _found(path.read_bytes(), _suffix(path.name), kept):
        if kind.startswith(_KEY) or not any(fnmatch(f"{relative}:{line}", each) for each in harmless):
            yield f"{relative}:{line}: {kind}"


def _is_named_as_secret(path: str) -> bool:
    *folders, name = _COMPRESSED.sub("", path).split("/")
    return not _FOLDERS.isdisjoint(folders) or (not name.endswith(_SOURCES) and bool(_NAMES.fullmatch(name)))


def _suffix(path: str) -> str:
    """Return the suffix of a path without that of a compression: `.csv` for `a.csv.gz`."""
    return PurePosixPath(_COMPRESSED.sub("", path)).suffix.lower()


def _found(content: bytes, suffix: str, kept: Kept | None) -> list[tuple[int, str]]:
    """Return the line and kind of each secret in a file's content, from the cache where it is there."""
    if kept is None:
        return list(_looked_up(content, suffix))
    of = rules().encode(), suffix.encode(errors="replace"), content
    known = kept.get("secrets", *of)
    if known is None:
        known = kept.put(json.dumps(list(_looked_up(content, suffix))).encode(), "secrets", *of)
    return [(line, kind) for line, kind in json.loads(known)]


def _looked_up(content: bytes, suffix: str) -> Iterator[tuple[int, str]]:
    for member, text, has_lines, is_key, unread in parts(content):
        inside = f", in its {member}" if member else ""
        if unread:
            yield 1, f"{unread}{inside}, so it cannot be checked for secrets"
        if is_key:
            yield 1, f"{_KEY}{inside}"
        elif member and _is_named_as_secret(member):
            yield 1, f"a file of this name holds credentials or a key{inside}"
        found = sorted(_scan(text, _suffix(member) if member else suffix, is_text=has_lines).items())
        for line, kind in found if has_lines else [(1, kind) for kind in sorted({kind for _, kind in found})]:
            yield line, f"{kind}{inside}"


@cache
def rules() -> str:
    """Return a digest of the detectors' source, as a cache key: in a checkout they change without a new version."""
    modules = sorted(Path(__file__).parent.glob("secret_*.py"))
    return hashlib.sha256(b"\0".join(module.read_bytes() for module in modules)).hexdigest()


def _scan(text: str, suffix: str, *, is_text: bool) -> dict[int, str]:
    """Return the kind of secret on each line that has one."""
    text = text.replace("\r\n", " \n").replace("\r", "\n")  # keeps the length, and so positions
    found = list(find(text, suffix, is_text=is_text))
    if not found:
        return {}
    allowing = list(_ALLOWED.finditer(text))
    lines = _lines(text, {*(each.position for each in found), *(each.start() for each in allowing)})
    allowed = {lines[each.start()] + (each[1] is not None) for each in allowing}
    kinds: dict[int, str] = {}
    for position, kind in found:
        number = lines[position]
        if number not in allowed and (number not in kinds or kinds[number] in _VAGUE):
            kinds[number] = kind
    return kinds


def _lines(text: str, positions: Collection[int]) -> dict[int, int]:
    """Return the line number, counted from 1, of each position."""
    lines: dict[int, int] = {}
    line, end = 1, 0
    for position in sorted(positions):
        line += text.count("\n", end, position)
        lines[position] = line
        end = position
    return lines
