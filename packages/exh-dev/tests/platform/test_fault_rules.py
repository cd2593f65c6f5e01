import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.errors import UsageError
from exh_dev.platform.faults.rules import FaultRules, Rule


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("PUT /data/*:503:0.3", Rule("PUT /data/*:503:0.3", "PUT", "/data/*", "status", 503, None, 0.3)),
        ("* *:reset", Rule("* *:reset", "*", "*", "reset")),
        (" get  /x:429+2 ", Rule("get  /x:429+2", "GET", "/x", "status", 429, 2)),
        ("POST /x:503+0", Rule("POST /x:503+0", "POST", "/x", "status", 503, 0)),
        ("* /x:reset-after x2", Rule("* /x:reset-after x2", "*", "/x", "reset-after", times=2)),
        ("* /x:resetx2", Rule("* /x:resetx2", "*", "/x", "reset", times=2)),
        ("* /x:truncate:1x3", Rule("* /x:truncate:1x3", "*", "/x", "truncate", times=3)),
        ("* /x:truncate-json:0.5", Rule("* /x:truncate-json:0.5", "*", "/x", "truncate-json", probability=0.5)),
        ("* /x:latency=0.5", Rule("* /x:latency=0.5", "*", "/x", "latency", 0.5)),
        ("* /x:slow=2:0", Rule("* /x:slow=2:0", "*", "/x", "slow", 2, probability=0)),
        ("* /x:skew=-600", Rule("* /x:skew=-600", "*", "/x", "skew", -600)),
        ("* /x:html", Rule("* /x:html", "*", "/x", "html", 502)),
        ("* /x:html=200", Rule("* /x:html=200", "*", "/x", "html", 200)),
        ("* /x:duplicate", Rule("* /x:duplicate", "*", "/x", "duplicate")),
    ],
)
def test_fault_rules_are_parsed(text, understood):
    assert Rule.parse(text) == understood


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "must begin with an HTTP method"),
        ("503", "must begin with an HTTP method"),
        ("P@T /x:503", "must begin with an HTTP method"),
        ("PUT", "comes a path"),
        ("PUT data:503", "comes a path"),
        ("PUT:503", "must begin with an HTTP method"),
        ("PUT /x", "a colon and a fault must follow"),
        ("PUT /x:", '"" is not a fault; use a status from 400 to 599, html, latency=SECONDS'),
        ("PUT /x:explode", '"explode" is not a fault'),
        ("PUT /x:200", "200 is not an error"),
        ("PUT /x:600", "600 is not an error"),
        ("PUT /x:500+2", "only 429 and 503"),
        ("PUT /x:503+", '"503\\+" is not a fault'),
        ("PUT /x:latency", "latency must be given as latency=SECONDS"),
        ("PUT /x:latency=soon", '"soon" is not a number'),
        ("PUT /x:latency=-1", "cannot be negative"),
        ("PUT /x:slow=nan", '"nan" is not a number'),
        ("PUT /x:slow=" + "9" * 400, "is not a number"),
        ("PUT /x:reset=1", "reset takes no value"),
        ("PUT /x:html=teapot", '"teapot" is not a status'),
        ("PUT /x:html=100", '"100" is not a status'),
        ("PUT /x:503:2", "the probability is 2, not from 0 to 1"),
        ("PUT /x:503:-0.1", "not from 0 to 1"),
        ("PUT /x:503:often", '"often" is not a number'),
        ("PUT /x:503:", '"" is not a number'),
        ("PUT /x:503:0.5:x", "is not a number"),
        ("PUT /x:503 x0", "never strike"),
    ],
)
def test_what_is_not_a_fault_rule_is_refused_with_an_example(text, wrong):
    with pytest.raises(UsageError, match=wrong) as raised:
        Rule.parse(text)
    assert str(raised.value).startswith(f'the fault rule "{text}" cannot be used: ')
    assert "PUT /data/*:503:0.3" in str(raised.value)


@given(st.text())
def test_no_text_makes_anything_but_a_usage_error(text):
    for candidate in (text, f"PUT {text}", f"PUT /{text}", f"PUT /x:{text}", f"PUT /x:503:{text}"):
        try:
            rule = Rule.parse(candidate)
        except UsageError:
            continue
        assert Rule.parse(rule.text) == rule


@pytest.mark.parametrize(
    ("rule", "method", "path", "matches"),
    [
        ("PUT /data/*:503", "PUT", "/data/v1/s/documents/1", True),
        ("PUT /data/*:503", "POST", "/data/v1", False),
        ("PUT /data/*:503", "PUT", "/files/v1/data/1", False),
        ("* *:503", "DELETE", "/", True),
        ("* /data/v1/*/documents:503", "GET", "/data/v1/s/documents", True),
        ("* /Data/*:503", "GET", "/data/v1", False),
        ("* /a?b:503", "GET", "/a:b", True),
        ("GET /users/v1/me/:503", "GET", "/users/v1/me", True),
    ],
)
def test_a_fault_rule_matches_by_method_and_path(rule, method, path, matches):
    assert Rule.parse(rule).matches(method, path) is matches


def test_a_rule_strikes_as_often_as_its_probability_says_and_the_same_way_again():
    def strikes(seed):
        (rule,) = FaultRules(["* *:503:0.3"], chance=random.Random(seed).random).in_force  # noqa: S311 - luck, not a secret
        return [rule.strikes("GET", "/") for _ in range(1000)]

    assert 250 < sum(strikes(1)) < 350
    assert strikes(1) == strikes(1) != strikes(2)


def test_certainty_and_impossibility_are_just_that():
    faults = FaultRules(["* *:503:1", "* *:503:0"], chance=lambda: 0.0)
    assert [each.strikes("GET", "/") for each in faults.in_force] == [True, False]
    assert not FaultRules(["* *:503:0.5"], chance=lambda: 0.5).in_force[0].strikes("GET", "/")


@given(st.integers(1, 20), st.lists(st.sampled_from(["GET", "PUT"]), max_size=60))
def test_a_limited_rule_considers_only_the_next_requests_that_match(times, methods):
    (rule,) = FaultRules([f"PUT *:503 x{times}"]).in_force
    struck = [method for method in methods if rule.strikes(method, "/")]
    assert len(struck) == min(times, methods.count("PUT")) == rule.struck == rule.matched


def test_rules_are_added_all_or_none_and_cleared():
    faults = FaultRules(["GET /a:503"])
    with pytest.raises(UsageError):
        faults.add("GET /b:503", "nonsense")
    faults.add("GET /b:503", "GET /c:503")
    assert [each.rule.path for each in faults.in_force] == ["/a", "/b", "/c"]
    faults.clear()
    assert faults.in_force == ()


@pytest.mark.parametrize("status", ["204", "205", "304"])
def test_a_page_needs_a_status_that_can_have_one(status):
    with pytest.raises(UsageError, match="that can have a page"):
        Rule.parse(f"* /*:html={status}")
