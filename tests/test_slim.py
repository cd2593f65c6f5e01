"""`make slim`: what is an example goes, what is not stays, and nothing goes that git could not bring back."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from exh_dev.cli.main import run_command
from exh_dev.errors import DevkitError
from exh_dev.project.new.function import make
from exh_dev.project.project import Project
from exh_dev.project.slim import ALSO, EXAMPLES, slimmed_page
from folder_projects import GREETING, write

GLOBALS = "Globals:\n  Function: {Runtime: python3.13, Timeout: 30, MemorySize: 256}\n"
WHOAMI = """\
  Whoami: # stays
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon: {name: whoami, targets: [exh]}
    Properties: {Handler: handlers.whoami.handler}

"""
KEPT = {
    "handlers/__init__.py": "",
    "handlers/whoami.py": "",
    "events/whoami.json": {},
    "tests/handlers/test_whoami.py": "",
    "docs/other.md": "# Other\n",
}
GOING = {
    "tests/handlers/test_hello_world.py": "",
    "tests/handlers/test_hello_world_again.py": "",
    "tests/handlers/hello_world/conftest.py": "",
    "events/hello-world.seed.json": {},
    "schemas/pulse.json": {},
    "templates/a/body.hbs": "",
    "dispatchers.json": {},
    "docs/hello.md": "<!-- examples -->\n# Hello\n<!-- /examples -->\n",
}
PAGE = "# All\n\n<!-- examples -->\nHello\n<!-- /examples -->\n\nThe end\n"
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "API_", "AWS_", "PYTEST_"))
}


def git(folder, *arguments):
    names = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def files_in(folder):
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if path.parts[0] != ".git"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with an example, all of it committed; the working directory."""
    template = GREETING["template.yaml"].replace("Resources:\n", f"{GLOBALS}Resources:\n{WHOAMI}")
    changes = {"template.yaml": template, "README.md": PAGE, **KEPT, **GOING}
    write(tmp_path, changes, files=GREETING)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "All")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_go_and_the_rest_stays(folder, capfd):
    assert run_command(["slim"]) == 0
    done = json.loads(capfd.readouterr().out)
    assert done["functions"] == ["hello-world"]
    assert files_in(folder) == {"template.yaml", "README.md", *KEPT}
    assert set(done["changed"]) == {"template.yaml", "README.md"}
    assert (folder / "README.md").read_text() == "# All\n\nThe end\n"
    assert [spec.name for spec in Project(folder).manifest.functions] == ["whoami"]
    assert "# stays" in (folder / "template.yaml").read_text()


def test_of_the_variables_those_of_the_examples_go(folder):
    template = (folder / "template.yaml").read_text()
    own = template.replace("name: whoami, targets", "name: whoami, environment: {MINE: $MINE, OTHER: x}, targets")
    (folder / "template.yaml").write_text(f"{own.rstrip()}\n        environment: {{THEIRS: $THEIRS}}\n")
    (folder / ".env.example").write_text("# All\n# of it\n\n# ours\nMINE=\n\n# the example's\nTHEIRS=x\n")
    assert run_command(["slim", "--force"]) == 0
    assert (folder / ".env.example").read_text() == "# All\n# of it\n\n# ours\nMINE=\n"


def test_done_again_there_is_nothing_to_do(folder, capfd):
    assert run_command(["slim"]) == 0
    capfd.readouterr()
    assert run_command(["slim", "--table"]) == 0
    assert capfd.readouterr().out == "There are no examples here\n"


@pytest.mark.parametrize("change", ["README.md", "handlers/new.py"])
def test_changes_that_are_not_committed_are_not_lost(folder, capfd, change):
    (folder / change).write_text("mine")
    before = files_in(folder)
    assert run_command(["slim"]) == 1
    assert f"not committed ({change})" in capfd.readouterr().err
    assert files_in(folder) == before
    assert run_command(["slim", "--force"]) == 0
    assert (folder / change).read_text() == "mine"


def test_without_git_nothing_goes(folder, capfd):
    shutil.rmtree(folder / ".git")
    assert run_command(["slim"]) == 1
    assert "is not in git" in capfd.readouterr().err
    assert (folder / "handlers" / "hello_world.py").exists()


@pytest.mark.parametrize(("arguments", "answer", "gone"), [([], False, False), ([], True, True), (["-y"], None, True)])
def test_on_a_terminal_it_asks_first(folder, monkeypatch, arguments, answer, gone):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text) or answer)
    assert run_command(["slim", *arguments]) == (0 if gone else 1)
    assert len(asked) == (answer is not None)
    assert (folder / "handlers" / "hello_world.py").exists() != gone


