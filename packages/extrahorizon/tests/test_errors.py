import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extrahorizon import errors
from extrahorizon.errors import PlatformError, PlatformUnreachableError, platform_error

URL = "https://api.acme.io/users/v1/?eq(email,jan%2540example.com)"


def answer(content, status=401, headers=None):
    return platform_error(status, content, headers or {}, method="GET", url=URL)


def test_an_error_carries_the_facts_of_its_request():
    error = answer(
        b'{"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION", "message": "no"}', headers={"x-request-id": "r1"}
    )
    assert (error.status, error.name, error.message, error.method) == (401, "OAUTH_SIGNATURE_EXCEPTION", "no", "GET")
    assert error.url == "https://api.acme.io/users/v1/"
    assert error.request_id == "r1"
    assert str(error).startswith("OAUTH_SIGNATURE_EXCEPTION (code 109), HTTP 401, on GET /users/v1/. Check API_OAUTH")


@pytest.mark.parametrize(
    "body",
    [
        {"error": "jan@example.com is no patient"},
        {"name": "Jan Janssens", "code": 4711},
        {"code": 15, "type": "Field email jan@example.com is invalid"},
        {"name": "Janssens"},
    ],
)
def test_prose_where_a_name_should_be_stays_out_of_the_text(body):
    error = answer(json.dumps(body).encode(), status=400)
    assert "jan" not in str(error).lower()
    assert error.name == next(value for value in body.values() if isinstance(value, str))


def test_an_unknown_code_keeps_code_name_and_message():
    error = answer(b'{"code": 4711, "name": "NEW_EXCEPTION", "message": "m", "remainingDelay": 5}', status=400)
    assert type(error) is errors.BadRequestError
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
    assert type(error) is errors.BadGatewayServerError
    assert (error.status, error.code, error.name, error.message) == (502, None, None, "")
    assert str(error) == "an answer that is not a platform error, HTTP 502, on GET /users/v1/"


@pytest.mark.slow
@given(st.binary(), st.integers(400, 599))
def test_no_bytes_make_anything_but_our_errors(content, status):
    assert isinstance(answer(content, status), PlatformError)


@pytest.mark.slow
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
    assert isinstance(answer(json.dumps(body).encode()), PlatformError)


def test_the_text_quotes_neither_the_query_nor_what_the_platform_says_about_a_record():
    error = answer(b'{"code": 26, "name": "ILLEGAL_ARGUMENT_EXCEPTION", "message": "jan@example.com is no patient"}')
    assert "jan" not in f"{error}{error!r}{error.url}"
    assert error.message == "jan@example.com is no patient"


@pytest.mark.parametrize(
    "error",
    [
        answer(b'{"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION", "message": "no", "mfa": {"x": [1]}}'),
        PlatformUnreachableError("connection refused", method="GET", url=URL, attempts=3),
        answer(b'{"error": "invalid_grant", "description": "d", "exh_error": {"code": 120, "name": "X"}}', status=400),
        errors.ConfigurationError("no credentials"),
    ],
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert repr(copy.__dict__) == repr(error.__dict__)


def test_unreachable_names_the_host_and_not_the_query():
    error = PlatformUnreachableError("connection refused", method="GET", url=URL)
    assert str(error) == "https://api.acme.io could not be reached: connection refused (GET /users/v1/)"
    assert error.host == "https://api.acme.io"


CATALOGUE = json.loads((Path(__file__).parent / "data" / "errors.json").read_text())


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry["sdk_class"])
def test_every_error_of_the_official_sdk_has_its_class(entry):
    name = entry["sdk_class"].replace("Oauth", "OAuth")
    name = {"ApiError": "PlatformError"}.get(name, name if name.endswith("Error") else f"{name}Error")
    cls = getattr(errors, name)
    assert issubclass(cls, errors.ExtraHorizonError)
    if entry["code"] is not None:
        error = answer(json.dumps({"code": entry["code"], "name": "X"}).encode(), status=entry["http_status"] or 400)
        assert type(error) is cls
        assert error.code == entry["code"]


@pytest.mark.parametrize("code", [10, 101, 104, 107, 108, 109, 110])
def test_an_error_about_credentials_or_permissions_is_an_unauthorized_error(code):
    assert isinstance(answer(b'{"code": %d, "name": "X"}' % code), errors.UnauthorizedError)


def test_no_code_belongs_to_two_classes():
    def codes(cls):
        return [*cls.__dict__.get("codes", ()), *(code for child in cls.__subclasses__() for code in codes(child))]

    every = codes(PlatformError)
    assert len(every) == len(set(every)) > 90


@pytest.mark.parametrize(
    ("status", "name"),
    [
        *((400, "BadRequestError"), (401, "UnauthorizedError"), (403, "ForbiddenError"), (404, "NotFoundError")),
        *((429, "TooManyRequestsError"), (500, "ServerError"), (502, "BadGatewayServerError")),
        *((503, "ServiceUnavailableError"), (504, "GatewayTimeoutServerError"), (418, "PlatformError")),
    ],
)
def test_an_answer_without_a_known_code_has_the_class_of_its_status(status, name):
    assert type(answer(b"", status=status)).__name__ == name


