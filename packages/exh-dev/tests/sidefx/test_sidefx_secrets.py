"""No secret, token, key or signed URL comes out, whatever fails and however closely one looks."""

import base64
import logging
import traceback

import pytest

from exh_dev.sidefx import failures
from extrahorizon.errors import ExtraHorizonError
from extrahorizon.sidefx import APIError, AuthorizationError, download_build

FAILURES = [
    failures.unauthorized(),
    failures.forbidden(),
    failures.eula_not_accepted(),
    failures.rate_limited("1"),
    failures.debug_page("Traceback:\nException Value: x"),
    failures.crashed("boom"),
    failures.unavailable(),
    failures.cut_connection(),
    failures.web_page(),
    failures.redirect("https://other.example/?token=x"),
]


@pytest.fixture
def log(caplog):
    """Tells everything that the client's side logs, at the lowest level of all."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("uvicorn", "asyncio"))
    )


def secrets_of(api, sidefx):
    account = api._accounts.current()
    basic = base64.b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
    signatures = [path.split("Signature=")[1] for path in sidefx.downloads if "Signature=" in path]
    return [account.client_secret, basic, *sidefx._tokens, *signatures]


def everything(error, log):
    shown = f"{error} {error!r} {error.args} {vars(error)}"
    return shown + "".join(traceback.format_exception(error)) + log()


@pytest.mark.parametrize("where", ["token", "api", "cdn"])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_error_contains_no_secret(api, sidefx, log, tmp_path, *, where, failure):
    if where != "token":
        _ = api.access_token
    sidefx.fail(failure, times=9, where=where)
    with pytest.raises(ExtraHorizonError) as raised:
        download_build(api, "houdini", "20.5", "584", "linux", directory=tmp_path)
    text = everything(raised.value, log)
    secrets = secrets_of(api, sidefx)
    assert len(secrets) >= 2
    for secret in secrets:
        assert secret not in text


def test_success_logs_no_secret(api, sidefx, log, tmp_path):
    download_build(api, "houdini", "20.5", "584", "linux", directory=tmp_path)
    licence = api.license.get_non_commercial_license("render01", "12345678", None, "HOUDINI-NC")
    for secret in (*secrets_of(api, sidefx), *licence["license_keys"], licence["server_key"]):
        assert secret not in log()


def test_a_token_that_sidefx_quotes_is_not_passed_on(api, sidefx):
    sidefx.fail(failures.refused(f"Bearer {api.access_token} may not do this"))
    with pytest.raises(APIError) as raised:
        api.ping()
    assert raised.value.args[0] == "Bearer [redacted] may not do this"


def test_a_secret_that_sidefx_quotes_is_not_passed_on(api, sidefx):
    secret = api._accounts.current().client_secret
    sidefx.fail(failures.Failure(403, f"{secret} is wrong".encode()), where="token")
    with pytest.raises(AuthorizationError, match=r"403: \[redacted\] is wrong"):
        api.ping()
