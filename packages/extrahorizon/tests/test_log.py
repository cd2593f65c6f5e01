import io
import json
import logging
from collections import namedtuple
from dataclasses import dataclass
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from extrahorizon import log
from extrahorizon.log import REDACTED, RedactingFilter, is_secret_name, logger, redact


@pytest.fixture
def lines(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.structure_logs()


@pytest.mark.parametrize(
    "name",
    [
        *("password", "tokenSecret", "API_OAUTH_TOKEN", "Authorization", "X-Api-Key", "consumer_key", "refresh_token"),
        *("client-secret", "licenseKeys", "fileToken", "Set-Cookie", "oauth_signature", "accessTokenValue", "pin"),
        *("apikey", "APIKEY", "x-apikey", "accesstoken", "authtoken", "tokensecret", "clientsecret", "secretkey"),
        *("bearer", "jwt", "otp", "mfaCode", "x-auth", "db_pass", "wachtwoord", "sessionId", "client_key"),
    ],
)
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "user_id",
        "key",
        "localizationKey",
        "author",
        "monkey",
        "tokenize",
        "compass",
        "spin",
        "code",
        "",
        "pass_rate",
        "auth_method",
        "session",
    ],
)
def test_ordinary_names_are_not_taken_for_secrets(name):
    assert not is_secret_name(name)


def test_a_log_line_is_one_json_object_with_its_extra_members(lines):
    logger.info("stored", extra={"document_id": "d1"})
    (line,) = lines()
    assert (line["level"], line["message"], line["document_id"]) == ("INFO", "stored", "d1")
    assert line["timestamp"].endswith("+00:00")


def test_secrets_are_redacted_wherever_they_were_added(lines):
    logger.append_keys(session_token="mark-1")
    logger.info({"password": "mark-2", "nested": [{"apiKey": "mark-3"}]}, extra={"credentials": {"x": "mark-4"}})
    logger.info('{"authorization": "mark-5"}', secret=["mark-6"])
    first, second = lines()
    assert "mark" not in json.dumps([first, second])
    assert first["message"] == {"password": REDACTED, "nested": [{"apiKey": REDACTED}]}
    assert second["secret"] == REDACTED


@dataclass
class Login:
    user: str
    token: str


@pytest.mark.parametrize(
    "value",
    [
        Login("ada", "LEAK"),
        namedtuple("Both", "user token")("ada", "LEAK"),  # noqa: PYI024 - as other code makes them
        [("X-Request", "1"), ("Authorization", "LEAK")],
        {"login": [["password", "LEAK"]]},
    ],
    ids=["dataclass", "named tuple", "headers", "pairs in a list"],
)
def test_what_has_names_without_being_a_mapping_is_redacted(lines, value):
    logger.info("called", extra={"value": value})
    (line,) = lines()
    assert "LEAK" not in json.dumps(line)
    assert REDACTED in json.dumps(line)


def test_lines_of_other_loggers_are_redacted_too():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(token)s"))
    handler.addFilter(RedactingFilter())
    other = logging.Logger("other")  # noqa: LOG001 - one of its own, out of the tree
    other.addHandler(handler)
    other.info("%(password)s for %(who)s", {"password": "mark-1", "who": "me"}, extra={"token": "mark-2"})
    other.info({"secret": "mark-3"}, extra={"token": "mark-4"})
    assert "mark" not in stream.getvalue()
    assert stream.getvalue().startswith(f"{REDACTED} for me {REDACTED}")


def test_any_kind_of_mapping_is_redacted_and_positional_arguments_too(lines):
    headers = CaseInsensitiveDict({"Authorization": "OAuth mark-1"})
    logger.info("sent", extra={"headers": headers, "view": MappingProxyType({"password": "mark-2"})})
    logger.info("%s %s", {"Authorization": "mark-3"}, "x")
    logger.info("%s", {"Authorization": "mark-4"})
    assert "mark" not in json.dumps(lines())
    assert lines()[0]["headers"] == {"Authorization": REDACTED}


def test_values_that_are_no_json_never_break_the_function_that_logs_them(lines):
    cyclic = {"id": "d1"}
    cyclic["self"] = cyclic
    logger.info("stored", extra={"cyclic": cyclic, "bytes": {b"key": 1}, "object": object(), "set": {1}})
    (line,) = lines()
    assert line["cyclic"]["id"] == "d1"
    assert "[too deep]" in json.dumps(line["cyclic"])
    assert line["set"] == [1]


def test_talkative_libraries_stay_quiet_when_the_root_is_lowered():
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        for name in ("oauthlib.oauth1.rfc5849", "requests_oauthlib.oauth1_auth", "urllib3.connectionpool"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG), name
        assert not logging.getLogger("botocore.parsers").isEnabledFor(logging.INFO)
        # "Failed to parse headers (url=...)", query and all, is a warning.
        assert not logging.getLogger("urllib3.connection").isEnabledFor(logging.WARNING)
    finally:
        root.setLevel(level)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text() | st.just("secretToken"), each, max_size=3),
)


@pytest.mark.slow
@given(JSON, st.text(min_size=1, alphabet="\"'%\n\\{}secret§"))
def test_a_secret_member_never_survives_whatever_surrounds_it(value, secret):
    marked = f"§{secret}§"
    text = json.dumps(redact({"around": [value, {"token": marked, "deep": {"passwords": [marked]}}]}))
    assert json.dumps(marked)[1:-1] not in text


@pytest.mark.slow
@given(JSON)
def test_redaction_leaves_everything_else_as_it_was(value):
    def without_secrets(each):
        if isinstance(each, dict):
            return {key: without_secrets(item) for key, item in each.items() if not is_secret_name(key)}
        return [without_secrets(item) for item in each] if isinstance(each, list) else each

    assert without_secrets(redact(value)) == without_secrets(value)


def test_what_a_project_appends_while_it_is_imported_is_in_every_line(lines, monkeypatch):
    monkeypatch.setattr(log, "_has_begun", False)
    monkeypatch.setattr(log, "_project_keys", {})
    logger.structure_logs()
    logger.append_keys(project="my-clinic")
    log.keep_keys()
    log.begin_invocation(cold_start=True)
    logger.append_keys(task_id="t1")
    log.keep_keys()  # a handler that is decorated late: nothing of this invocation stays
    logger.info("one")
    log.begin_invocation(cold_start=False)
    logger.info("two")
    one, two = lines()
    assert (one["project"], one["task_id"], one["cold_start"]) == ("my-clinic", "t1", True)
    assert (two["project"], two["cold_start"]) == ("my-clinic", False)
    assert "task_id" not in two
