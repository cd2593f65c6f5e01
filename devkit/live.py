"""Credentials for a real cluster: the developer's own, found as a function on that machine would find them."""

from __future__ import annotations

import os

from devkit.errors import DevkitError
from shared.credentials import CredentialChain
from shared.errors import ConfigurationError
from shared.settings import HOST, OAUTH_NAMES, Settings


def live_environment(host: str | None) -> dict[str, str]:
    """The five `API_*` variables for the cluster the developer is logged in to, or for `host` with the same tokens.

    Raises:
        DevkitError: there are no complete credentials.
    """
    environ = {**os.environ, HOST: host} if host else os.environ
    try:
        found = CredentialChain(Settings.from_environment(environ)).current()
    except ConfigurationError as error:
        raise DevkitError(str(error)) from error
    secrets = (found.consumer_key, found.consumer_secret, found.token, found.token_secret)
    return {HOST: found.host, **dict(zip(OAUTH_NAMES, secrets, strict=True))}
