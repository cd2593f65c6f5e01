"""The pages of the examples: their code is that of the files, their runs print what is shown, their costs add up."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from doc_blocks import blocks, fences, table_rows
from exh_dev.project.init.examples import NAMES
from newcomer import surroundings

from benchmarks.example_costs import usd

PAGES = (
    "analyze-queued-measurements.md", "assess-blood-pressure.md", "chunk-psg-signals.md", "daily-report.md",
    "enqueue-measurements.md", "on-task-failed.md", "on-user-deleted.md", "patient-api.md", "schedule-many.md",
    "sync-houdini-builds.md",
)  # fmt: skip
#: Their commands run in `make test-all`, and those of the others before a release: each makes a project of its own.
OFTEN = {"on-task-failed.md"}
#: Its costs are those of a queue with all that belongs to it, in docs/scale.md.
BEHIND_A_QUEUE = "analyze-queued-measurements.md"
MOST_LINES = 60  # of a module with a handler


@pytest.fixture(scope="module")
def folder(project_root):
    return project_root / "examples"


def costs(folder):
    """Return the table of costs: for each example calls, MB, milliseconds of computing, bytes of log, US$."""
    rows = table_rows((folder / "README.md").read_text(), "What a run costs")
    return {f"{name}.md": [float(cell.replace(",", "")) for cell in cells] for name, *cells in rows}


def test_each_example_has_a_page_and_a_row_in_the_index(folder):
    assert sorted(PAGES) == sorted(f"{name}.md" for name in NAMES)
    assert {path.name for path in (folder / "docs").iterdir()} == set(PAGES)
    linked = [cells[2] for cells in table_rows((folder / "README.md").read_text(), "Examples")]
    assert sorted(linked) == sorted(f"[{name}](docs/{name}.md)" for name in NAMES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_parts(page, folder):
    text = (folder / "docs" / page).read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["The code", "Start a project from it", "A run", "What it costs"]
    assert "**Trigger.**" in text
    assert [block.text.splitlines()[0] for block in blocks(text, "mermaid")] == ["flowchart LR"]


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_is_that_of_the_file_it_links_to(page, folder):
    text = (folder / "docs" / page).read_text()
    (link,) = re.findall(r"^\[`examples/[^`]+`\]\(([^)]+)\):$", text, re.MULTILINE)
    (block,) = blocks(text, "python")
    source = folder / "docs" / link
    assert block.text in f"{source.read_text()}\n"
    named = set(re.findall(r"^\| \[`(\w+\.py)`\]", text, re.MULTILINE))
    assert named == {path.name for path in source.parent.glob("*.py")} - {"__init__.py"}


def test_a_handler_is_short_and_its_logic_beside_it(folder):
    handlers = [*(folder / "handlers").glob("*/__init__.py")]
    assert len(handlers) == len(NAMES) - 1  # two functions have the same handler
    assert {path.name for path in (folder / "handlers").glob("*.py")} == {"__init__.py", "documents.py"}
    long = {path.parent.name for path in handlers if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_costs_of_a_page_follow_from_the_measured_figures(page, folder, project_root):
    section = (folder / "docs" / page).read_text().partition("## What it costs")[2]
    calls, price = re.match(r"\s+(\d+) calls? of the platform .*?\b(\d+\.\d\d) US\$", section, re.DOTALL).groups()
    if page == BEHIND_A_QUEUE:
        assert f"| together | | {price} |" in (project_root / "docs" / "scale.md").read_text()
        return
    measured, memory, milliseconds, log_bytes, dollars = costs(folder)[page]
    assert (int(calls), float(price)) == (measured, dollars)
    assert dollars == pytest.approx(usd(int(calls), milliseconds / 1000, log_bytes, int(memory)), abs=0.006)


@pytest.fixture(scope="module")
def clone(project_root, tmp_path_factory):
    """Return a clone of this repository with what running needs, and the variables to run commands with."""
    folder = tmp_path_factory.mktemp("somebody") / "clone"
    environment = surroundings(folder.parent / "home")
    subprocess.run(["git", "clone", "-q", project_root, folder], check=True)
    subprocess.run(["make", ".venv/.run"], cwd=folder, env=environment, check=True, capture_output=True)
    return folder, environment


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "page", [page if page in OFTEN else pytest.param(page, marks=pytest.mark.rare) for page in PAGES]
)
def test_the_commands_of_a_page_run_and_print_what_it_shows(page, clone):
    repository, environment = clone
    project = repository.parent / page.removesuffix(".md")
    folder, printed, compared = repository, "", 0
    for block in fences((repository / "examples" / "docs" / page).read_text()):
        if block.language == "sh":
            # The project of a page is called as its example, so that there can be one of each.
            script = block.text.replace("../my-clinic", f"../{project.name}") + "\npwd"
            done = subprocess.run(
                ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            printed, _, directory = done.stdout.rstrip("\n").rpartition("\n")
            folder = Path(directory)
        elif block.language == "json":
            assert json.loads(printed) == json.loads(block.text)
            compared += 1
        elif block.language == "text":
            assert runs(printed) == runs(block.text)
            compared += 1
    assert (folder.name, compared) == (project.name, 2)


def runs(table):
    """Return what is the same in each run: function, trigger, event and result of each, and the calls of the first."""
    rows = [line.split() for line in table.splitlines() if line and not line.startswith("└")]
    heads, *found, _ = rows
    assert heads[:5] == ["Function", "Trigger", "Event", "Result", "Calls"]
    assert found
    place = found[0].index("OK")
    return [row[: place + 1] for row in found], found[0][place + 1]
