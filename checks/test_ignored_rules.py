"""A rule that is ignored has its reason beside it: of ruff in code and in its configuration, of the type checkers."""

import re
import tokenize

import pytest

FOLDERS = ("packages", "benchmarks", "checks", "docs", "examples", "handlers", "shared", "tests")
#: `noqa: CODE - reason`, or another comment behind it; a bare one switches everything off.
NOQA = re.compile(r"#\s*noqa\b(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*(?P<reason>\s+-\s+\S.*|\s+#\s*\S.*)?)?")


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_noqa_has_a_reason(project_root, folder):
    bare = []
    for path in sorted((project_root / folder).rglob("*.py")):
        with path.open("rb") as file:
            comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        for token in comments:
            found = NOQA.search(token.string)
            if found and not found["reason"]:
                bare.append(f"{path.relative_to(project_root)}:{token.start[0]}: {token.string}")
    assert bare == []


def test_each_rule_that_is_off_in_the_configuration_has_a_reason(project_root):
    lines = (project_root / "ruff.toml").read_text().splitlines()
    rules = [line for line in lines if re.match(r'\s*"[A-Z]+[0-9]*",', line) or re.match(r'".*" = \[".*"\]', line)]
    assert rules
    above = {line: lines[lines.index(line) - 1] for line in rules}
    assert [line for line in rules if "#" not in line and not above[line].startswith("#")] == []


@pytest.mark.parametrize(
    ("comment", "is_fine"),
    [
        ("# noqa", False),
        ("# noqa: S311", False),
        ("# noqa: S311, PTH112", False),
        ("# noqa: S311 -", False),
        ("# noqa: S311 - reproducible", True),
        ("# noqa: S105  # pragma: allowlist secret - a name", True),
    ],
)
def test_the_reason_is_seen(comment, is_fine):
    found = NOQA.search(comment)
    assert bool(found["reason"]) is is_fine
