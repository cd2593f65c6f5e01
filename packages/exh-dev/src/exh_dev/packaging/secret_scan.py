"""Whether files hold what must not leave this machine: credentials, keys, tokens.

A line that only looks like it says so with a comment `# pragma: allowlist secret`, or the line above it with
`# pragma: allowlist nextline secret`; a file that has no comments is listed in `not-secret` of `[tool.exh-dev.build]`
in pyproject.toml, whole or by a line of it: `shared/labels.json:12`.

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
_VAGUE = (NAMED, RANDOM)  # said of a line where nothing better is known


def check_secrets(paths: Iterable[Path], root: Path, harmless: Collection[str] = (), kept: Kept | None = None) -> None:
    """See to it that none of the project's files is, or holds, a secret.

    Args:
        paths: the files.
        root: the project's folder.
        harmless: patterns of the paths of files that are no secrets, whatever they look like, or of `path:line`.
        kept: what earlier scans found in the same content.

    Raises:
        DevkitError: one is or does. The message says where, never what.
    """
    if found := find_secrets(paths, root, harmless, kept):
        listed = "".join(f"\n  {each}" for each in found)
        raise DevkitError(
            f"nothing was built, since this looks like secrets, and a bundle can be read by many:{listed}\n"
            "Take them out: secrets belong in the function's variables (`environment` in the manifest) or in Secrets "
            "Manager. A line that is no secret says so with `# pragma: allowlist secret`; a file without comments is "
            "listed in `not-secret` of [tool.exh-dev.build] in pyproject.toml, whole or as `file:line`"
        )


def find_secrets(
    paths: Iterable[Path], root: Path, harmless: Collection[str] = (), kept: Kept | None = None
) -> list[str]:
    """Return where files are, or hold, secrets, as `file:line: what it is`; for the arguments see `check_secrets`."""
    checked = (path for path in paths if not any(fnmatch(str(path.relative_to(root)), each) for each in harmless))
    return [problem for path in checked for problem in _problems(path, root, harmless, kept)]


def _problems(path: Path, root: Path, harmless: Collection[str], kept: Kept | None) -> Iterator[str]:
    relative = path.relative_to(root)
    if folder := next((part for part in relative.parts[:-1] if part in _FOLDERS), None):
        yield f"{relative}: nothing of a folder {folder} is deployed"
        return
    real = path.resolve()  # it may be a link to a file whose name says more
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
    """Return how the name of a file ends, without the ending of what it is compressed with: `.csv` of `a.csv.gz`."""
    return PurePosixPath(_COMPRESSED.sub("", path)).suffix.lower()


def _found(content: bytes, suffix: str, kept: Kept | None) -> list[tuple[int, str]]:
    """Return what looks like a secret in the content of a file: the line, and what it is."""
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
            yield 1, f"{unread}{inside}, and whether it holds secrets cannot be seen"
        if is_key:
            yield 1, f"{_KEY}{inside}"
        elif member and _is_named_as_secret(member):
            yield 1, f"a file of this name holds credentials or a key{inside}"
        found = sorted(_scan(text, _suffix(member) if member else suffix, is_text=has_lines).items())
        for line, kind in found if has_lines else [(1, kind) for kind in sorted({kind for _, kind in found})]:
            yield line, f"{kind}{inside}"


@cache
def rules() -> str:
    """Return a digest of the rules, which may change without the version in a checkout."""
    modules = sorted(Path(__file__).parent.glob("secret_*.py"))
    return hashlib.sha256(b"\0".join(module.read_bytes() for module in modules)).hexdigest()


def _scan(text: str, suffix: str, *, is_text: bool) -> dict[int, str]:
    """Return what looks like a secret in a text, by its line."""
    text = text.replace("\r\n", " \n").replace("\r", "\n")  # of the same length
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
    """Return the line that each position is in, from 1."""
    lines: dict[int, int] = {}
    line, end = 1, 0
    for position in sorted(positions):
        line += text.count("\n", end, position)
        lines[position] = line
        end = position
    return lines
