"""Sources of a function's OAuth1 credentials.

The four `API_OAUTH_*` come together from one source, the first that applies:

1. the environment, when any of the four is set there;
2. the Secrets Manager secret that `API_SECRET_ID` names;
3. `~/.exh/credentials`, written by `exh login`; never inside Lambda.

`API_HOST` comes from the environment, else from that same source. An incomplete source is an error, because mixing two
sources would combine credentials that do not belong together.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError
from extrahorizon.hosts import base_url
from extrahorizon.settings import HOST, OAUTH_NAMES, SECRET_ID, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from extrahorizon.secrets_manager import SecretsManager

_NAMES = frozenset({HOST, *OAUTH_NAMES})
_QUOTES = ("'", '"', "`")


class Credentials:
    """OAuth1 credentials and their base URL. The repr shows neither keys nor secrets.

    Attributes:
        host: base URL, such as `https://api.dev.acme.extrahorizon.io`; any format of `API_HOST` is accepted.
        source: their source, for messages.

    Raises:
        ConfigurationError: the host is invalid, or one of the four is not a valid string.

    **A host as `API_HOST` may have it**

        >>> Credentials("dev.acme.extrahorizon.io", "key", "secret", "token", "token-secret").host
        'https://api.dev.acme.extrahorizon.io'
    """

    # Not a dataclass: making one takes half a millisecond of each cold start.
    __slots__ = ("consumer_key", "consumer_secret", "host", "source", "token", "token_secret")

    def __init__(  # noqa: PLR0917 - the order of the official SDK
        self,
        host: str,
        consumer_key: str,
        consumer_secret: str,
        token: str,
        token_secret: str,
        source: str = "given",
    ) -> None:
        for name, value in (
            ("host", host),
            ("consumer_key", consumer_key),
            ("consumer_secret", consumer_secret),
            ("token", token),
            ("token_secret", token_secret),
        ):
            if not isinstance(value, str):
                raise ConfigurationError(f"{name}: expected a string, got a value of type {type(value).__name__}")
            if has_half(value):  # what encodes it would raise an error that holds the secret
                raise ConfigurationError(f"{name} holds {HALF_A_CHARACTER}")
        self.host = base_url(host)
        self.consumer_key, self.consumer_secret = consumer_key, consumer_secret
        self.token, self.token_secret = token, token_secret
        self.source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Credentials(host={self.host!r}, source={self.source!r})"

    def _values(self) -> tuple[str, ...]:
        return self.host, self.consumer_key, self.consumer_secret, self.token, self.token_secret, self.source


class CredentialChain:
    """Finds the credentials when they are first needed, and keeps them as long as their source allows.

    **Where the credentials come from**

        >>> from extrahorizon.settings import HOST, OAUTH_NAMES, Settings
        >>> environment = {HOST: "dev.acme.extrahorizon.io", **dict.fromkeys(OAUTH_NAMES, "a-secret")}
        >>> CredentialChain(Settings.from_environment(environment)).current()
        Credentials(host='https://api.dev.acme.extrahorizon.io', source='the environment')
    """

    def __init__(self, settings: Settings | None = None, *, given: Credentials | None = None) -> None:
        """Search as `settings` describe, by default those of the environment at first use; not at all if `given`."""
        self._settings = settings
        self._secrets: SecretsManager | None = None
        self._members: Mapping[str, str] | None = None  # of the secret, that `_found` was made of
        self._found = given
        self._lock = threading.Lock()

    def current(self, deadline: Deadline | None = None) -> Credentials:
        """Return the credentials to sign with now. Environment and file are read once; a secret is at most 300 s old.

        Raises:
            ConfigurationError: no source applies, or it is incomplete or unreadable. The message names what is missing
                and its possible sources.
            SecretUnreachableError: the secret cannot be read at the moment, and was not read before.
            DeadlineExceededError: there was no time to read the secret.
        """
        if self._found is None or self._secrets is not None:
            self._found = self._find(deadline or Deadline())
        return self._found

    def renew(self, deadline: Deadline | None = None) -> Credentials:
        """Read the credentials again after they were refused, bypassing every cache.

        Only a secret can change; credentials of other sources are returned unchanged.

        Raises:
            ConfigurationError: as for `current`.
        """
        settings = self._settings
        if self._secrets is None or settings is None or settings.secret_id is None:
            return self.current(deadline)
        self._secrets.read_again(settings.secret_id, deadline)
        return self.current(deadline)

    def _find(self, deadline: Deadline) -> Credentials:
        if self._settings is None:
            self._settings = Settings.from_environment()
        settings = self._settings
        given = settings.values
        if any(name in given for name in OAUTH_NAMES):
            return _complete(given, "the environment", settings)
        if settings.secret_id is not None:
            return self._of_secret(settings.secret_id, settings, deadline)
        if not settings.on_lambda:
            path = settings.home / ".exh" / "credentials"
            if path.exists():
                return _complete(_with_host(_read_file(path), given), str(path), settings)
        return _complete(given, "the environment", settings)

    def _of_secret(self, secret_id: str, settings: Settings, deadline: Deadline) -> Credentials:
        with self._lock:  # concurrent threads share one read
            if self._secrets is None:
                from extrahorizon.secrets_manager import SecretsManager

                self._secrets = SecretsManager(settings)
        members = self._secrets.read(secret_id, deadline)
        if self._found is None or members is not self._members:
            found = _complete(_with_host(members, settings.values), f"the secret {secret_id!r}", settings)
            self._found, self._members = found, members
        return self._found


def parse_credentials(text: str) -> dict[str, str]:
    """Return the `KEY=VALUE` lines of a credentials file as the official CLI writes it; blank values are left out.

    **A line that `exh login` wrote**

        >>> parse_credentials("API_HOST=https://api.dev.acme.extrahorizon.io")
        {'API_HOST': 'https://api.dev.acme.extrahorizon.io'}

    Raises:
        ConfigurationError: a line is for a shell, with `export` or a value in quotes. The official CLI reads the same
            file and knows neither: it would miss the name, or sign with the quotes.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, is_pair, value = line.partition("=")
        name, value = name.strip(), value.strip()
        exported = name.removeprefix("export").strip()
        if not is_pair or exported not in _NAMES:
            continue
        if name != exported:
            raise ConfigurationError(f"line {number}: write {exported}=… without export, as `exh login` does")
        if value[:1] in _QUOTES or value[-1:] in _QUOTES:
            raise ConfigurationError(f"line {number}: write the value of {name} without quotes, as `exh login` does")
        if value:
            values[name] = value
    return values


