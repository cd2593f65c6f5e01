"""A login at the local OpenID Connect provider without a browser."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from extrahorizon.services.auth.types import OidcProviderCreation

_TIMEOUT = 10  # seconds
_OK, _SEE_OTHER = 200, 303


def oidc_provider(
    host: str, *, name: str = "local", redirect_uri: str = "http://localhost:3000/callback"
) -> OidcProviderCreation:
    """Return the arguments of `exh.auth.oidc.providers.create` that register the local provider.

    Args:
        host: the address of the local platform, `platform.url`.
        name: the provider's name in logins.
        redirect_uri: redirect URI of the application.

    Raises:
        DevkitError: no local platform answers there.

    **Register the local provider**

        from exh_dev.testing import oidc_provider

        def test_the_provider_is_registered(exh, platform):
            provider = exh.auth.oidc.providers.create(**oidc_provider(platform.url))
            assert exh.auth.oidc.providers.enable(provider["id"]) == 1
    """
    query = urlencode({"name": name, "redirectUri": redirect_uri})
    status, _, content = _send("GET", f"{host}/_dev/oidc/provider?{query}")
    if status != _OK:
        raise DevkitError(f"{host} has no local OpenID Connect provider (HTTP {status})")
    return cast("OidcProviderCreation", json.loads(content))


def oidc_code(
    authentication_url: str, *, email: str, first_name: str | None = None, last_name: str | None = None
) -> str:
    """Log in at the local provider as its page does, and return the authorization code.

    Args:
        authentication_url: of `exh.auth.generate_oidc_authentication_url`.
        email: the user who logs in; created if unknown.
        first_name: first name that the provider reports, if given.
        last_name: last name that the provider reports, if given.

    Raises:
        DevkitError: the provider does not answer, or gives no code.

    **Log in as a new user**

        from exh_dev.testing import oidc_code, oidc_provider
        from extrahorizon import ExtraHorizon
        from extrahorizon.login import OAuth2Authentication

        def test_a_user_logs_in(exh, platform):
            provider = exh.auth.oidc.providers.create(**oidc_provider(platform.url))
            exh.auth.oidc.providers.enable(provider["id"])
            application = platform.details()
            app = ExtraHorizon(
                OAuth2Authentication(
                    platform.url, application["oauth2_client_id"], application["oauth2_client_secret"]
                )
            )
            url = app.auth.generate_oidc_authentication_url("local", state="xyz")["authenticationUrl"]
            code = oidc_code(url, email="ada@example.com", first_name="Ada")
            app.auth.authenticate_with_oidc("local", authorization_code=code)
            assert app.users.me()["first_name"] == "Ada"
    """
    given = {"email": email, "given_name": first_name, "family_name": last_name}
    form = urlencode({name: value for name, value in given.items() if value is not None})
    status, location, _ = _send("POST", authentication_url, form)
    answer = parse_qs(urlsplit(location).query)
    if status != _SEE_OTHER or "code" not in answer:
        reason = ": ".join(answer.get("error", []) + answer.get("error_description", [])) or f"HTTP {status}"
        raise DevkitError(f"the local OpenID Connect provider gave no code ({reason})")
    return answer["code"][0]


def _send(method: str, url: str, form: str | None = None) -> tuple[int, str, bytes]:
    """Return the status, the Location and the body of an answer; redirects are not followed."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, f"{parts.path}?{parts.query}", form, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read()
    except (OSError, HTTPException) as error:
        raise DevkitError(f"no local platform answers at {parts.netloc} ({error})") from error
    finally:
        connection.close()
