"""Whether files hold what must not leave this machine: credentials, keys, tokens.

A line that only looks like it says so with a comment `# pragma: allowlist secret`; a file that has no comments is
listed in `not-secret` of `[tool.exh-dev.build]` in pyproject.toml.
"""

from __future__ import annotations

import codecs
import re
from fnmatch import fnmatch
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from detect_secrets.core.potential_secret import PotentialSecret

_NAMES = re.compile(
    r".*\.env([._~-].*)?|\.envrc|credentials(\..+)?|secrets?\.(json|ya?ml|toml|ini|txt)|\.netrc|\.pypirc|\.npmrc|\.pgpass"
    r"|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)(\..+)?|.+\.(key|p8|p12|pfx|jks|keystore|ppk|kdbx)",
    re.IGNORECASE,
)
_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".exh", ".git"})
_CODE = (".py", ".pyi")
_SOURCES = (*_CODE, ".js", ".mjs", ".cjs", ".ts")
#: Extra Horizon's keys and secrets, and the hashes it hands out: 40 hexadecimal digits.
_PLATFORM = re.compile(r"(?i)(consumer|token|secret|credential|oauth|bearer).{0,30}\b[0-9a-f]{40}\b")
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d")
_OWN = (("a key, secret or token of Extra Horizon", _PLATFORM), ("Private Key", _KEY))
#: What looks random and is not secret: the ids of Extra Horizon, and in a line that tells of them, hashes.
_ID = re.compile(r"[0-9a-f]{24}")
_HASH = re.compile(r"(?i)(?<![a-z])sha(?![a-z])|md5|digest|checksum|etag|fingerprint|commit|revision")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TEXT = re.compile(rb"[\t\x20-\x7e]{16,}")  # in a binary file
_DETECTORS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
#: Random-looking texts of this many bits a character or more.
_ENTROPY = {"HexHighEntropyString": 3.0, "Base64HighEntropyString": 4.5}
_FILTERS = (
    "allowlist.is_line_allowlisted",
    "heuristic.is_indirect_reference",
    "heuristic.is_not_alphanumeric_string",
    "heuristic.is_potential_uuid",
    "heuristic.is_prefixed_with_dollar_sign",
    "heuristic.is_sequential_string",
    "heuristic.is_templated_secret",
)


def check_secrets(paths: Iterable[Path], root: Path, harmless: Collection[str] = ()) -> None:
    """See to it that none of the project's files is, or holds, a secret.

    Args:
        paths: the files.
        root: the project's folder.
        harmless: patterns of the paths of files that are no secrets, whatever they look like.

    Raises:
        DevkitError: one is or does. The message says where, never what.
    """
    if found := find_secrets(paths, root, harmless):
        listed = "".join(f"\n  {each}" for each in found)
        raise DevkitError(
            f"nothing was built, since this looks like secrets, and a bundle can be read by many:{listed}\n"
            "Take them out: secrets belong in the function's variables (`environment` in the manifest) or in Secrets "
            "Manager. A line that is no secret says so with `# pragma: allowlist secret`; a file without comments is "
            "listed in `not-secret` of [tool.exh-dev.build] in pyproject.toml"
        )


def find_secrets(paths: Iterable[Path], root: Path, harmless: Collection[str] = ()) -> list[str]:
    """Return where files are, or hold, secrets, as `file:line: what it is`; for the arguments see `check_secrets`."""
    checked = (path for path in paths if not any(fnmatch(str(path.relative_to(root)), each) for each in harmless))
    return [problem for path in checked for problem in _problems(path, root)]


def _problems(path: Path, root: Path) -> list[str]:
    relative = path.relative_to(root)
    if folder := next((part for part in relative.parts[:-1] if part in _FOLDERS), None):
        return [f"{relative}: nothing of a folder {folder} is deployed"]
    real = path.resolve()  # it may be a link to a file whose name says more
    if real.suffix not in _SOURCES and any(_NAMES.fullmatch(name) for name in (path.name, real.name)):
        return [f"{relative}: a file of this name holds credentials or a key"]
    return [f"{relative}:{line}: {kind}" for line, kind in sorted(_scan(_lines(path), path.suffix))]


def _lines(path: Path) -> list[str]:
    """The lines of a file in whatever encoding; of a binary one all that can be read as text."""
    content = path.read_bytes()
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace").splitlines()
    if b"\0" in content:
        return [text.decode() for text in _TEXT.findall(content)]
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return content.decode("latin-1").splitlines()


def _scan(lines: Sequence[str], suffix: str) -> set[tuple[int, str]]:
    """What looks like a secret in a file of some kind, each with its line."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    plugins: list[dict[str, Any]] = [{"name": name} for name in _DETECTORS]
    plugins += [{"name": name, "limit": limit} for name, limit in _ENTROPY.items() if suffix in _CODE]
    settings = {
        "plugins_used": plugins,
        "filters_used": [{"path": f"detect_secrets.filters.{name}"} for name in _FILTERS],
    }
    with NamedTemporaryFile("w", suffix=suffix, encoding="utf-8") as copy, transient_settings(settings):
        copy.write("\n".join(lines))
        copy.flush()
        found = {
            (secret.line_number, secret.type)
            for secret in scan_file(copy.name)
            if not _is_harmless(secret, lines[secret.line_number - 1])
        }
    return found | {
        (number, kind)
        for number, line in enumerate(lines, 1)
        for kind, pattern in _OWN
        if pattern.search(line) and "pragma: allowlist secret" not in line
    }


def _is_harmless(secret: PotentialSecret, line: str) -> bool:
    value = secret.secret_value or ""
    return secret.type == "Hex High Entropy String" and bool(_ID.fullmatch(value) or _HASH.search(line))
