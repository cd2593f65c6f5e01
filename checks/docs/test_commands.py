"""Commands in pages are true: a test runs each block, or the block says that it needs an account."""

import re
import subprocess
from pathlib import Path

import pytest
from doc_blocks import blocks, fences, pages

ROOT = Path(__file__).parents[2]
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in pages(ROOT)}
#: A block that needs an account of a cluster, of AWS, or of a registry. It is only parsed.
NEEDS_ACCOUNT = "needs-account"
#: Pages with commands, and the test that runs all of them but those that need an account.
RUN_BY = {
    "README.md": "checks/test_readme.py::test_every_command_runs_in_a_fresh_clone",
    "docs/tutorial.md": "checks/test_tutorial.py::test_from_an_empty_folder_to_a_mail",
    "CONTRIBUTING.md": "checks/docs/test_commands.py::test_the_commands_of_a_page_run_in_a_fresh_clone",
    "docs/containers.md": "checks/docs/test_commands.py::test_the_commands_of_a_page_run_in_a_fresh_clone",
    "docs/functions.md": "checks/docs/test_commands.py::test_the_commands_of_a_page_run_in_a_fresh_clone",
    "examples/README.md": "checks/docs/test_commands.py::test_the_commands_of_a_page_run_in_a_fresh_clone",
    "docs/platform.md": "checks/docs/test_commands.py::test_the_commands_of_a_page_run_in_a_fresh_clone",
} | {
    page: "checks/docs/test_example_pages.py::test_the_commands_of_a_page_run_and_print_what_it_shows"
    for page in PAGES
    if page.startswith("examples/docs/")
}
#: One command that installs a package, which no index has yet, and a list of commands.
SHORT = {"packages/extrahorizon/README.md", "packages/exh-dev/README.md"}
HERE = [page for page, test in RUN_BY.items() if "test_commands.py" in test]
#: Their commands run in `make test-all`, and those of the other pages before a release: each needs a clone of its own.
OFTEN = {"docs/platform.md"}
#: Prefix of a line to type.
COMMAND = re.compile(r"(\$ )?(\.venv/bin/|make |git |exh |exh-dev |docker |aws |npm |pip |curl |cp |export |set -)")


def test_each_page_with_commands_has_the_test_that_runs_them():
    with_commands = {name for name, text in PAGES.items() if any(not block.marks for block in blocks(text, "sh"))}
    assert with_commands - SHORT == set(RUN_BY)


@pytest.mark.parametrize("page", RUN_BY)
def test_the_test_that_runs_a_page_is_there_and_reads_it(page):
    path, _, name = RUN_BY[page].partition("::")
    source = (ROOT / path).read_text()
    assert re.search(rf"^def {name}\(", source, re.MULTILINE)
    assert Path(page).name in source


@pytest.mark.parametrize("page", PAGES)
def test_a_block_of_commands_is_one_that_a_shell_reads(page):
    for block in blocks(PAGES[page], "sh"):
        assert block.marks in ((), (NEEDS_ACCOUNT,))
        done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block.text


@pytest.mark.parametrize("page", PAGES)
def test_commands_stand_in_no_other_block(page):
    for block in fences(PAGES[page]):
        assert block.language, f"a block without a language: {block.text}"
        assert block.language not in {"bash", "shell", "console"}
        if block.language == "text":
            assert [line for line in block.text.splitlines() if COMMAND.match(line)] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_a_page_names_is_there(page):
    for path, name in re.findall(r"`((?:checks|examples|packages|tests)/[\w/-]+\.py)::(\w+)`", PAGES[page]):
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), name


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "page", [each if each in OFTEN else pytest.param(each, marks=pytest.mark.rare) for each in HERE]
)
def test_the_commands_of_a_page_run_in_a_fresh_clone(page, make_clone, run_page, serve):
    # What changes this repository needs its tools; what uses it needs what running needs.
    clone = make_clone(ready=".venv/.dev" if page == "CONTRIBUTING.md" else ".venv/.run")
    if page == "docs/containers.md":  # which says: while `exh-dev serve` runs
        serve(clone)
    run_page(clone / page, clone)