def _read_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"the credentials file {path} could not be read: {reason}") from None
    try:
        return parse_credentials(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"the credentials file {path}, {error}") from None


def _with_host(members: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    return {**members, HOST: environment[HOST]} if HOST in environment else dict(members)


def _complete(values: Mapping[str, str], source: str, settings: Settings) -> Credentials:
    missing = [name for name in (HOST, *OAUTH_NAMES) if name not in values]
    if missing:
        raise ConfigurationError(_explain(missing, source, settings))
    consumer_key, consumer_secret, token, token_secret = (values[name] for name in OAUTH_NAMES)
    return Credentials(base_url(values[HOST]), consumer_key, consumer_secret, token, token_secret, source)


def _explain(missing: list[str], source: str, settings: Settings) -> str:
    text = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing from {source}"
    blank = sorted(settings.blank.intersection(missing))
    if blank:
        text += f" ({', '.join(blank)} {'is' if len(blank) == 1 else 'are'} set there, but blank)"
    if missing == [HOST]:
        return f"{text}. Set it in the environment, or together with the credentials."
    elsewhere = [f"in the Secrets Manager secret that {SECRET_ID} names"]
    if settings.on_lambda and not settings.secret_id:
        text += " (Extra Horizon sets them for a function whose entry in template.yaml has executionCredentials)"
    if not settings.on_lambda:
        elsewhere.append("in ~/.exh/credentials, which `exh login` writes")
    return (
        f"{text}. The four API_OAUTH_* variables must come together: in the environment, or, with none of them there, "
        f"{' or '.join(elsewhere)}."
    )
