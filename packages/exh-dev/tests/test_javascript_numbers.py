"""Numbers are written as JavaScript writes them; the expected texts are those of Node.js 20."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exh_dev.javascript_numbers import fraction, number_text, parse_integer
from exh_dev.json_text import json_text
from exh_dev.platform.templates.handlebars import render
from exh_dev.remote.client import client_of

SAID = [
    (0.00001, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"), (1.25e-9, "1.25e-9"), (100.0, "100"), (-0.0, "0"),
    (1e16, "10000000000000000"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e300, "1.5e+300"),
    (12345678901234567890, "12345678901234567000"), (2**53, "9007199254740992"), (0.1 + 0.2, "0.30000000000000004"),
    (5e-324, "5e-324"), (-1234.5, "-1234.5"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "text"), SAID)
def test_a_number_is_written_as_string_writes_it(number, text):
    assert number_text(number) == text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on the PATH")
@settings(max_examples=10)
@given(st.lists(st.floats() | st.integers(), min_size=200, max_size=200))
def test_any_number_is_written_as_node_writes_it(numbers):
    script = (
        "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map((each) => String(Number(each)))))"
    )
    texts = [str(each).replace("inf", "Infinity").replace("nan", "NaN") for each in numbers]
    done = subprocess.run(["node", "-e", script], input=json.dumps(texts), capture_output=True, text=True, check=True)
    assert list(map(number_text, numbers)) == json.loads(done.stdout)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read_as_the_same(number):
    assert fraction(number_text(number)) == number
    read, kept = json.loads(json_text([number, {"e-1": "1e-07"}]))
    assert (float(read), kept) == (number, {"e-1": "1e-07"})


@pytest.mark.parametrize("text", ["1e-07", '"1e-07"', "\\u00e9 3e-05", "a-1e-4b-2"])
def test_numbers_inside_strings_are_unchanged(text):
    assert json.loads(json_text({text: [text, 1e-7]})) == {text: [text, 1e-7]}
    assert "1e-7" in json_text({text: [text, 1e-7]})


def test_digits_that_a_double_has_not_are_lost_as_they_are_there():
    assert parse_integer("9007199254740993") == 9007199254740992
    assert parse_integer("12345678901234567890") == 12345678901234567890.0


@pytest.mark.parametrize(
    ("source", "number", "text"),
    [
        *(("{{@inputs.v}}", *each) for each in SAID[:13]),
        *((source, *each) for source in ("{{join @inputs.list '-'}}", "{{@inputs.list}}") for each in SAID[2:5:2]),
    ],
)
def test_a_template_writes_a_number_as_string_does(source, number, text):
    inputs = {"v": number, "list": [number]}
    assert render(source, inputs, language="EN", time_zone="UTC", translate=lambda _: None) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(100.0, "100"), (-0.0, "0"), ([1.0, {"a": 1e-7}], '[1,{"a":1e-7}]'), ("1e-07", '"1e-07"'), (1e21, "1e+21")],
)
def test_json_in_a_template_is_javascripts(value, text):
    source = "{{{toJsonString @inputs.v}}}"
    assert render(source, {"v": value}, language="EN", time_zone="UTC", translate=lambda _: None) == text


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("100.0", "100"),
        ("-0.0", "0"),
        ("1e-5", "0.00001"),
        ("1e-7", "1e-7"),
        ("1E21", "1e+21"),
        ("1e16", "10000000000000000"),
    ],
)
def test_a_stored_number_is_answered_as_javascript_writes_it(platform, sent, answered):
    exh = client_of(platform.environment())
    schema = exh.data.schemas.create(name="values", description="Numbers")
    exh.data.properties.create(schema["id"], name="v", configuration={"type": "number"})
    body = f'{{"v":{sent}}}'.encode()
    made = exh.session.request(
        "POST", "/data/v1/values/documents", data=body, headers={"Content-Type": "application/json"}
    )
    stored = exh.session.request("GET", f"/data/v1/values/documents?eq(id,{made.json()['id']})")
    for answer in (made, stored):
        assert f'"v":{answered}}}' in answer.text
