"""Patterns are JavaScript's, and never keep the platform."""

import json
import shutil
import subprocess
import threading
import time

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exh_dev.checking.patterns import slow_text
from exh_dev.patterns import PatternError, compiled, found_in, most_steps
from exh_dev.platform.data.matching import PatternTooSlowError, matches
from exh_dev.remote.client import client_of
from extrahorizon.errors import IllegalArgumentError

#: Of each pattern and text what `new RegExp(pattern, "u").test(text)` says in Node.js 20, or without the flag where it
#: is no pattern with it.
DIALECT = [
    (r"^\d{4}$", "1234", True),
    (r"^\d{4}$", "\u0661\u0662\u0663\u0664", False),
    (r"^\d{4}$", "1234\n", False),
    ("^[a-z]+$", "abc\n", False),
    (r"^\w+$", "é", False),
    (r"^\p{L}+$", "é", True),
    (r"^\p{Script=Greek}+$", "αβ", True),
    (r"^\p{Script=Greek}+$", "ab", False),
    (r"^(?<y>\d+)$", "1", True),
    (r"^(?<y>a)\k<y>$", "aa", True),
    ("^[^]$", "\n", True),
    ("^[]$", "a", False),
    (r"^[\w-.]+$", "a-.", True),
    (r"^a\-b$", "a-b", True),
    ("^.$", "\u2028", False),
    ("^.$", "\N{GRINNING FACE}", True),
    (r"^\s$", "\ufeff", True),
    (r"^\s$", "\x1c", False),
    (r"^\u{1F600}$", "\N{GRINNING FACE}", True),
    ("^.$", "\ud83d", True),
    (r"(?<=a)b", "ab", True),
    ("^(?:a|b)$", "b", True),
    (r"^[\p{L}' -]+$", "Zoë O'Neil", True),
    (r"^[\p{L}' -]+$", "R2D2", False),
    (r"^\p{Lu}\p{Ll}+$", "Élan", True),
    (r"^\p{Lu}\p{Ll}+$", "élan", False),
    (r"^\P{N}+$", "none", True),
    (r"^\P{N}+$", "on3", False),
    (r"^[^\P{Letter}x]+$", "ab", True),
    (r"^[^\P{Letter}x]+$", "ax", False),
    (r"^\p{General_Category=Nd}+$", "\u09e8\u09e93", True),
    (r"^\p{General_Category=Nd}+$", "x", False),
    (r"^(?<year>\d{4})-\k<year>$", "2024-2025", False),
    (r"^(?<=^)a(?<!b)$", "a", True),
    (r"^(?<=^)a(?<!b)$", "b", False),
    ("^[^]$", "", False),
    ("^[[&|~]+$", "[&|~", True),
    ("^[[&|~]+$", "a", False),
    (r"^\u{1F600}\/\u0041$", "\N{GRINNING FACE}/A", True),
    (r"^\u{1F600}\/\u0041$", "/A", False),
    ("^[a-z]{2}$", "abc", False),
    (r"cost: \$", "cost: $", True),
    (r"cost: \$", "cost: ", False),
]
NONE_OF_ITS = [
    *("(?P<y>a)", "(?i)abc", "a**", "(a", "[a", "[b-a]", "x{2,1}", "(?<y", "(?#note)a", r"(?>a)"),
    *("\ud83d", "(", "\\"),
]
SLOW = [r"^([a-zA-Z0-9]+\s?)+$", "^(a+)+$", "^(a|aa)+$", r"(\w+\.?)*!", "^(0*)*1$", r"^(\d+-?)+$"]
VALUE = "Measurementsofthepatientintheevening, left arm"


@pytest.mark.parametrize(("pattern", "text", "expected"), DIALECT)
def test_a_pattern_is_read_as_javascript_reads_it(pattern, text, expected):
    assert found_in(pattern, text) is expected
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", NONE_OF_ITS)
def test_what_javascript_does_not_know_is_no_pattern(pattern):
    with pytest.raises(PatternError):
        compiled(pattern)


