"""The shape of the service: names, arguments, errors, and what it shows of itself."""

import copy
import pickle

import pytest

from exh_dev.sidefx import failures
from extrahorizon.errors import ConfigurationError, ExtraHorizonError
from extrahorizon.sidefx import APIError, AuthorizationError, DownloadError, File, SideFXError, service
from extrahorizon.sidefx.service import only_reads

GIVEN = {"client_id": "the id", "client_secret_key": "the secret"}


def pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - made here


def test_attributes_make_the_name_of_a_function_at_any_depth(api, sidefx):
    sidefx.functions |= {"ping": lambda: "pong", "a.b.c.d": lambda *args, **kwargs: [args, kwargs]}
    assert api.ping() == "pong"
    assert api.a.b.c.d(1, "é", None, x=[2.5, True], self="s") == [[1, "é", None], {"x": [2.5, True], "self": "s"}]


def test_a_function_can_be_kept_and_called_again(api):
    builds_list = api.download.get_daily_builds_list
    assert builds_list("houdini") == builds_list(product="houdini", version=None, platform=None)


def test_names_with_an_underscore_are_no_functions():
    one = service(**GIVEN)
    for thing in (one, one.download, one.download.get_daily_builds_list):
        assert not hasattr(thing, "_private")
        assert not hasattr(thing, "__deepcopy__")
        with pytest.raises(AttributeError, match="__len__"):
            _ = thing.__len__


def test_a_service_can_be_copied_and_pickled(api):
    for other in (copy.copy(api), copy.deepcopy(api), pickled(api)):
        assert other.endpoint_url == api.endpoint_url
        assert other.changelog.get_latest_changelog_entries("20.5")


def test_arguments_are_by_keyword_only_for_their_order_has_changed_before():
    with pytest.raises(TypeError, match="positional"):
        service("https://www.sidefx.com/oauth2/application_token", "the id", "the secret")


def test_the_attributes_of_the_reference_are_there(make, clock):
    api = make(timeout=7)
    assert api.timeout == 7
    assert api.endpoint_url.endswith("/_sidefx/api/")
    assert isinstance(api.access_token, str)
    assert api.access_token_expiry_time == clock.now + 43_200 - 2


def test_by_default_it_is_the_public_sidefx_and_nothing_is_sent_before_a_call():
    one = service(**GIVEN)
    assert one.endpoint_url == "https://www.sidefx.com/api/"
    assert one._accounts.current().access_token_url == "https://www.sidefx.com/oauth2/application_token"


@pytest.mark.parametrize(
    "function",
    [
        "download.get_daily_builds_list",
        "download.get_daily_build_download",
        "changelog.get_latest_changelog_entries",
        "bugs.get_submission_options",
    ],
)
def test_documented_reads_may_be_repeated(function):
    assert only_reads(function)


@pytest.mark.parametrize(
    "function",
    ["bugs.submit_issue", "license.get_non_commercial_license", "hpack.upload_chunk", "ping", "download", "bugs.get"],
)
def test_nothing_else_may_be_repeated(function):
    assert not only_reads(function)


def test_no_repr_shows_who_calls(api):
    assert repr(api) == "<SideFX Web API>"
    assert repr(api.bugs.submit_issue) == "<SideFX function bugs.submit_issue>"
    account = api._accounts.current()
    token = api._token(api._limits())
    for secret in (*GIVEN.values(), account.client_id, account.client_secret, token.value):
        assert secret not in f"{api!r} {account!r} {token!r} {token} {api._accounts!r}"
    assert repr(File("/a/b.hip")) == "File('/a/b.hip')"


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), File("scene.hip")])
def test_a_file_is_refused_as_a_positional_argument_and_inside_another(api, sidefx, value):
    for arguments in ((value,), ([value],), ({"a": value},)):
        with pytest.raises(TypeError, match=f"{type(value).__name__} can only be passed by keyword"):
            api.download.get_daily_builds_list(*arguments)
    assert sidefx.token_requests == 0


def test_a_value_that_is_not_json_is_refused(api):
    with pytest.raises(TypeError, match="a set cannot be an argument"):
        api.ping({1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        api.ping(float("nan"))


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nb", "é"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token):
    with pytest.raises(ConfigurationError) as raised:
        service(**GIVEN, access_token=token, access_token_expiry_time=2e9)
    assert str(raised.value) == "access_token is not an access token: it is empty or has odd characters"


# Errors


@pytest.mark.parametrize("kind", [AuthorizationError, APIError])
def test_errors_keep_the_shape_of_the_reference_and_pickle(kind):
    error = kind(403, "403: no")
    assert (error.http_code, error.args) == (403, ("403: no",))
    assert str(error) == ("403: no" if kind is AuthorizationError else "403 403: no")
    assert isinstance(error, SideFXError)
    assert isinstance(error, ExtraHorizonError)
    for again in (pickled(error), copy.copy(error)):
        assert (type(again), again.http_code, again.args, str(again)) == (kind, 403, error.args, str(error))
    assert "403" in repr(error)


def test_a_download_error_is_one_of_ours():
    assert issubclass(DownloadError, SideFXError)
    assert str(pickled(DownloadError("short"))) == "short"


def test_an_error_of_a_call_has_status_and_text(api, sidefx):
    sidefx.fail(failures.refused("You have no such package"))
    with pytest.raises(APIError) as raised:
        api.hpack.install("x")
    assert raised.value.http_code == 422
    assert raised.value.args[0] == "You have no such package"
    assert str(raised.value) == "422 You have no such package"
