"""Real clusters: credentials and confirmation.

Without a profile the credentials are found as a function on this machine would find them: in the environment, else in
`~/.exh/credentials`, which `exh login` writes. A profile is a file beside that one, `~/.exh/credentials.NAME`, in the
same format. It must be complete: nothing is taken from the environment, so that credentials of one cluster are never
sent to another.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from exh_dev.errors import DevkitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exh_dev.output import Output

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Cluster:
    """The real cluster that a command's options ask for.

    Attributes:
        profile: whose credentials; None for those that a function on this machine would find.
        host: the cluster to call with them in place of their own; None for their own.
        yes: whether calls need no question.
    """

    profile: str | None = None
    host: str | None = None
    yes: bool = False

    @classmethod
    def of(cls, *, live: bool, profile: str | None, host: str | None, yes: bool = False) -> Cluster | None:
        """Return the cluster that the options select; None for the local platform. Nothing is read yet.

        Raises:
            UsageError: the options conflict.
        """
        if not live:
            if profile is not None:
                raise UsageError("--profile needs --live; without it the local platform is called")
            if host:
                raise UsageError("--host needs --live; without it the local platform is called")
            if yes:
                raise UsageError("--yes needs --live")
            return None
        if profile is not None:
            if not _NAME.fullmatch(profile):
                raise UsageError(f"--profile {profile!r} is not a valid name; it has letters, digits, - and _")
            if host:
                raise UsageError("--host does not go with --profile, which names its cluster itself")
        if host:
            _check_host(host)
        return cls(profile, host, yes)

    def environment(self, output: Output) -> dict[str, str]:
        """Return the five `API_*` variables to call it with.

        Raises:
            UsageError: there is no such profile.
            DevkitError: there are no complete credentials.
        """
        if self.profile is not None:
            return profile_environment(self.profile, Path.home() / ".exh", output.note)
        return _found_environment(self.host)

    def named(self, host: str) -> str:
        """Return its name in messages; `host` is its address."""
        profile = "" if self.profile is None else f" (profile {self.profile})"
        return f"the real cluster {host}{profile}"

    def confirm(self, plan: str, host: str, output: Output) -> None:
        """Announce the planned changes and ask for confirmation unless `--yes` was given.

        Raises:
            UsageError: stdin is not a terminal.
            DevkitError: the answer was no.
        """
        what = f"{plan} against {self.named(host)}"
        output.note(what, host=host)
        ask(what, yes=self.yes)


def ask(what: str, *, yes: bool) -> None:
    """Ask for confirmation on the terminal, unless `yes`.

    Args:
        what: the action, already announced.
        yes: skip the question.

    Raises:
        UsageError: stdin is not a terminal.
        DevkitError: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: add --yes to allow it without a terminal")
    if not typer.confirm("Go on?", err=True):
        raise DevkitError("not confirmed; no changes made")


def profile_environment(name: str, folder: Path, warn: Callable[[str], None]) -> dict[str, str]:
    """Return the five `API_*` variables of a profile.

    Args:
        name: its name.
        folder: where the official CLI keeps its credentials, `~/.exh`.
        warn: called with a warning if other users can read the file.

    Raises:
        UsageError: there is no such profile.
        DevkitError: it cannot be read, or lacks something.
    """
    from extrahorizon.credentials import parse_credentials
    from extrahorizon.errors import ConfigurationError
    from extrahorizon.hosts import base_url
    from extrahorizon.settings import HOST, OAUTH_NAMES

    path = folder / f"credentials.{name}"
    try:
        mode = path.stat().st_mode
        values = parse_credentials(path.read_text(encoding="utf-8-sig"))  # PowerShell writes a byte order mark
    except FileNotFoundError:
        raise UsageError(_no_profile(name, path)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise DevkitError(f"the profile {name} cannot be read, {path}: {reason}") from error
    except ConfigurationError as error:
        raise DevkitError(f"the profile {name} cannot be read, {path}, {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        warn(f"other users of this machine may read {path}, which holds secrets: chmod 600 {path}")
    missing = [each for each in (HOST, *OAUTH_NAMES) if each not in values]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise DevkitError(
            f"{', '.join(missing)} {verb} missing from the profile {name}, {path}; a profile holds all five, and "
            "nothing comes from the environment"
        )
    try:
        return {HOST: base_url(values[HOST]), **{each: values[each] for each in OAUTH_NAMES}}
    except ConfigurationError as error:
        raise DevkitError(f"{path}: {error}") from error


def _check_host(host: str) -> None:
    from extrahorizon.errors import ConfigurationError
    from extrahorizon.hosts import base_url

    try:
        base_url(host)
    except ConfigurationError as error:
        raise UsageError(f"--host {host!r}: {str(error).replace('API_HOST ', 'it ', 1)}") from error


def _no_profile(name: str, path: Path) -> str:
    found = sorted(other.name.partition(".")[2] for other in path.parent.glob("credentials.*"))
    there = ", ".join(each for each in found if _NAME.fullmatch(each)) or "none"
    return (
        f"there is no profile {name}: no file {path}; there are: {there}. To make it, log in to that cluster with "
        f"`exh login`, then: cp {path.parent / 'credentials'} {path} && chmod 600 {path}"
    )


def _found_environment(host: str | None) -> dict[str, str]:
    """Return the five `API_*` variables as a function on this machine would find them, or for `host` with the same
    tokens.
    """
    from extrahorizon.credentials import CredentialChain
    from extrahorizon.errors import ConfigurationError
    from extrahorizon.settings import HOST, OAUTH_NAMES, Settings

    environ: Mapping[str, str] = {**os.environ, HOST: host} if host else os.environ
    try:
        found = CredentialChain(Settings.from_environment(environ)).current()
    except ConfigurationError as error:
        raise DevkitError(str(error)) from error
    secrets = (found.consumer_key, found.consumer_secret, found.token, found.token_secret)
    return {HOST: found.host, **dict(zip(OAUTH_NAMES, secrets, strict=True))}
