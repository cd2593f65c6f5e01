"""`exh-dev init`: what a project is made of, and that it is there whole or not at all."""

import io
import json
import re
import subprocess
import tomllib
from zipfile import ZipFile

import pytest

from exh_dev.cli.main import run_command
from exh_dev.errors import DevkitError, UsageError
from exh_dev.packaging.installed_wheels import wheel_of
from exh_dev.packaging.locks import read_locks
from exh_dev.packaging.target import Target
from exh_dev.project.init.project import LOCKS, Wishes, check_name, make_project
from exh_dev.project.project import Project

WISHES = Wishes("my-clinic", "both", "Ada Lovelace")


def some_wheel(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace('-', '_')}-0.2.0-py3-none-any.whl"
    path.write_bytes(name.encode())
    return path


def made(tmp_path, **changes):
    folder = tmp_path / "clinic"
    wishes = Wishes(**{"name": "my-clinic", "target": "both", "author": "Ada Lovelace", **changes})
    return make_project(folder, wishes, some_wheel)


@pytest.mark.parametrize(("target", "targets"), [("exh", ("exh",)), ("aws", ("aws",)), ("both", ("exh", "aws"))])
def test_the_functions_of_a_new_project_are_for_its_target(tmp_path, target, targets):
    project = Project(made(tmp_path, target=target).folder)
    assert [(spec.name, spec.targets) for spec in project.manifest.functions] == [
        ("whoami", targets),
        ("hello-world", targets),
    ]
    text = (project.root / "template.yaml").read_text()
    assert ("AWS::SecretsManager::Secret" in text) is ("aws" in targets)
    assert {path.name for path in project.root.glob("*config*")} == {
        *(["repo-config.json"] if "exh" in targets else []),
        *(["samconfig.toml"] if "aws" in targets else []),
    }


def test_the_locks_of_a_new_project_pin_the_packages_beside_them(tmp_path):
    folder = made(tmp_path).folder
    for lock, packages in LOCKS.items():
        pins = read_locks([folder / lock], Target.of("python3.13", "x86_64"))
        assert {name: pins[name].version for name in packages} == dict.fromkeys(packages, "0.2.0")
        assert "--find-links wheels" in (folder / lock).read_text().splitlines()
    assert "exh-dev" not in read_locks([folder / "requirements.txt"], Target.of("python3.13", "x86_64"))


@pytest.mark.parametrize("author", ["Ada Lovelace", 'Ada "the Countess" \\ Lovelace', "Žofie Ëlin", "Ada\nCo", ""])
def test_the_author_of_a_new_project_is_in_its_licence_and_pyproject(tmp_path, author):
    folder = made(tmp_path, author=author).folder
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "my-clinic"
    assert project.get("authors", []) == ([{"name": author}] if author else [])
    assert (author or "the authors of my-clinic") in (folder / "LICENSE").read_text()


def test_no_mark_and_no_placeholder_is_left(tmp_path):
    result = made(tmp_path)
    text = "".join((result.folder / name).read_text() for name in result.files)
    assert not re.search(r"\w+: (begin|end)$|\{\{\w+\}\}", text, re.MULTILINE)
    assert result.lines == len(text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "asked", "functions"),
    [
        ("exh", ["chunk-psg-signals"], {"chunk-psg-signals": ("exh",)}),
        ("aws", ["sync-houdini-builds"], {"sync-houdini-builds": ("aws",)}),
        ("aws", ["chunk-psg-signals"], {"chunk-psg-signals": ("aws",)}),
        (
            "both",
            ["enqueue-measurements", "sync-houdini-builds"],
            {
                "enqueue-measurements": ("aws",),
                "analyze-queued-measurements": ("aws",),
                "assess-blood-pressure": ("exh",),
                "sync-houdini-builds": ("exh", "aws"),
            },
        ),
    ],
)
def test_a_new_project_has_the_examples_that_are_asked_for_and_what_they_need(tmp_path, target, asked, functions):
    result = made(tmp_path, target=target, examples=tuple(asked))
    project = Project(result.folder)
    specs = {spec.name: spec.targets for spec in project.manifest.functions}
    assert {name: targets for name, targets in specs.items() if name not in ("whoami", "hello-world")} == functions
    assert all(project.sample_events(spec) for spec in project.manifest.functions)
    assert {*result.files} >= {f"tests/test_{name.replace('-', '_')}.py" for name in asked if "exh" in functions[name]}
    text = (project.root / "template.yaml").read_text()
    assert ("Condition: OnExtraHorizonOnly" in text, "WorkQueue:" in text) == (target == "both", target == "both")
    machine = any(name in asked for name in ("chunk-psg-signals", "enqueue-measurements")) and target != "exh"
    assert (project.root / "aws" / "until-complete.asl.json").exists() == machine
    assert 'run = ["exh-dev[aws,pdf]==' in (project.root / "pyproject.toml").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("examples", [(), ("daily-report",)])
