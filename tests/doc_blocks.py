"""What the tests of the pages in `docs/` share."""

import re


def check_blocks(project_root, page, prefix):
    """Each Python block of a page is the file it names; each snippet with the prefix is shown; links lead somewhere."""
    docs = project_root / "docs"
    text = (docs / page).read_text()
    shown = dict(re.findall(r"\[`(snippets/\w+\.py)`\]\(\1\):\n\n```python\n(.*?)```", text, re.DOTALL))
    assert len(shown) == text.count("```python")
    for name, code in shown.items():
        assert code == (docs / name).read_text(), name
    assert set(shown) == {f"snippets/{path.name}" for path in (docs / "snippets").glob(f"{prefix}_*.py")}
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (docs / link).exists(), link