def test_functions_of_ones_own_are_not_taken_for_examples(folder, capfd):
    make(Project(folder), "greet-patient", "task")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Mine")
    before = files_in(folder)
    assert run_command(["slim", "--force", "--yes"]) == 1
    assert "greet-patient is no example" in capfd.readouterr().err
    assert files_in(folder) == before


def test_a_project_that_is_slim_keeps_what_is_its_own(folder, capfd):
    assert run_command(["slim"]) == 0
    make(Project(folder), "greet-patient", "task")
    (folder / "schemas").mkdir()
    before = files_in(folder)
    capfd.readouterr()
    assert run_command(["slim", "--force"]) == 0
    assert json.loads(capfd.readouterr().out) == {"functions": [], "removed": [], "changed": []}
    assert files_in(folder) == before


# Pages


@pytest.mark.parametrize(
    ("text", "slimmed"),
    [
        ("a\n\n\nb\n", "a\n\n\nb\n"),
        (PAGE, "# All\n\nThe end\n"),
        ("a <!-- examples -->or b <!-- /examples -->c\n", "a c\n"),
        ("a\n\n<!-- examples -->\nb\n<!-- /examples -->\n", "a\n"),
        ("<!-- examples -->b<!-- /examples --><!-- slim: c -->\n", "c\n"),
        ("<!-- slim:\nc\nd\n-->\n\n\nx = 1\n", "c\nd\n\n\nx = 1\n"),
        ("<!-- examples -->1<!-- /examples -->2<!-- examples -->3<!-- /examples -->", "2\n"),
    ],
)
def test_what_stands_between_the_marks_goes(text, slimmed):
    assert slimmed_page(text, Path("page.md")) == slimmed


@pytest.mark.parametrize(
    "text",
    [
        "<!-- examples -->a",
        "a<!-- /examples -->",
        "<!-- examples -->a<!-- examples -->b<!-- /examples -->",
        "<!-- slim: a",
    ],
)
def test_a_mark_without_its_other_end_is_told(text):
    with pytest.raises(DevkitError, match=r"page\.md"):
        slimmed_page(text, Path("page.md"))


# This project


def test_what_is_listed_exists_while_there_are_examples(project_root):
    names = [spec.name for spec in Project(project_root).manifest.functions]
    if any(name in names for name in EXAMPLES):
        assert [name for name in EXAMPLES if name not in names] == []
        assert [each for each in ALSO if not (project_root / each).exists()] == []


def test_what_a_page_tells_of_an_example_goes_with_it(project_root):
    if not (project_root / ALSO[0]).exists():
        pytest.skip("this project has no examples any more")
    page = project_root / "docs" / "functions.md"
    text = page.read_text()
    described = set(re.findall(r"^## ([a-z]+(?:-[a-z]+)+)$", text, re.MULTILINE))
    assert described <= set(EXAMPLES)
    left = slimmed_page(text, page)
    assert [name for name in EXAMPLES if name in left] == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_this_project_without_its_examples_still_passes(project_root, tmp_path):
    names = {spec.name for spec in Project(project_root).manifest.functions}
    if not names & set(EXAMPLES) or names - {"whoami", *EXAMPLES}:
        pytest.skip("this project has no examples any more, or functions of its own")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", project_root, clone], check=True)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(clone), "HOME": str(tmp_path)}
    tools = Path(sys.executable).parent

    def run(*command):
        done = subprocess.run(
            [str(each) for each in command],
            cwd=clone, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-5000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    exh_dev = [sys.executable, "-m", "exh_dev"]
    run(*exh_dev, "slim")
    assert {path.name for path in (clone / "handlers").glob("[!_]*")} == {"whoami.py"}
    run(*exh_dev, "check")
    run(*exh_dev, "types", "--check")
    report = json.loads(run(*exh_dev, "run", "--credentials", "env", "--credentials", "secret"))
    assert {each["function"] for each in report["results"]} == {"whoami"}
    run(tools / "ruff", "check", ".")
    run(tools / "ruff", "format", "--check", ".")
    if (project_root / ".mypy_cache").is_dir():  # most files are the same
        shutil.copytree(project_root / ".mypy_cache", clone / ".mypy_cache")
    run(tools / "mypy")
    run(tools / "cfn-lint", "template.yaml")
    # Those that know nothing of this project's functions passed before.
    folders = ("benchmarks", "dashboard", "folder", "packaging", "platform", "runtime", "services", "shared", "sidefx")
    modules = ("cloudformation", "document_types", "env_file", "event_source_mapping", "function_logs", "manifest",
               "manifest_any_input", "manifest_environment", "profiles", "redaction", "schedules", "storm",
               "task_commands", "template_text", "wire")  # fmt: skip
    apart = [f"--ignore=tests/{name}" for name in (*folders, *(f"test_{each}.py" for each in modules))]
    run(sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "-m", "not slow", *apart)