def test_the_workflow_of_a_new_project_with_pdfs_installs_what_makes_them(tmp_path, examples):
    text = (made(tmp_path, examples=examples).folder / ".github" / "workflows" / "ci.yml").read_text()
    assert ("libpango" in text) == bool(examples)
    assert not re.search(r"\w+: (begin|end)$", text, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "examples"), [("exh", ()), ("aws", ()), ("aws", ("sync-houdini-builds",)), ("both", ())]
)
def test_what_is_for_aws_alone_can_be_deployed_from_github(tmp_path, target, examples):
    """What is for both has as many files as a project may begin with."""
    result = made(tmp_path, target=target, examples=examples)
    path = result.folder / ".github" / "workflows" / "deploy-aws.yml"
    assert path.exists() == (target == "aws") == (".github/workflows/deploy-aws.yml" in result.files)
    if path.exists():
        assert "role-to-assume: ${{ vars.AWS_ROLE }}" in path.read_text()
        assert ("libpango" in path.read_text()) == bool(examples)
        assert "Whoami:" in (result.folder / "template.yaml").read_text()  # the smoke test calls it


@pytest.mark.slow
def test_a_dispatcher_comes_with_its_function(tmp_path):
    folder = made(tmp_path, examples=("on-task-failed",)).folder
    (dispatcher,) = json.loads((folder / "dispatchers.json").read_text())["dispatchers"]
    assert dispatcher["name"] == "tell-of-failed-tasks"


@pytest.mark.parametrize(
    ("target", "name", "message"),
    [
        ("both", "no-such", "there is no example 'no-such'; there are analyze-queued-measurements, "),
        ("aws", "on-task-failed", "on-task-failed is for exh alone, and this project for aws: --target both"),
        ("aws", "patient-api", "assess-blood-pressure, which patient-api needs, is for exh alone"),
        ("exh", "enqueue-measurements", "enqueue-measurements is for aws alone, and this project for exh"),
    ],
)
def test_an_example_that_cannot_be_had_is_refused(tmp_path, target, name, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        made(tmp_path, target=target, examples=(name,))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "My-Clinic", "my_clinic", "-a", "a--b", "2a", "a/b", "../a", 'a"b'])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(UsageError, match="cannot be a project's name"):
        check_name(name)


def test_a_folder_that_is_not_empty_is_refused_and_unchanged(tmp_path):
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "mine").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty; no file was written"):
        made(tmp_path)
    assert [path.name for path in (tmp_path / "clinic").iterdir()] == ["mine"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "clinic").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        made(tmp_path)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "clinic").mkdir()
    assert (made(tmp_path).folder / "template.yaml").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "wheels"), DevkitError("no wheel")])
def test_when_something_fails_nothing_is_left(tmp_path, error):
    def fail(name, folder):
        some_wheel(name, folder)
        raise error

    with pytest.raises(DevkitError):
        make_project(tmp_path / "clinic", WISHES, fail)
    assert list(tmp_path.iterdir()) == []


