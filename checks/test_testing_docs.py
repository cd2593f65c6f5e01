"""The page about testing shows files whose tests run here."""

import runpy
from pathlib import Path

from doc_blocks import check_blocks

ROOT = Path(__file__).parents[1]

for snippet in sorted((ROOT / "docs" / "snippets").glob("testing_*.py")):
    tests = {name: value for name, value in runpy.run_path(str(snippet)).items() if name.startswith("test_")}
    assert tests.keys().isdisjoint(globals())
    globals().update(tests)


def test_each_code_block_is_the_file_it_names(project_root):
    check_blocks(project_root, "testing.md", "testing")
