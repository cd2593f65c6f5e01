"""The documentation as a site, by Sphinx: `make site`.

The pages are those that are read in the repository, with the links that they have there: the source folder is the
repository's root.
"""

from __future__ import annotations

project = "Extra Horizon tasks in Python"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/reference/*.md",
    "examples/*.md",
    "examples/docs/*.md",
    "packages/*/README.md",
]
exclude_patterns = [".*", "build", "wheels", "docs/snippets", "packages/*/src", "packages/*/tests"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
# Headings have the anchors that GitHub gives them, since pages link to those.
myst_heading_anchors = 4
suppress_warnings = [
    "misc.highlighting_failure",  # blocks of a terminal, and of JSON with `…` in it
    "myst.header",  # the reference begins with methods below a service
]
