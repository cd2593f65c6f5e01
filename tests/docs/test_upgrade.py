"""The page about newer versions is true: its commands bring one, and leave alone what is one's own."""

import json

import pytest
from doc_blocks import blocks

NEWER = "99.1.0"
OWN = "handlers/greet_patient.py"


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "upgrade.md").read_text()


@pytest.fixture
def steps(page):
    """The scripts of each section of the page that has some."""
    sections = (section.partition("\n") for section in page.split("\n## "))
    scripts = {heading: [block.text for block in blocks(text, "sh")] for heading, _, text in sections}
    return {heading: found for heading, found in scripts.items() if found}


@pytest.fixture
def template(project_root, tmp_path, run):
    """Where the project comes from, with the branch `main`."""
    template = tmp_path / "template"
    run(f"git clone -q '{project_root}' '{template}' && cd '{template}' && git checkout -q -B main", tmp_path)
    return template


@pytest.fixture
def project(template, make_clone, run):
    """A project that was made of it: slim, with a function of its own, and a commit for both."""
    project = make_clone("project", template)
    run("git remote remove origin && .venv/bin/exh-dev slim", project)
    run(".venv/bin/exh-dev new greet-patient && git add -A && git commit -qm Own", project)
    return project


@pytest.fixture
def newer(template, run):
    """A newer version: a module more, one less, and an example that has changed as well."""
    version = template / "shared" / "__init__.py"
    version.write_text(version.read_text().replace('__version__ = "', f'__version__ = "{NEWER}"  # was "'))
    (template / "devkit" / "added.py").write_text('"""New."""\n')
    (template / "devkit" / "call.py").rename(template / "devkit" / "moved.py")
    commands = template / "devkit" / "cli.py"
    commands.write_text(commands.read_text().replace("from devkit import call as", "from devkit import moved as"))
    for example in sorted((template / "handlers").glob("hello_world.py")):
        example.write_text(example.read_text() + "\n# newer\n")
    run("git add -A && git commit -qm Newer", template)


def assert_it_is_the_newer_version(project, run):
    assert run(".venv/bin/exh-dev --version", project).strip() == NEWER
    paths = ("devkit/added.py", "devkit/moved.py", "packages/exh-dev/src/exh_dev/remote/call.py", OWN)
    assert [path for path in paths if not (project / path).exists()] == ["packages/exh-dev/src/exh_dev/remote/call.py"]
    assert run("git status --porcelain", project) == ""
    report = json.loads(run(".venv/bin/exh-dev run whoami greet-patient", project))
    assert [each["function"] for each in report["results"]] == ["whoami", "greet-patient"]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_merge_brings_the_newer_version_and_keeps_what_is_ones_own(steps, project, template, newer, run, environment):
    """All of `upgrade.md` but the two folders."""
    assert list(steps) == ["Once: say where it comes from", "Look", "Merge", "Two folders alone", "Afterwards"]
    for script in steps["Once: say where it comes from"]:
        run(script.replace("URL", str(template)), project)
    looked = "".join(run(script, project) for script in steps["Look"])
    assert "Newer" in looked
    assert "# Changelog" in looked
    merge, removal, settled = steps["Merge"]
    run(merge, project)
    run(removal, project)
    assert run(settled.splitlines()[0], project) == ""
    run(settled, project)
    assert not (project / "handlers" / "hello_world.py").exists()
    assert_it_is_the_newer_version(project, run)
    environment["PYTEST_ADDOPTS"] = "-k whoami"  # that the tests can be run; all of them ran before these
    for script in steps["Afterwards"]:
        assert NEWER in run(script, project)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_folders_can_be_taken_without_the_history(steps, project, template, newer, run):
    run("rm -rf .git && git init -q && git add -A && git commit -qm Copied", project)
    for script in steps["Once: say where it comes from"]:
        run(script.replace("URL", str(template)), project)
    restore, difference = steps["Two folders alone"]
    run(restore, project)
    run(difference, project)
    assert_it_is_the_newer_version(project, run)