def test_the_token_endpoints_errors_carry_the_platforms_own():
    body = (
        b'{"error": "invalid_grant", "description": "d", "exh_error": {"code": 120, "name": "X", "description": "old"}}'
    )
    error = answer(body, status=400)
    assert type(error) is errors.InvalidGrantError
    assert type(error.exh_error) is errors.RefreshTokenExpiredError
    assert (error.message, error.exh_error.message) == ("d", "old")


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("invalid_grant", errors.InvalidGrantError),
        ("invalid_client", errors.InvalidClientError),
        ("invalid_request", errors.InvalidRequestError),
        ("unauthorized_client", errors.UnauthorizedClientError),
        ("unsupported_grant_type", errors.UnsupportedGrantTypeError),
    ],
)
def test_each_error_of_the_token_endpoint_has_its_class(name, cls):
    error = answer(json.dumps({"error": name, "error_description": "d"}).encode(), status=400)
    assert type(error) is cls
    assert isinstance(error, errors.OAuth2LoginError)
    assert (error.name, error.exh_error) == (name, None)


def test_code_1_is_a_server_error_whatever_the_status():
    assert type(answer(b'{"code": 1, "name": "SERVER_EXCEPTION"}', status=502)) is errors.ServerError


@pytest.mark.parametrize("header", ["x-request-id", "x-amzn-requestid", "x-amzn-trace-id", "x-amz-cf-id"])
def test_the_request_id_is_read_from_the_header_of_any_gateway(header):
    assert answer(b"", headers={header: "r1", "x-amz-cf-pop": "FRA2"}).request_id == "r1"
    assert answer(b"").request_id is None


def test_mfa_is_recognised_in_both_shapes():
    oauth1 = answer(b'{"code": 129, "name": "MFA_REQUIRED_EXCEPTION", "mfa": {"token": "t"}}', status=403)
    oauth2 = answer(b'{"error": "mfa_required", "description": "d", "mfa": {"token": "t"}}', status=400)
    assert type(oauth1) is type(oauth2) is errors.MfaRequiredError
    assert oauth1.body["mfa"] == oauth2.body["mfa"] == {"token": "t"}


@pytest.mark.parametrize(
    ("status", "name"), [(400, "FirebaseInvalidPlatformDataError"), (502, "FirebaseConnectionError")]
)
def test_firebase_failures_name_the_notification_that_exists_all_the_same(status, name):
    error = answer(b'{"notificationId": "n1", "errors": []}', status=status)
    assert (type(error).__name__, error.body["notificationId"]) == (name, "n1")


@pytest.mark.parametrize(
    ("attempts", "told"), [(1, "(GET /x)"), (2, "(GET /x, after 2 attempts)"), (5, "(GET /x, after 5 attempts)")]
)
def test_the_text_counts_attempts_from_the_second_on(attempts, told):
    error = PlatformUnreachableError("connection refused", method="GET", url="https://api.acme.io/x", attempts=attempts)
    assert str(error) == f"https://api.acme.io could not be reached: connection refused {told}"
    error = platform_error(503, b"", {}, method="GET", url="https://api.acme.io/x", attempts=attempts)
    assert str(error).endswith(f"on {told[1:-1]}")


@pytest.mark.parametrize(
    ("method", "ending"),
    [
        *(("GET", "on GET /x"), ("HEAD", "on HEAD /x"), ("OPTIONS", "on OPTIONS /x")),
        *((each, f"on {each} /x. It has probably been done all the same") for each in ("POST", "PUT", "DELETE")),
    ],
)
def test_an_unreadable_answer_to_a_write_says_that_it_has_probably_been_done(method, ending):
    error = errors.InvalidResponseError("not JSON", status=200, method=method, url="https://api.acme.io/x?eq(a,b)")
    assert str(error) == f"not JSON, HTTP 200, {ending}"


def test_an_error_of_the_root_path_names_the_path_as_a_slash():
    url = "https://api.acme.io"
    assert str(platform_error(404, b"", {}, method="GET", url=url)).endswith("HTTP 404, on GET /")
    assert str(errors.InvalidResponseError("x", status=200, method="GET", url=url)).endswith("HTTP 200, on GET /")


def test_a_repr_names_the_class_and_the_text():
    assert repr(errors.ConfigurationError("no credentials")) == "ConfigurationError('no credentials')"


def test_a_file_token_in_the_path_is_masked():
    token = "67c81290fe7042cb74a5576f-0f8fad5b-d9cb-469f-a165-70867728950e"
    error = platform_error(401, b"", {}, method="GET", url=f"https://api.acme.io/files/v1/{token}/file")
    assert token not in f"{error}{error.url}"
    assert error.url == "https://api.acme.io/files/v1/[token]/file"


