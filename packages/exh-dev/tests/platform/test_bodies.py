import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.platform.http.bodies import DEEPEST, LIMIT, MOST_CONTAINERS, MOST_VALUES, parse_json
from exh_dev.platform.http.error_answers import CodelessErrorAnswer, ErrorAnswer

LEDGER = "/_dev/ledger/k"
TOKENS = "/auth/v2/oauth1/tokens"


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(app):
    assert app.as_user("PUT", LEDGER, content=b"x" * LIMIT).status_code == 200
    answer = app.as_user("PUT", LEDGER, content=b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.json()["name"]) == (413, "BODY_TOO_LARGE_EXCEPTION")


@pytest.mark.slow
def test_what_a_compressed_body_unpacks_to_is_limited_as_well(app):
    packed = gzip.compress(b"0" * (LIMIT + 1))
    answer = app.as_user("PUT", LEDGER, content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    answer = app.as_user("PUT", LEDGER, content=gzip.compress(b"0" * LIMIT), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200


def test_a_compressed_body_may_come_in_several_members(app):
    packed = gzip.compress(b'{"a":') + gzip.compress(b"1}")
    answer = app.as_user("PUT", LEDGER, content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.json()["body"] == {"a": 1}
    answer = app.as_user("PUT", LEDGER, content=packed + b"junk", headers={"Content-Encoding": "gzip"})
    assert answer.json()["code"] == 22


def test_a_compressed_login_is_read(app):
    body = json.dumps({"email": app.first.email, "password": app.first.password}).encode()
    headers = {"Content-Encoding": "GZIP"}
    assert app.as_application("POST", TOKENS, content=gzip.compress(body), headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("content", "encoding"),
    [(b"{}", "gzip"), (gzip.compress(b"{}", mtime=0)[:-1], "gzip"), (b"{}", "br"), (b"\x1f\x8b", "gzip")],
)
def test_what_is_not_gzip_cannot_be_read(app, refused, content, encoding):
    answer = app.as_application("POST", TOKENS, content=content, headers={"Content-Encoding": encoding})
    refused(answer, 400, 22, "BODY_FORMAT_EXCEPTION")


def test_a_compressed_nothing_is_empty(app, refused):
    for content in (b"", gzip.compress(b"")):
        answer = app.as_application("POST", TOKENS, content=content, headers={"Content-Encoding": "gzip"})
        refused(answer, 400, 13, "EMPTY_BODY_EXCEPTION")


@pytest.mark.slow
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_what_is_read_can_be_sent_back(body):
    try:
        value = parse_json(body)
    except ErrorAnswer:
        return
    assert json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"1e999", "a number is out of range"),
        (b"-1e999", "a number is out of range"),
        (b"Infinity", "Infinity is not JSON"),
        (b"NaN", "NaN is not JSON"),
        (b"9" * 5000, "a number is out of range"),
        (b'"\\udfff"', "a string has half of a surrogate pair (\\udfff), which is no character"),
        (b'{"name": "\xff"}', "byte 10 of it is not UTF-8"),
        (b"[" * 100_000, "it is nested more than 100 deep"),
    ],
    ids=lambda each: each[:16],
)
def test_what_cannot_be_sent_back_cannot_be_read(body, reason):
    with pytest.raises(ErrorAnswer) as raised:
        parse_json(body)
    assert (raised.value.code, raised.value.body["message"]) == (22, f"The request body is malformed: {reason}")


@pytest.mark.parametrize("inner", ["{}", "1", '{"a": 1}'])
def test_a_body_is_nested_only_so_deep(inner):
    def nested(depth):
        return ('{"a":' * depth + inner + "}" * depth).encode()

    own = inner.count("{")
    assert parse_json(nested(DEEPEST - own))
    for depth in (DEEPEST - own + 1, 5000, 100_000):
        with pytest.raises(ErrorAnswer) as caught:
            parse_json(nested(depth))
        assert caught.value.code == 22
    assert parse_json(b"[" + b"{}," * 200 + b"1]")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "each", "limit"),
    [(b"1", 1, MOST_VALUES), (b'","', 1, MOST_VALUES), (b"{}", 1, MOST_CONTAINERS), (b"[[]]", 2, MOST_CONTAINERS)],
)
def test_a_body_has_only_so_many_values(value, each, limit):
    most = (limit - 1) // each
    assert len(parse_json(b"[" + b",".join([value] * most) + b"]")) == most
    with pytest.raises(CodelessErrorAnswer) as told:
        parse_json(b"[" + b",".join([value] * (most + 1)) + b"]")
    assert (told.value.status, told.value.body["name"]) == (413, "BODY_TOO_LARGE_EXCEPTION")
