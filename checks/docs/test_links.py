"""Every link of every page leads somewhere: a file that is there, a heading that is there, an address that is one."""

import re
from urllib.parse import urlsplit

import pytest
from doc_blocks import headings, pages, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<(https?:[^>]*)>")


def links(text):
    return [first or second for first, second in LINK.findall(prose(text))]


def problem(root, page, link):
    """What is wrong with a link of a page; None when nothing is."""
    if re.match(r"[a-z]+:", link):
        parts = urlsplit(link)
        well_formed = parts.scheme == "https" and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc)
        return None if well_formed else "is no https address"
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return "is not there"
    if not target.is_relative_to(root):
        return "is outside of the project"
    if anchor and (target.suffix != ".md" or anchor not in headings(target.read_text())):
        return "has no such heading"
    return None


def test_each_link_leads_somewhere(project_root):
    wrong = {
        f"{page.relative_to(project_root)}: {link} {found}"
        for page in pages(project_root)
        for link in links(page.read_text())
        if (found := problem(project_root, page, link))
    }
    assert wrong == set()


def test_each_page_can_be_reached_from_the_readme(project_root):
    reached, waiting = set(), [project_root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        relative = (link.partition("#")[0] for link in links(page.read_text()) if not re.match(r"[a-z]+:", link))
        waiting += [(page.parent / path).resolve() for path in relative if path]
    assert set(pages(project_root)) <= reached


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("other.md", None),
        ("other.md#two-words", None),
        ("other.md#a-a-1", None),
        ("#here", None),
        ("https://docs.example.com/a", None),
        ("other.md#three", "has no such heading"),
        ("#in-a-block", "has no such heading"),
        ("gone.md", "is not there"),
        ("../..", "is outside of the project"),
        ("http://docs.example.com/a", "is no https address"),
        ("https://docs", "is no https address"),
        ("ftp:x", "is no https address"),
    ],
)
def test_what_is_wrong_with_a_link_is_told(tmp_path, link, found):
    root = tmp_path / "project"
    root.mkdir()
    page = root / "page.md"
    page.write_text("# Here\n\n```sh\n# in a block\n```\n")
    (root / "other.md").write_text("# Two `words`\n\n## A, a?\n\n## A a\n")
    assert problem(root.resolve(), page.resolve(), link) == found
