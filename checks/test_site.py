"""The documentation as a site: all pages are on it, each link leads somewhere, nothing is fetched from elsewhere."""

import html.parser
import re
import subprocess
from urllib.parse import unquote, urldefrag

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
OUTSIDE = re.compile(r"[a-z]+:|//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(project_root, tmp_path_factory):
    """What `make site` makes; it fails on each warning, such as that of a link that leads nowhere."""
    site = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        ["make", "site", f"SITE={site}"], cwd=project_root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return site


class Page(html.parser.HTMLParser):
    """What a page refers to, what is loaded for it, and the ids in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        elif tag in ("script", "img", "iframe") and attributes.get("src"):
            self.loaded.append(attributes["src"])
        elif tag == "link" and attributes.get("rel") != "canonical" and attributes.get("href"):
            self.loaded.append(attributes["href"])


@pytest.fixture(scope="module")
def pages(site):
    """The pages, by their path."""
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def test_each_page_of_the_documentation_is_on_it(site, project_root):
    written = [*project_root.glob("docs/*.md"), *project_root.glob("docs/reference/*.md"), project_root / "README.md"]
    missing = [
        path.name for path in written if not (site / path.relative_to(project_root).with_suffix(".html")).exists()
    ]
    assert missing == []


def test_each_link_leads_to_a_page_and_a_heading(site, pages):
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            if OUTSIDE.match(link):
                continue
            place, anchor = urldefrag(unquote(link))
            target = (path.parent / place.partition("?")[0]).resolve() if place else path
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(pages):
    assert [each for page in pages.values() for each in page.loaded if OUTSIDE.match(each)] == []


def test_what_a_reader_searches_for_is_found(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for word in (
        "timestamp",
        "scaffold",
        "fault",
        "reload",
        "vulner",
        "retri",
        "secret",
        "idempot",
        "mock",
    ):  # as its stemmer has them
        assert re.search(rf'"?{word}\w*"?:', index), word
