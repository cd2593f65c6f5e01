"""Shared by the tests of the pages: the list of pages, and their contents."""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the marks after it, and its content."""

    language: str
    marks: tuple[str, ...]
    text: str


def pages(project_root):
    """Return all pages: at the root, in `docs/`, of the examples and of the packages."""
    folders = (".", "docs", "examples", "examples/docs", "packages/*")
    return [path for folder in folders for path in sorted(project_root.glob(f"{folder}/*.md"))]


def fences(text):
    """Return the fenced blocks of a page."""
    found = ((opening.split(), content) for opening, content in _FENCE.findall(text))
    return [Block(words[0] if words else "", tuple(words[1:]), content) for words, content in found]


def blocks(text, language):
    """Return the fenced blocks of a page in this language."""
    return [block for block in fences(text) if block.language == language]


def prose(text):
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def headings(text):
    """Return the anchors of a page's headings, as GitHub generates them."""
    found = []
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        again = sum(1 for each in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", each))
        found.append(f"{anchor}-{again}" if again else anchor)
    return set(found)


def table_rows(text, heading):
    """Return the rows of the tables in a section, without headings, as lists of cells."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    tables = re.findall(r"^\|.*\|\n\|[-| ]+\|\n((?:\|.*\|\n?)+)", section, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for rows in tables for line in rows.splitlines()]


def check_blocks(project_root, page, prefix):
    """Check that Python blocks equal their files, all snippets with the prefix are shown, and links resolve."""
    docs = project_root / "docs"
    text = (docs / page).read_text()
    shown = dict(re.findall(r"\[`(snippets/\w+\.py)`\]\(\1\):\n\n```python\n(.*?)```", text, re.DOTALL))
    assert len(shown) == text.count("```python")
    for name, code in shown.items():
        assert code == (docs / name).read_text(), name
    assert set(shown) == {f"snippets/{path.name}" for path in (docs / "snippets").glob(f"{prefix}_*.py")}
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (docs / link).exists(), link