@pytest.mark.parametrize("email", ["jan@example.com", "jan%40example.com", "mailto:jan@example.com"])
def test_an_email_in_a_path_is_in_no_message(email):
    error = PlatformUnreachableError("no", method="GET", url=f"https://api.acme.io/tasks/v1/api/f/{email}/x?a=b")
    assert error.url == "https://api.acme.io/tasks/v1/api/f/[email]/x"
    assert "jan" not in str(error)
    host = PlatformUnreachableError("no", method="GET", url="https://user@h.example/x")
    assert str(host).startswith("https://h.example could not be reached")


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/f/jan@example.com/x", "/f/[email]/x"),
        ("/f/jan@example.com/https://y/x", "/f/[email]/https://y/x"),
        ("https://api.acme.io/f/jan@example.com/https://y", "https://api.acme.io/f/[email]/https://y"),
        ("https://user@api.acme.io/f/https://jan@y", "https://api.acme.io/f/https://[email]"),
    ],
)
def test_an_email_is_masked_in_a_path_alone_and_before_and_within_another_url(url, masked):
    assert errors.NotFoundError(status=404, url=url).url == masked


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("5", 5.0), (" 0 ", 0.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0), ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0)),
        *((None, None), ("", None), ("soon", None), ("-1", None), ("1.5", None)),
        ("Thu, 99 Jan 1970 00:00:10 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header, seconds):
    assert errors.parse_retry_after(header, now=60) == seconds


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (2500, 2.5),
        (0, 0.0),
        (86_400_000, 86_400.0),
        (86_400_001, None),
        (10**400, None),
        (-1, None),
        (True, None),
        ("5", None),
    ],
)
def test_the_delay_in_a_body_is_read_where_it_is_one(delay, seconds):
    assert answer(json.dumps({"code": 134, "name": "X", "remainingDelay": delay}).encode()).retry_after == seconds


def test_an_answer_carries_the_delay_of_its_header():
    assert answer(b"", status=503, headers={"retry-after": "7"}).retry_after == 7
    assert answer(b"", status=503, headers={"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}).retry_after > 0
    assert answer(b"", status=503).retry_after is None


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("/x?eq(a,?)&like(b,?)", "/x"),
        ("/x#jan#janssens", "/x"),
        ("/x#jan?janssens", "/x"),
        ("/a b/c", "/a b/c"),
    ],
)
def test_the_url_of_an_error_has_neither_query_nor_fragment(url, public):
    assert (
        PlatformUnreachableError("x", method="GET", url=f"https://api.acme.io{url}").url
        == f"https://api.acme.io{public}"
    )


def test_an_error_for_a_test_needs_no_more_than_its_status():
    error = errors.NotFoundError(status=404)
    assert (error.message, error.method, error.url, error.body) == ("", "GET", "", {})
    assert (error.permanent, errors.NotFoundError(status=404, permanent=True).permanent) == (False, True)
    assert str(error) == "an answer that is not a platform error, HTTP 404, on GET /"


def test_a_write_may_have_been_sent_where_nothing_says_otherwise():
    error = PlatformUnreachableError("cut off", method="POST", url="https://api.acme.io/x")
    assert (error.sent, error.permanent, error.attempts) == (True, False, 1)
    assert str(error).endswith("cut off (POST /x). It may have been done all the same")


def test_a_deadline_says_nothing_of_a_call_that_was_not_sent():
    assert str(errors.DeadlineExceededError("no time is left")) == "no time is left"


def test_a_deadline_says_that_a_call_that_was_sent_may_have_been_done():
    told = "POST /x was not answered. It may have been done all the same"
    assert str(errors.DeadlineExceededError("POST /x was not answered", sent=True)) == told


@given(st.text())
def test_no_retry_after_is_ever_an_exception(header):
    assert errors.parse_retry_after(header, now=0) is None or errors.parse_retry_after(header, now=0) >= 0


LACKING = b'{"code": 10, "name": "NO_PERMISSION_EXCEPTION", "message": "This call needs the permission VIEW_PATIENTS"}'


@pytest.mark.parametrize("function", [None, "greet-patient"])
def test_on_a_local_platform_a_lacking_permission_is_noted_with_the_line_that_grants_it(monkeypatch, function):
    if function:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    error = platform_error(403, LACKING, {}, method="GET", url="http://localhost:8420/users/v1/")
    told, *line = error.__notes__
    assert told == "This call needs the permission VIEW_PATIENTS"
    granted = "under its Metadata: ExtraHorizon: executionCredentials: permissions: [VIEW_PATIENTS]"
    assert line == ([f"{function} gets it from template.yaml, {granted}"] if function else [])


def test_an_error_of_another_host_has_no_note(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "greet-patient")
    error = platform_error(403, LACKING, {}, method="GET", url="https://api.acme.io/users/v1/")
    assert not hasattr(error, "__notes__")
