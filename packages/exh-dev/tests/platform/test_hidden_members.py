"""Queries do not find, exclude or sort documents by a member that answers leave out."""

from contextlib import closing

import pytest

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.store import Store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("eq(secret,x)", False),
        ("in(secret,(x,y))", False),
        ("ne(secret,x)", True),
        ("contains(secret)", False),
        ("excludes(secret.0)", True),
        ("and(eq(a,secret),eq(secret,x))", False),
        ("or(eq(a,1),eq(secret,x))", False),
        ("or(eq(secret,x),eq(a,secret))", True),
        ("skipCount()", True),
    ],
)
def test_a_hidden_member_counts_as_missing(query, expected):
    condition = search(query, is_hidden=lambda name: name == "secret").condition
    with closing(Store()) as store:
        assert store.holds({"id": "d", "secret": ["x"], "a": "secret"}, condition) is expected


@pytest.mark.parametrize(
    "query", ["sort(-secret,-a)", "sort(-a,+secret.b)", "sort((secret,-a))", "and(sort(secret),sort(-a))"]
)
def test_a_list_is_not_sorted_by_a_hidden_member(query):
    order = search(query, is_hidden=lambda name: name == "secret").order
    assert len(order) == 2
    assert "secret" not in str(order)
    assert search("sort(-a)").order[0] in order


def test_a_word_instead_of_an_operator_is_refused_beside_hidden_members_too():
    with pytest.raises(ErrorAnswer, match="a word where an operator is expected"):
        search("and(a)", is_hidden=lambda name: name == "secret")
