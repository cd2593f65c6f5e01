import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import errors
from shared.errors import PlatformError, PlatformUnreachableError, platform_error

URL = "https://api.acme.io/users/v1/?eq(email,jan%2540example.com)"


def answer(content, status=401, headers=None):
    return platform_error(status, content, headers or {}, method="GET", url=URL)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (10, "NoPermissionError"),
        (101, "ApplicationNotAuthenticatedError"),
        (104, "UserNotAuthenticatedError"),
        (107, "OAuthKeyError"),
        (108, "OAuthTokenError"),
        (109, "OAuthSignatureError"),
        (110, "DuplicateRequestError"),
    ],
)
def test_each_code_has_its_class(code, name):
    error = answer(b'{"code": %d, "name": "X", "message": "m"}' % code)
    assert type(error) is getattr(errors, name)
    assert isinstance(error, errors.UnauthorizedError)
    assert error.code == code


def test_an_error_carries_the_facts_of_its_request():
    error = answer(
        b'{"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION", "message": "no"}', headers={"x-request-id": "r1"}
    )
    assert (error.status, error.name, error.message, error.method) == (401, "OAUTH_SIGNATURE_EXCEPTION", "no", "GET")
    assert error.url == "https://api.acme.io/users/v1/"
    assert error.request_id == "r1"
    assert str(error).startswith("OAUTH_SIGNATURE_EXCEPTION (code 109), HTTP 401, on GET /users/v1/. Check API_OAUTH")


def test_an_unknown_code_keeps_code_name_and_message():
    error = answer(b'{"code": 4711, "name": "NEW_EXCEPTION", "message": "m", "remainingDelay": 5}', status=400)
    assert type(error) is PlatformError
    assert (error.code, error.name, error.message, error.body["remainingDelay"]) == (4711, "NEW_EXCEPTION", "m", 5)


@pytest.mark.parametrize(
    "content",
    [b'{"code": 10, "error": "N", "description": "why"}', b'{"code": 10, "type": "N", "message": "why"}'],
)
def test_the_variants_of_the_error_body_are_read(content):
    error = answer(content)
    assert (error.name, error.message) == ("N", "why")


@pytest.mark.parametrize(
    "content", [b"", b"<html>Bad gateway</html>", b'{"code": 10', b"[1]", b"null", b'{"code": true}']
)
def test_a_body_that_is_no_platform_error_still_gives_a_typed_error(content):
    error = answer(content, status=502)
    assert type(error) is PlatformError
    assert (error.status, error.code, error.name) == (502, None, None)
    assert str(error) == "an answer that is no platform error, HTTP 502, on GET /users/v1/"


@given(st.binary(), st.integers(400, 599))
def test_no_bytes_make_anything_but_our_errors(content, status):
    assert isinstance(answer(content, status), PlatformError)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(st.sampled_from(["code", "name", "message", "error", "description", "type", "x"]), each)
        ),
    )
)
def test_no_json_makes_anything_but_our_errors(body):
    import json

    assert isinstance(answer(json.dumps(body).encode()), PlatformError)


def test_the_text_quotes_neither_the_query_nor_what_the_platform_says_about_a_record():
    error = answer(b'{"code": 26, "name": "ILLEGAL_ARGUMENT_EXCEPTION", "message": "jan@example.com is no patient"}')
    assert "jan" not in f"{error}{error!r}{error.url}"
    assert error.message == "jan@example.com is no patient"


@pytest.mark.parametrize(
    "error",
    [
        answer(b'{"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION", "message": "no", "mfa": {"x": [1]}}'),
        PlatformUnreachableError("connection refused", method="GET", url=URL),
        errors.ConfigurationError("no credentials"),
    ],
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__


def test_unreachable_names_the_host_and_not_the_query():
    error = PlatformUnreachableError("connection refused", method="GET", url=URL)
    assert str(error) == "https://api.acme.io could not be reached: connection refused (GET /users/v1/)"
    assert error.host == "https://api.acme.io"
