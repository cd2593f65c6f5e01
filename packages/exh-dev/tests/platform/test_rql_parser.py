import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.platform.storage.rql import DEEPEST, RqlError, Term, Word, parse
from extrahorizon.query import rql, spelled


def term(operator, *arguments):
    return Term(operator, tuple(Word(argument) if isinstance(argument, str) else argument for argument in arguments))


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("", ()),
        ("?", ()),
        ("eq(a,1)", (term("eq", "a", "1"),)),
        ("?eq(a,1)&sort(-b,+c)&limit(10,20)",
         (term("eq", "a", "1"), term("sort", "-b", "+c"), term("limit", "10", "20"))),
        ("id=abc", (term("eq", "id", "abc"),)),
        ("a==1", (term("eq", "a", "1"),)),
        ("a!=1&b<2", (term("ne", "a", "1"), term("lt", "b", "2"))),
        ("a>1&b<=2", (term("gt", "a", "1"), term("le", "b", "2"))),
        ("timestamp>=2021-12-10T23:30:00.000Z", (term("ge", "timestamp", "2021-12-10T23:30:00.000Z"),)),
        ("timestamp%3E=2021-12-10T23:30:00.000Z", (term("ge", "timestamp", "2021-12-10T23:30:00.000Z"),)),
        ("a=like=x", (term("like", "a", "x"),)),
        ("a=", (term("eq", "a", ""),)),
        ("in(a,(x,y))", (term("in", "a", (Word("x"), Word("y"))),)),
        ("in(a,x/y)", (term("in", "a", (Word("x"), Word("y"))),)),
        ("a=(x,y)", (term("eq", "a", (Word("x"), Word("y"))),)),
        ("in(a,)", (term("in", "a", ""),)),
        ("in(a,,b)", (term("in", "a", "", "b"),)),
        ("skipCount()", (term("skipCount"),)),
        ("or(eq(a,1),and(eq(b,2),c=3))",
         (term("or", term("eq", "a", "1"), term("and", term("eq", "b", "2"), term("eq", "c", "3"))),)),
        ("and(a=1&b=2)", (term("and", term("eq", "a", "1"), term("eq", "b", "2")),)),
        ("or(a=1|b=2)", (term("or", term("or", term("eq", "a", "1"), term("eq", "b", "2"))),)),
        ("(a=1|b=2)&c=3", (term("or", term("eq", "a", "1"), term("eq", "b", "2")), term("eq", "c", "3"))),
        ("eq(a,1)eq(b,2)", (term("eq", "a", "1"), term("eq", "b", "2"))),
        ("&eq(a,1)&", (term("eq", "a", "1"),)),
        ("eq(a,string:0032)", (Term("eq", (Word("a"), Word("0032", "string"))),)),
        ("eq(a,auto:5)", (term("eq", "a", "5"),)),
        ("eq(a,%2527x%2527)", (Term("eq", (Word("a"), Word("x", "string"))),)),
        ("eq(a,x%2528y%2529%252Cz%2526)", (term("eq", "a", "x(y),z&"),)),
        ("eq(a,%25C3%25A9)", (term("eq", "a", "é"),)),
        ("eq(a_b,%25c3%25a9*$-)", (term("eq", "a_b", "é*$-"),)),
        ("excludes(roles.5)", (term("excludes", "roles.5"),)),
        ("contains(l,and(eq(f,1)))", (term("contains", "l", term("and", term("eq", "f", "1"))),)),
    ],
)  # fmt: skip
def test_a_query_becomes_a_tree(query, tree):
    assert parse(query) == Term("and", tree)


def test_an_or_stays_an_or():
    assert parse("a=1|b=2") == Term("and", (term("or", term("eq", "a", "1"), term("eq", "b", "2")),))


@pytest.mark.parametrize("cast", ["string", "number", "boolean", "date", "isodate", "epoch", "re", "RE", "glob"])
def test_a_cast_is_read_apart_from_its_value(cast):
    assert parse(f"eq(a,{cast}:1)") == Term("and", (Term("eq", (Word("a"), Word("1", cast))),))


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), ("+5", 5), ("-5", -5), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("1E-3", 0.001),
     ("", None), (".", None), ("1e", None), ("0x1", None), ("Infinity", None), ("\u0665", None)],
)  # fmt: skip
def test_what_reads_as_a_number(text, number):
    assert Word(text).number() == number


