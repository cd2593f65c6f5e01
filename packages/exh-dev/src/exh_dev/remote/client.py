"""The real client for a function's environment variables, with its errors converted for commands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extrahorizon.client import ExtraHorizon


class MissingPermissionError(DevkitError):
    """The user whose credentials a command uses may not do what it needs."""


def client_of(environment: Mapping[str, str]) -> ExtraHorizon:
    """Return the real client with the credentials in the five `API_*` variables of an environment.

    **Call a local platform**

        from exh_dev.testing import client_of

        def test_the_client_reaches_the_platform(platform):
            with client_of(platform.environment()) as exh:
                assert exh.users.me()["id"] == platform.credentials.user_id
    """
    from extrahorizon.client import ExtraHorizon
    from extrahorizon.credentials import Credentials
    from extrahorizon.settings import HOST, OAUTH_NAMES

    return ExtraHorizon(Credentials(environment[HOST], *(environment[name] for name in OAUTH_NAMES)))


@contextmanager
def as_devkit_errors(permission: str) -> Iterator[None]:
    """Raise what the platform refuses in the block as a DevkitError of one line.

    Args:
        permission: what the calls in the block need, named when it is what is missing.

    Raises:
        MissingPermissionError: it is.
        DevkitError: anything else went wrong.
    """
    from urllib.parse import urlsplit

    from extrahorizon.errors import ExtraHorizonError, NoPermissionError

    try:
        yield
    except NoPermissionError as error:
        call = f"{error.method} {urlsplit(error.url).path}"
        message = f"the user of these credentials lacks the permission {permission}: {call} was refused (code 10)"
        raise MissingPermissionError(message) from error
    except ExtraHorizonError as error:
        raise DevkitError(str(error)) from error
