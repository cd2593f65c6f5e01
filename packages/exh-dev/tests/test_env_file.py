"""`.env`: the developer's own values for what template.yaml takes as $NAME."""

import json

import pytest
from folder_projects import GREETING, write

from exh_dev.errors import UsageError
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.project.env_file import misplaced, read_env_file
from exh_dev.project.project import Project
from exh_dev.project.runtime_function import function_of

WITH_VARIABLE = GREETING["template.yaml"].rstrip() + "\n        environment: {GREETING: $MY_GREETING}\n"
HANDLER = "import os\n\ndef handler(event, context):\n    return {'greeting': os.environ['GREETING']}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("MY_GREETING", raising=False)
    monkeypatch.chdir(write(tmp_path, {"template.yaml": WITH_VARIABLE, "handlers/hello_world.py": HANDLER}, GREETING))
    return tmp_path


def environment(folder):
    project = Project(folder)
    return function_of(project, project.manifest.function("hello-world"), "env", {}, {}).environment


def test_the_manifests_references_are_looked_up_in_it(folder, exh_dev):
    (folder / ".env").write_text("MY_GREETING='Good morning'\n")
    assert exh_dev("invoke", "hello-world")[:2] == (0, '{"greeting": "Good morning"}\n')


def test_the_shell_wins(folder, monkeypatch):
    (folder / ".env").write_text("MY_GREETING=Good morning\n")
    assert environment(folder) == {"GREETING": "Good morning"}
    monkeypatch.setenv("MY_GREETING", "Hi")
    assert environment(folder) == {"GREETING": "Hi"}


def test_without_a_value_anywhere_it_says_where_one_may_come_from(folder, exh_dev):
    code, _, (line,) = exh_dev("invoke", "hello-world")
    assert code == 2
    assert "$MY_GREETING, which is not set or empty; set MY_GREETING in the shell or in .env" in line["message"]


def test_templates_of_the_project_find_their_values_there_too(folder):
    template = {"outputs": {"body": "$FROM"}, "variables": {"FROM": "$MY_GREETING"}}
    write(folder, {"templates/hi.json": template}, files={})
    (folder / ".env").write_text("MY_GREETING=Hello\n")
    found = read_configuration(Project(folder))
    assert (found.problems, found.templates[0].outputs) == ([], {"body": "Hello"})


def test_all_forms_of_a_line_are_read(tmp_path):
    text = "\ufeff# a comment\n\nA=1\nexport B='x # y'\nC=\"two\\nlines\"\nD=a b # why\nE=\nF=${A}$A\nG='1\n2'\nA=2\n"
    (tmp_path / ".env").write_text(text)
    found = read_env_file(tmp_path / ".env")
    assert found == {"A": "2", "B": "x # y", "C": "two\nlines", "D": "a b", "E": "", "F": "${A}$A", "G": "1\n2"}
    assert read_env_file(tmp_path / "none") == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nB\n", 2),
        ("\n\n\nB secret\n", 4),
        ("A=1\n# c\nB='secret\n", 3),
        ("=secret", 1),
        ("A=1\n1B=secret\n", 2),
        ("A B=secret\n", 1),
        ("A: secret\n", 1),
        ("A=sec\0ret\n", 1),
    ],
)
def test_a_broken_line_is_named_by_its_number_without_its_content(folder, exh_dev, text, line):
    (folder / ".env").write_text(text)
    code, _, (told,) = exh_dev("invoke", "hello-world")
    assert code == 2
    assert told["message"].startswith(f"{folder / '.env'}:{line}: this is not NAME=value")
    assert "sec" not in told["message"]
    code, out, _ = exh_dev("check")
    (problem,) = (each for each in json.loads(out)["problems"] if each["severity"] == "error")
    assert (code, problem["file"], problem["line"]) == (1, ".env", line)
    assert "sec" not in problem["message"]


def test_an_env_file_that_cannot_be_read_is_refused(folder):
    (folder / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        environment(folder)
    (folder / ".env").unlink()
    (folder / ".env").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        environment(folder)


@pytest.mark.slow
def test_credentials_of_extra_horizon_are_ignored_with_a_message(folder, exh_dev):
    (folder / ".env").write_text("API_HOST=https://api.acme.io\nAPI_OAUTH_TOKEN=secret\nMY_GREETING=Hi\n")
    assert read_env_file(folder / ".env") == {"MY_GREETING": "Hi"}
    for command in (["invoke", "hello-world"], ["run"]):
        code, _, lines = exh_dev(*command)
        assert code == 0
        assert lines[0]["message"].startswith(f"API_HOST, API_OAUTH_TOKEN in {folder / '.env'} are not read: ")
        assert "secret" not in lines[0]["message"]
    assert misplaced(folder / "none") is None