def test_without_git_there_is_no_history(tmp_path, monkeypatch):
    monkeypatch.setattr("exh_dev.project.init.project.shutil.which", lambda _: None)
    result = made(tmp_path)
    assert not (result.folder / ".git").exists()
    assert result.as_lines()[1].startswith("Nothing is committed: git is missing")


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ("", r"git lacks your name \(git config"),
        ("[user]\n\tname = Ada\n\temail = ada@example.com\n[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n",
         "(error|fatal): .*"),
    ],
)  # fmt: skip
def test_a_project_that_git_does_not_commit_says_why(tmp_path, monkeypatch, configuration, reason):
    (tmp_path / ".gitconfig").write_text(configuration)
    for name, value in {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_CONFIG_GLOBAL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.useConfigOnly")  # else git may make a name of the machine's
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    lines = made(tmp_path).as_lines()
    assert re.match(f"Nothing is committed: {reason}", lines[1])
    assert lines[2] == "  git init && git add -A && git commit -m Start"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--with", "patient-apy"], "there is no example 'patient-apy' (did you mean `patient-api`?)"),
        (["--target", "exh", "--with", "enqueue-measurements"], "enqueue-measurements is for aws alone"),
        (["--name", "My Clinic!"], "'My Clinic!' cannot be a project's name"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_asked(tmp_path, monkeypatch, capfd, options, message):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: pytest.fail("a question before the refusal"))
    assert run_command(["init", str(tmp_path / "clinic"), *options]) == 2
    assert message in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize(("author", "optional"), [("Ada", ""), ("", " (optional)")])
def test_an_author_that_git_does_not_know_is_optional(tmp_path, monkeypatch, author, optional):
    asked = []

    def prompt(text, **options):
        asked.append((text, options))
        if text.startswith("Deploy"):
            raise UsageError("asked enough")
        return options["default"]

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("exh_dev.cli.project._git_user", lambda: author)
    monkeypatch.setattr("typer.prompt", prompt)
    assert run_command(["init", str(tmp_path / "clinic")]) == 2
    text = f"Author, for licence and pyproject.toml{optional}"
    assert asked[1] == (text, {"default": author, "show_default": bool(author)})


@pytest.mark.slow
def test_a_wrong_answer_is_asked_for_again(tmp_path, monkeypatch, capsys):
    typed = io.StringIO("My Clinic!\nclinic\nAda\nmars\nexh\n")
    typed.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", typed)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("exh_dev.packaging.installed_wheels.wheel_of", some_wheel)
    assert run_command(["init", str(tmp_path / "folder")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Error: 'My Clinic!' cannot be a project's name" in out
    assert "Error: 'mars' is not a target; choose one of exh, aws and both" in out
    assert 'name = "clinic"' in (tmp_path / "folder" / "pyproject.toml").read_text()
    assert (tmp_path / "folder" / "repo-config.json").exists()


@pytest.mark.slow
def test_the_command_takes_the_folders_name_and_ends_with_the_commands_to_type(exh_dev, tmp_path, monkeypatch):
    monkeypatch.setattr("exh_dev.packaging.installed_wheels.wheel_of", some_wheel)
    monkeypatch.chdir(tmp_path)
    code, out, _ = exh_dev("init", "MyClinic", "--author", "Ada")
    assert (code, json.loads(out)["name"], json.loads(out)["folder"]) == (0, "my-clinic", str(tmp_path / "MyClinic"))
    code, out, _ = exh_dev("init", "another clinic", "--name", "other", "--target", "exh", "--table")
    assert code == 0
    assert out.splitlines()[-2:] == ["  cd 'another clinic'", "  make run"]
    code, _, (line,) = exh_dev("init", "third", "--name", "No Name")
    assert (code, "cannot be a project's name" in line["message"]) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["extrahorizon", "exh-dev"])
@pytest.mark.timeout(120)
def test_the_wheel_of_a_package_holds_what_is_installed(tmp_path, name):
    wheel = wheel_of(name, tmp_path)
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert wheel.name.startswith(f"{name.replace('-', '_')}-")
    assert any(each.endswith(".dist-info/METADATA") for each in names)
    assert f"{name.replace('-', '_').replace('exh_dev', 'exh_dev')}/__init__.py" in names
    assert not [each for each in names if each.endswith(".pyc") or ".." in each]


def test_the_wheel_of_an_ordinary_package_is_made_of_what_is_installed(tmp_path):
    first, second = wheel_of("idna", tmp_path / "a"), wheel_of("idna", tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        assert archive.testzip() is None
        (record,) = [each for each in archive.namelist() if each.endswith("/RECORD")]
        listed = {line.split(",")[0] for line in archive.read(record).decode().splitlines()}
        assert listed == set(archive.namelist())


def test_a_history_begins_when_git_knows_who_it_is(tmp_path, monkeypatch):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
    result = made(tmp_path)
    assert result.not_committed == ""
    done = subprocess.run(
        ["git", "status", "--porcelain"], cwd=result.folder, check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