TEST = """
const answers = JSON.parse(require("fs").readFileSync(0)).map(([pattern, text]) => {
  try { return new RegExp(pattern, "u").test(text); } catch {}
  try { return new RegExp(pattern).test(text); } catch { return null; }
});
console.log(JSON.stringify(answers));
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on the PATH")
@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.text(alphabet="ab01^$.*+?()[]{}|\\dwspLuk<>=!:-,é ", max_size=8),
            st.text(alphabet="ab01é -\n\u2028\U0001f600", max_size=6),
        ),
        min_size=300,
        max_size=300,
    )
)
def test_any_pattern_is_what_it_is_to_node(cases):
    done = subprocess.run(["node", "-e", TEST], input=json.dumps(cases), capture_output=True, text=True, check=True)
    for (pattern, text), expected in zip(cases, json.loads(done.stdout), strict=True):
        try:
            found = found_in(pattern, text)
        except PatternError:
            found = None
        assert found is expected, (pattern, text)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", SLOW)
def test_a_loop_in_a_loop_is_known_by_its_look_and_seen_to_be_slow(pattern):
    assert most_steps(pattern, 10) == float("inf")
    assert slow_text(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}$",
        "^[A-Za-z][A-Za-z0-9_-]{0,49}$",
        r"^(\d{2}){3}$",
        "^(foo|bar)$",
        r"^(\d+,)*\d+$",
        "^(foo|bar)+$",
        "a?b?c",
    ],
)
def test_a_pattern_with_one_way_to_match_has_no_warning(pattern):
    assert slow_text(pattern) is None


def test_however_long_a_pattern_is_there_is_a_bound():
    assert most_steps("a*" * 500, 10_000_000) > 1e100


@given(st.sampled_from([r"^a*$", "a*b", "^a*a*$", "[ab]+c", r"^\d{1,3}(?:,\d{3}x)$", ".*x.*y"]), st.integers(0, 200))
def test_the_bound_holds_for_what_is_looked_for_at_once(pattern, length):
    started = time.process_time()
    found_in(pattern, "a" * length)
    steps = most_steps(pattern, length)
    assert time.process_time() - started < 0.05 + steps / 1e6


@pytest.mark.slow
def test_a_value_that_takes_too_long_is_ended_and_the_next_one_is_not():
    started = time.perf_counter()
    with pytest.raises(PatternTooSlowError):
        matches(SLOW[0], VALUE, 0.3)
    assert matches(SLOW[0], "left arm", 5) is True
    assert matches(SLOW[0], "left, arm", 5) is False
    assert time.perf_counter() - started < 5


@pytest.fixture
def exh(platform):
    return client_of(platform.environment())


def with_pattern(exh, pattern, name="notes"):
    schema = exh.data.schemas.create(name=name, description="Notes")
    exh.data.properties.create(schema["id"], name="n", configuration={"type": "string", "pattern": pattern})
    return schema["id"]


@pytest.mark.slow
def test_an_ordinary_value_does_not_freeze_the_platform(platform, exh):
    schema = with_pattern(exh, SLOW[0])
    others = []

    def ask():
        others.extend(httpx.get(f"{platform.url}/users/v1/health", timeout=5).status_code for _ in range(5))

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(IllegalArgumentError) as told:
        exh.data.documents.create(schema, {"n": VALUE})
    asking.join()
    assert "the pattern of n takes too long on this value" in str(told.value.__notes__)
    assert others == [200] * 5
    assert exh.data.documents.create(schema, {"n": "left arm"})["data"] == {"n": "left arm"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "text"), [("^(a+)+c|b$", "a" * 18 + "b"), ("a*a*c|b$", "a" * 300 + "b")], ids=["apart", "at once"]
)
def test_the_values_of_a_document_share_the_time_of_one(exh, pattern, text):
    schema = exh.data.schemas.create(name="lists", description="Lists")["id"]
    configuration = {"type": "array", "items": {"type": "string", "pattern": pattern}}
    exh.data.properties.create(schema, name="n", configuration=configuration)
    started = time.perf_counter()
    assert len(exh.data.documents.create(schema, {"n": [text]})["data"]["n"]) == 1
    with pytest.raises(IllegalArgumentError) as told:
        exh.data.documents.create(schema, {"n": [text] * 10_000})
    assert "takes too long on this value" in str(told.value.__notes__)
    assert time.perf_counter() - started < 5
