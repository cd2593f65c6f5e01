"""The account and URLs of SideFX.

`SIDEFX_CLIENT_ID` and `SIDEFX_CLIENT_SECRET` come together from one source: the arguments, else the environment when
either is set there, else the Secrets Manager secret that `API_SECRET_ID` names. `SIDEFX_TOKEN_URL` and `SIDEFX_API_URL`
select another SideFX than the public one, such as the local one. They come together from the environment or the secret:
one alone would send the token of one site to another. Credentials given as arguments apply to the URLs given as
arguments, each of which has its own default, as in SideFX's own client.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from extrahorizon.errors import ConfigurationError
from extrahorizon.settings import SECRET_ID, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extrahorizon.deadline import Deadline
    from extrahorizon.secrets_manager import SecretsManager

#: Neither has a version in its path; the function that is called is named in the body.
ACCESS_TOKEN_URL = "https://www.sidefx.com/oauth2/application_token"  # noqa: S105 - a URL
ENDPOINT_URL = "https://www.sidefx.com/api/"

ID_NAMES = ("SIDEFX_CLIENT_ID", "SIDEFX_CLIENT_SECRET")
URL_NAMES = ("SIDEFX_TOKEN_URL", "SIDEFX_API_URL")

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Account:
    """An application registered at SideFX. The repr shows neither its id nor its secret."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    access_token_url: str
    endpoint_url: str


class AccountChain:
    """Finds the account when it is first needed, and keeps it."""

    def __init__(
        self,
        client_id: str | None,
        client_secret_key: str | None,
        access_token_url: str | None,
        endpoint_url: str | None,
    ) -> None:
        """Use the arguments, and find the rest at the first call.

        Raises:
            ConfigurationError: only one of id and secret is given, or a URL is invalid.
        """
        given = {"client_id": client_id, "client_secret_key": client_secret_key}
        missing = [name for name, value in given.items() if not value]
        if len(missing) == 1:
            raise ConfigurationError(f"{missing[0]} is missing: pass both {' and '.join(given)}, or neither")
        self._ids = (client_id, client_secret_key) if client_id and client_secret_key else None
        self._urls = (access_token_url, endpoint_url)
        for name, url in zip(("access_token_url", "endpoint_url"), self._urls, strict=True):
            if url is not None:
                checked_url(url, name)
        self._secrets: SecretsManager | None = None
        self._secret_id: str | None = None
        self._found: Account | None = None

    def current(self, deadline: Deadline | None = None) -> Account:
        """Return the account to call with.

        Raises:
            ConfigurationError: no source has it, or it is incomplete. The message names what is missing and its
                possible sources.
            SecretUnreachableError: the secret cannot be read at the moment.
            DeadlineExceededError: there was no time to read it.
        """
        if self._found is None:
            self._found = self._find(deadline)
        return self._found

    def anew(self, refused: Account, deadline: Deadline | None = None) -> Account | None:
        """Return the account that Secrets Manager has now, past every cache; None if it is still the `refused` one."""
        if self._secrets is not None and self._secret_id is not None and self._found == refused:
            members = self._secrets.read_again(self._secret_id, deadline)
            self._found = self._complete(_with_urls(members, _environment()), f"the secret {self._secret_id!r}")
        return self._found if self._found != refused else None

    def _find(self, deadline: Deadline | None) -> Account:
        if self._ids:
            return self._at(*self._ids, {})
        environment = _environment()
        if any(name in environment for name in ID_NAMES):
            return self._complete(environment, "the environment")
        settings = Settings.from_environment()
        if settings.secret_id is None:
            return self._complete(environment, "the environment")
        from extrahorizon.secrets_manager import SecretsManager

        self._secrets, self._secret_id = SecretsManager(settings), settings.secret_id
        members = self._secrets.read(settings.secret_id, deadline)
        return self._complete(_with_urls(members, environment), f"the secret {settings.secret_id!r}")

    def _complete(self, values: Mapping[str, str], source: str) -> Account:
        missing = [name for name in ID_NAMES if name not in values]
        if missing:
            raise ConfigurationError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing from {source}. "
                f"{' and '.join(ID_NAMES)} must come together: in the environment, or, with neither of them there, in "
                f"the Secrets Manager secret that {SECRET_ID} names. They are made at https://www.sidefx.com/services/"
            )
        client_id, client_secret = (values[name] for name in ID_NAMES)
        return self._at(client_id, client_secret, values)

    def _at(self, client_id: str, client_secret: str, values: Mapping[str, str]) -> Account:
        found = [name for name in URL_NAMES if name in values]
        if len(found) == 1 and self._urls == (None, None):
            other = next(name for name in URL_NAMES if name not in found)
            raise ConfigurationError(f"{found[0]} is set and {other} is not: they name one SideFX, so set both")
        for name in found:
            checked_url(values[name], name)
        token_url, api_url = (values.get(name) for name in URL_NAMES)
        return Account(
            client_id,
            client_secret,
            access_token_url=self._urls[0] or token_url or ACCESS_TOKEN_URL,
            endpoint_url=self._urls[1] or api_url or ENDPOINT_URL,
        )


def checked_url(url: str, name: str) -> str:
    """Return `url` if it can be called; messages call it `name`.

    Raises:
        ConfigurationError: it is no URL, holds a password, or is not https, which only loopback may do without.
    """
    problem = url_problem(url)
    if problem:
        raise ConfigurationError(f"{name} {problem}")
    return url


def url_problem(url: str) -> str | None:
    """Return why `url` is invalid, without quoting it; None if it is valid."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or parts.scheme not in ("http", "https") or any(character.isspace() for character in url):
        return "is not a URL"
    if "@" in parts.netloc:
        return "holds a user name or password, which has no place there"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return f"is not https, and only localhost may be called without TLS (it names {host})"
    return None


def _environment() -> dict[str, str]:
    given = {name: os.environ.get(name, "").strip() for name in (*ID_NAMES, *URL_NAMES)}
    return {name: value for name, value in given.items() if value}


def _with_urls(members: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secret's members, with the environment's URLs in place of its own where it has any."""
    urls = {name: environment[name] for name in URL_NAMES if name in environment}
    return {**{name: value for name, value in members.items() if not urls or name not in URL_NAMES}, **urls}
