"""`exh-dev rename` and `remove`: a function with all that belongs to it, and nothing else."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from exh_dev.errors import DevkitError, UsageError
from exh_dev.project import replacing
from exh_dev.project.new.function import make
from exh_dev.project.project import Project
from exh_dev.project.removing import remove_function
from exh_dev.project.renaming import rename_function

TEMPLATE = Path(__file__).parent / "project"
SCHEMA = {"name": "pulse", "creationTransition": {"afterActions": [{"type": "task", "functionName": "greet-patient"}]}}


def git(folder, *command):
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    return subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "clinic"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("greet-patient", "greet-patient-again"):
        make(Project(folder), name, "task")
    (folder / "events" / "greet-patient.seed.json").write_text("{}")
    (folder / "events" / "greet-patient.late.json").write_text('{"functionName": "greet-patient"}')
    (folder / "tests" / "test_greet_patient_twice.py").write_text(
        "from handlers import greet_patient\n\ngreet_patient\n"
    )
    (folder / "schemas").mkdir()
    (folder / "schemas" / "pulse.json").write_text(json.dumps(SCHEMA))
    (folder / "handlers" / "hello_world.py").write_text(
        'from handlers.greet_patient import work\n\nOTHER = "greet-patient-again"\nNAME = "greet-patient"\n'
    )
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def files(folder):
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    }


def contents(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


OF_GREET_PATIENT = {
    "handlers/greet_patient.py",
    "events/greet-patient.json",
    "events/greet-patient.late.json",
    "events/greet-patient.seed.json",
    "tests/test_greet_patient.py",
    "tests/test_greet_patient_twice.py",
}


def test_removing_a_function_removes_its_files_and_nothing_of_its_namesake(root):
    before = files(root)
    removed = remove_function(Project(root), "GreetPatient")
    assert set(removed.files) == OF_GREET_PATIENT
    assert files(root) == before - OF_GREET_PATIENT
    names = [spec.name for spec in Project(root).manifest.functions]
    assert names == ["whoami", "hello-world", "greet-patient-again"]
    assert removed.uses == ("handlers/hello_world.py:4", "schemas/pulse.json:1")


def test_files_that_git_could_not_restore_stay(root):
    (root / "handlers" / "greet_patient.py").write_text("mine")
    before = contents(root)
    with pytest.raises(UsageError, match=r"cannot restore uncommitted files: handlers/greet_patient.py.*--force"):
        remove_function(Project(root), "greet-patient")
    assert contents(root) == before
    assert remove_function(Project(root), "greet-patient", force=True).name == "greet-patient"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_one_function_after_another_is_removed_without_a_commit_between(root, line_end):
    manifest = root / "template.yaml"
    manifest.write_text(manifest.read_text(), newline=line_end)
    git(root, "commit", "--all", "--allow-empty", "--message", "Line ends")
    remove_function(Project(root), "greet-patient")
    remove_function(Project(root), "greet-patient-again")
    assert [spec.name for spec in Project(root).manifest.functions] == ["whoami", "hello-world"]


def numbered(number, timeout):
    """The entry of a function without files, which ends with its timeout."""
    return f"""
  Number{number}:
    Type: AWS::Serverless::Function
    Metadata: {{ExtraHorizon: {{name: number-{number}, targets: [exh]}}}}
    Properties:
      Handler: handlers.number_{number}.handler
      Timeout: {timeout}"""


def commit_with(root, *entries):
    """Commit the template with these entries before all others."""
    manifest = root / "template.yaml"
    manifest.write_text(manifest.read_text().replace("\nResources:", f"\nResources:{''.join(entries)}"))
    git(root, "commit", "--all", "--message", "More of them")


def test_neighbours_with_equal_last_lines_are_removed_one_after_another(root):
    before = (root / "template.yaml").read_text()
    commit_with(root, numbered(1, 10), numbered(2, 20), numbered(3, 10))
    for number in (2, 1, 3):
        assert remove_function(Project(root), f"number-{number}").files == ()
    assert (root / "template.yaml").read_text() == before


def test_a_project_below_the_root_of_its_repository_is_compared_with_its_own_commit(root):
    shutil.rmtree(root / ".git")
    git(root.parent, "init", "--quiet")
    git(root.parent, "add", "--all")
    git(root.parent, "commit", "--message", "Start")
    remove_function(Project(root), "greet-patient")
    (root / "events" / "greet-patient-again.more.json").write_text("{}")
    with pytest.raises(UsageError, match=r"uncommitted files: .*greet-patient-again.more.json\. Commit"):
        remove_function(Project(root), "greet-patient-again")


def test_a_line_that_begins_as_the_committed_one_is_not_committed(root):
    commit_with(root, numbered(1, 200))
    manifest = root / "template.yaml"
    manifest.write_text(manifest.read_text().replace("Timeout: 200", "Timeout: 20"))
    with pytest.raises(UsageError, match=r"uncommitted files: template.yaml\. Commit"):
        remove_function(Project(root), "number-1")


def test_an_entry_that_is_not_committed_stays(root):
    manifest = root / "template.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace("handlers.greet_patient.handler\n", "handlers.greet_patient.handler # mine\n"))
    with pytest.raises(UsageError, match=r"cannot restore uncommitted files: template.yaml\. Commit"):
        remove_function(Project(root), "greet-patient")
    assert "# mine" in manifest.read_text()
    assert remove_function(Project(root), "whoami").name == "whoami"


def test_without_git_it_takes_force(root):
    shutil.rmtree(root / ".git")
    with pytest.raises(UsageError, match=r"is not in git, so the files could not be restored; use --force"):
        remove_function(Project(root), "greet-patient")
    assert "handlers/greet_patient.py" in remove_function(Project(root), "greet-patient", force=True).files


@pytest.mark.slow
def test_the_last_function_can_go(root):
    for spec in Project(root).manifest.functions:
        remove_function(Project(root), spec.name, force=True)
    assert Project(root).manifest.functions == ()


def test_a_function_has_its_new_name_everywhere(root):
    renamed = rename_function(Project(root), "greet_patient", "CountBeats")
    spec = Project(root).manifest.function("count-beats")
    assert (spec.handler, spec.logical_id) == ("handlers.count_beats.handler", "CountBeats")
    assert "build/count-beats.zip" in (root / "template.yaml").read_text()
    moved = {
        name.replace("greet-patient", "count-beats").replace("greet_patient", "count_beats")
        for name in OF_GREET_PATIENT
    }
    assert moved <= files(root)
    assert not OF_GREET_PATIENT & files(root)
    assert json.loads((root / "events" / "count-beats.json").read_text())["functionName"] == "count-beats"
    assert "count-beats" in (root / "schemas" / "pulse.json").read_text()
    assert (
        root / "tests" / "test_count_beats_twice.py"
    ).read_text() == "from handlers import count_beats\n\ncount_beats\n"
    assert (root / "handlers" / "hello_world.py").read_text() == (
        'from handlers.count_beats import work\n\nOTHER = "greet-patient-again"\nNAME = "count-beats"\n'
    )
    assert Project(root).manifest.function("greet-patient-again").handler == "handlers.greet_patient_again.handler"
    assert set(renamed.moved) == OF_GREET_PATIENT


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("greet-patient-again", "greet_patient_again.py.* have it already"),
        ("whoami", "have it already"),
        ("class", "is a Python keyword"),
        ("Greet Patient", "has this name already"),
        ("2fa", "cannot be the name of a function"),
    ],
)
def test_a_name_that_cannot_be_taken_changes_nothing(root, new, words):
    before = contents(root)
    with pytest.raises(UsageError, match=words):
        rename_function(Project(root), "greet-patient", new)
    assert contents(root) == before


def test_a_function_that_is_not_there_is_named(root):
    with pytest.raises(UsageError, match="did you mean `greet-patient`"):
        rename_function(Project(root), "greet-patent", "other")
    with pytest.raises(UsageError, match="did you mean `greet-patient`"):
        remove_function(Project(root), "greet-patent")


@pytest.mark.parametrize("after", range(5))
def test_when_a_file_cannot_be_moved_all_is_as_before(root, monkeypatch, after):
    before, rename, done = contents(root), Path.rename, 0

    def fail_when_it_is_time(self, target):
        nonlocal done
        if self.parent.name in {"handlers", "events", "tests"} and "count" in Path(target).name:
            done += 1
            if done > after:
                raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    monkeypatch.setattr(replacing.Path, "rename", fail_when_it_is_time)
    with pytest.raises(DevkitError, match="everything is as before"):
        rename_function(Project(root), "greet-patient", "count-beats")
    assert contents(root) == before


@pytest.mark.slow
def test_the_commands_say_what_they_did(root, exh_dev, monkeypatch):
    monkeypatch.chdir(root)
    code, out, _ = exh_dev("rename", "greet-patient", "count-beats")
    assert (code, json.loads(out)["new"]) == (0, "count-beats")
    code, out, _ = exh_dev("remove", "greet-patient-again", "--force", "--table")
    assert (code, out.splitlines()[0]) == (0, "Removed greet-patient-again:")
    code, _, (line,) = exh_dev("remove", "count-beats")
    assert (code, "uncommitted" in line["message"]) == (2, True)
