"""Words of a private dialect do not come back: a reader searches for the field's own terms.

Looks at docstrings, comments and strings of Python sources, and at the prose of pages. Code in backticks is left
out, since names of tests and options are what they are.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest
from doc_blocks import pages

ROOT = Path(__file__).parents[2]

#: A pattern for each word, and what to write instead.
WORDS = {
    r"moments?": "timestamp, time",
    r"told": "reported, printed, passed",
    r"tells?": "says, reports, returns",
    r"whole": "entire, complete, full",
    r"stands?": "is, appears",
    r"lies (?:in|outside|beside)": "is in, is outside, is next to",
    r"(?:is|are|made) true of|made true": "applied, created to match",
    r"of (?:its|their) own accord": "by itself",
    r"anew": "again",
    r"whoever": "every user who, the caller",
    r"somebody": "a user, a caller",
    r"nobody": "no user, no caller",
    r"shall": "must, will",
    r"knows? (?:nothing )?of": "has, is aware of",
    r"knows? nothing": "is independent of",
    r"at the worst": "at most",
    r"brings? along": "contains, provides",
    r"(?:no|is a|not a) text": "string",
    r"on a line of time": "on a timeline",
    r"goes without saying": "(leave it out)",
}
#: Phrases in which the word is the field's own.
ALLOWED = re.compile(
    r"whole numbers?"  # of mathematics
    r"|stands? for"  # of an abbreviation or a placeholder
    r"|stand-ins?"
    r"|^ *(?:tell|told|whole): "  # parameters in a docstring
    r"|at the moment"
    r"|(?:TEXT|text) NOT NULL",  # SQL
    re.IGNORECASE | re.MULTILINE,
)
PATTERN = re.compile("|".join(rf"(?P<w{number}>\b{word}\b)" for number, word in enumerate(WORDS)), re.IGNORECASE)
CODE = re.compile(r"``[^`]*``|`[^`]*`|\[tool\.[^\]]*\]|https?://\S+|\]\([^)]*\)")
#: Files whose words are not their own.
FOREIGN = {
    "docs/benchmarks.md",  # its text and numbers are written by benchmarks/
    "checks/docs/test_words.py",  # names them
    "docs/reference",  # written from docstrings, which are looked at where they are
}
#: Parts of names in code, which are words too. `tell` is a method of every file.
NAMES = re.compile(r"(?:^|_)(?:moments?|told|tells|brings?|whole)(?:_|$)")
STRINGS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.COMMENT)}
MESSAGE = re.compile(r"[a-z]{2,} [a-z]{2,}")  # words, unlike a key or an option


def found_in(text):
    """Each word in a text, with the offset where it begins and what to write instead."""
    plain = CODE.sub(lambda code: " " * len(code[0]), text)
    plain = ALLOWED.sub(lambda phrase: " " * len(phrase[0]), plain)
    for match in PATTERN.finditer(plain):
        yield match.start(), match[0], list(WORDS.values())[int(match.lastgroup[1:])]


def statements(source):
    """The line and text of each docstring, comment and message."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in STRINGS and (token.type == tokenize.COMMENT or MESSAGE.search(token.string)):
            yield token.start[0], token.string


def in_sources(path):
    source = path.read_text()
    ast.parse(source)
    for line, text in statements(source):
        for start, word, instead in found_in(text):
            yield line + text.count("\n", 0, start), word, instead


def in_page(path):
    is_code = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield from ((number, word, instead) for _, word, instead in found_in(line))


def report(path, found):
    return [f"{path.relative_to(ROOT)}:{line}: {word!r}: write {instead}" for line, word, instead in found]


def _is_foreign(path):
    return str(path.relative_to(ROOT)).startswith(tuple(FOREIGN))


@pytest.mark.parametrize(
    "folder", ["packages/extrahorizon/src", "packages/exh-dev/src", "benchmarks", "checks", "docs"]
)
def test_sources_use_the_terms_of_the_field(folder):
    sources = sorted((ROOT / folder).rglob("*.py"))
    assert sources
    found = [line for path in sources if not _is_foreign(path) for line in report(path, in_sources(path))]
    assert not found, "\n".join(["words to replace:", *found])


@pytest.mark.parametrize("package", ["extrahorizon", "exh-dev"])
def test_names_use_the_terms_of_the_field(package):
    found = []
    for path in sorted((ROOT / "packages" / package / "src").rglob("*.py")):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            is_name = token.type == tokenize.NAME and NAMES.search(token.string)
            found += [f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"] if is_name else []
    assert not found, "\n".join(["names to replace:", *found])


def test_pages_use_the_terms_of_the_field():
    found = [line for path in pages(ROOT) if not _is_foreign(path) for line in report(path, in_page(path))]
    assert not found, "\n".join(["words to replace:", *found])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the moment it is told", ["moment", "told"]),
        ("a whole number, and the whole answer", ["whole"]),
        ("`$NAME` stands for a variable that stands in a file", ["stands"]),
        ("see `test_whatever_is_told` and [a page](docs/told.md)", []),
        ("a timestamp, the entire answer", []),
    ],
)
def test_a_word_is_found_where_it_is_not_allowed(text, words):
    assert [word for _, word, _ in found_in(text)] == words
