"""The environment a function runs in, read once into one typed value.

Names are those the official CLI stores and sets: `API_HOST` and the four `API_OAUTH_*`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from extrahorizon.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "API_HOST"
OAUTH_NAMES = (
    "API_OAUTH_CONSUMER_KEY",
    "API_OAUTH_CONSUMER_SECRET",
    "API_OAUTH_TOKEN",
    "API_OAUTH_TOKEN_SECRET",
)
SECRET_ID = "API_SECRET_ID"  # noqa: S105  # pragma: allowlist secret - the name of a variable
EXTENSION_PORT = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
EXTENSION_TTL = "SECRETS_MANAGER_TTL"
LONGEST_TTL = 300.0  # seconds: the extension's maximum, and its default


class Settings:
    """Settings from the environment. A blank value counts as unset.

    **A function whose credentials are in a secret**

        >>> Settings.from_environment({"API_SECRET_ID": "exh/tasks", "AWS_LAMBDA_FUNCTION_NAME": "whoami"})
        Settings(secret_id='exh/tasks', on_lambda=True)

    Attributes:
        values: the five `API_*` variables that are set, stripped of white space.
        blank: names of the five that are blank, which messages distinguish from unset ones.
        secret_id: name or ARN of the Secrets Manager secret, None when the function uses none.
        extension_port: loopback port of the AWS Parameters and Secrets Lambda Extension, None without it.
        extension_ttl: seconds that the extension keeps a secret.
        session_token: token that the extension requires in requests.
        on_lambda: True inside Lambda (or the local runtime), where the home directory is never read.
        home: the user's home directory, where the official CLI keeps `.exh/credentials`.
    """

    # Not a dataclass: making one takes half a millisecond of each cold start.
    __slots__ = (
        "_home",
        "blank",
        "extension_port",
        "extension_ttl",
        "on_lambda",
        "secret_id",
        "session_token",
        "values",
    )

    def __init__(
        self,
        *,
        values: Mapping[str, str],
        blank: frozenset[str],
        secret_id: str | None,
        extension_port: int | None,
        session_token: str,
        on_lambda: bool,
        home: str,
        extension_ttl: float = LONGEST_TTL,
    ) -> None:
        self.values, self.blank = values, blank
        self.secret_id, self.extension_port, self.session_token = secret_id, extension_port, session_token
        self.on_lambda, self._home, self.extension_ttl = on_lambda, home, extension_ttl

    def __repr__(self) -> str:
        return f"Settings(secret_id={self.secret_id!r}, on_lambda={self.on_lambda})"

    @property
    def home(self) -> Path:
        """The folder, with `~` resolved."""
        from pathlib import Path

        return Path(self._home).expanduser()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `environ`, by default the process's own.

        Raises:
            ConfigurationError: the extension's port is not a port.
        """
        environ = os.environ if environ is None else environ
        given = {name: environ[name].strip() for name in (HOST, *OAUTH_NAMES) if name in environ}
        return cls(
            values={name: value for name, value in given.items() if value},
            blank=frozenset(name for name, value in given.items() if not value),
            secret_id=environ.get(SECRET_ID, "").strip() or None,
            extension_port=_port(environ.get(EXTENSION_PORT, "").strip()),
            session_token=environ.get("AWS_SESSION_TOKEN", ""),
            on_lambda="AWS_LAMBDA_FUNCTION_NAME" in environ,
            home=environ.get("HOME") or "~",
            extension_ttl=_ttl(environ.get(EXTENSION_TTL, "").strip()),
        )


def _ttl(text: str) -> float:
    # It is the extension's variable: what it cannot read is for it to refuse.
    return min(float(text), LONGEST_TTL) if text.isascii() and text.isdigit() else LONGEST_TTL


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigurationError(f"{EXTENSION_PORT} is {text!r}; expected a port number such as 2773")
    return int(text)