def test_a_number_with_more_digits_than_python_reads_as_an_integer_is_a_number():
    assert Word(f"-{'0' * 5000}7").number() == -7
    assert Word("7" * 5000).number() == float("inf")


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [("2026-01-15", 1768435200), ("2026-01-15 10:30", 1768473000), ("2026-01-15T10:30Z", 1768473000),
     ("2026-01-15T10:30:01.5", 1768473001.5), ("2026-01-15T10:30:01-0100", 1768476601),
     ("2026-01-15T10:30:01+01:00", 1768469401), ("2026-01", None), ("20260115", None), ("2026-02-30", None)],
)  # fmt: skip
def test_what_reads_as_a_timestamp(text, timestamp):
    assert Word(text).timestamp() == timestamp


DEEP = "(" * DEEPEST + "a" + ")" * DEEPEST
FOREIGN = "a character has no meaning in RQL: a value has to be percent-encoded twice"
CAST = "a colon follows an unknown cast: a value has to be percent-encoded twice"
ENCODING = "invalid percent-encoding: values must be percent-encoded twice"
INSIDE = "& or | is directly inside an operator: write and(...) or or(...) instead"
NESTED = f"parentheses are nested more than {DEEPEST} deep"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("eq(a,1", "an opening parenthesis has no closing one"),
        ("eq(a,1))", "a closing parenthesis has no opening one"),
        ("a=1&b=2|c=3", "& and | are mixed on one level: put one of them in parentheses"),
        ("eq(name,jan%20de%20boer)", FOREIGN),
        ("eq(email,a@b.c)", FOREIGN),
        ("eq(name,é)", FOREIGN),
        ("eq(a,foo:bar)", CAST),
        ("eq(url,http://jan)", CAST),
        ("eq(a,number:abc)", "a value that follows number: is none"),
        ("eq(a,date:rubbish)", "a value that follows date: is none"),
        ("eq(a,%zz)", ENCODING),
        ("eq(a,%25ff)", ENCODING),
        ("eq(a,%25c)", ENCODING),
        ("out(a,x&y)", INSIDE),
        ("contains(a,eq(b,1)|eq(c,2))", INSIDE),
        ("and(a=1|b=2)", INSIDE),
        ("=1", "a comparison has no field"),
        (f"({DEEP})", NESTED),
        (f"{'(a)&' * DEEPEST}({DEEP})", NESTED),
    ],
)
def test_what_is_no_rql_is_refused_without_quoting_it(query, reason):
    with pytest.raises(RqlError, match=f"^{re.escape(reason)}$"):
        parse(query)


def test_parentheses_beside_each_other_are_not_nested():
    assert parse(f"{'(a)&' * DEEPEST}{DEEP}") == term("and", *["a"] * (DEEPEST + 1))


fields = st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6}){0,2}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.one_of(
    texts, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-9, 9), st.datetimes(timezones=st.timezones()), st.dates(), st.uuids(),
)  # fmt: skip


def word(value):
    text = spelled(value)
    return Word(text[1:-1], "string") if len(text) > 1 and text[0] == text[-1] == "'" else Word(text)


def compared(operator, field, value):
    return getattr(rql, operator)(field, value), Term(operator, (Word(field), word(value)))


def listed(operator, field, many):
    return getattr(rql, operator)(field, many), Term(operator.strip("_"), (Word(field), *map(word, many)))


def joined(operator, pairs):
    return getattr(rql, operator)(*(built for built, _ in pairs)), Term(
        operator.strip("_"), tuple(tree for _, tree in pairs)
    )


def present(operator, field, pairs):
    built = getattr(rql, operator)(field, *(built for built, _ in pairs))
    inner = (Term("and", tuple(tree for _, tree in pairs)),) if pairs else ()
    return built, Term(operator, (Word(field), *inner))


leaves = st.one_of(
    st.builds(compared, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le", "like"]), fields, values),
    st.builds(listed, st.sampled_from(["in_", "out"]), fields, st.lists(values, min_size=1, max_size=4)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(joined, st.sampled_from(["and_", "or_"]), st.lists(inner, min_size=1, max_size=3)),
        st.builds(present, st.sampled_from(["contains", "excludes"]), fields, st.lists(inner, max_size=3)),
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(trees)
def test_what_the_builder_writes_is_read_as_it_was_meant(pair):
    built, tree = pair
    assert parse(built.build()) == (tree if tree.operator == "and" else Term("and", (tree,)))
    assert parse(built.limit(5, 10).build()).arguments[-1] == term("limit", "5", "10")


@pytest.mark.slow
@given(trees, trees)
def test_joined_queries_are_read_as_they_were_meant(left, right):
    (first, first_tree), (second, second_tree) = left, right
    assert parse(str(first & second)) == Term("and", (first_tree, second_tree))
    assert parse(str(first | second)) == Term("and", (Term("or", (first_tree, second_tree)),))


@given(st.text(st.sampled_from("ab(),&|=<>!/%27:é"), max_size=30))
def test_any_text_is_read_or_refused(text):
    with suppress(RqlError):
        assert parse(text).operator == "and"
