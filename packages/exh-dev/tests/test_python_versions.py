"""Functions that run here on another Python than where they are deployed: every command that runs them says so."""

import json
import subprocess
import sys

import pytest
from folder_projects import GREETING, write

pytestmark = pytest.mark.slow

HERE = f"python3.{sys.version_info.minor}"
OTHER = "python3.13" if sys.version_info.minor != 13 else "python3.12"
COMMANDS = [("invoke", "hello-world"), ("run",), ("serve", "--port", "0", "--ephemeral")]


@pytest.fixture
def stderr_of(tmp_path):
    """What a command says on stderr in a project whose functions are for a runtime."""

    def stderr_of(runtime, *command):
        files = dict(GREETING)
        files["template.yaml"] = files["template.yaml"].replace("Runtime: python3.13", f"Runtime: {runtime}")
        assert f"Runtime: {runtime}" in files["template.yaml"]
        folder = write(tmp_path / "project", files=files)
        arguments = [sys.executable, "-m", "exh_dev", *command]
        pipe = subprocess.PIPE
        with subprocess.Popen(arguments, cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
            if command[0] == "serve":
                process.stdout.readline()
                process.terminate()
            _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        return [json.loads(line)["message"] for line in err.splitlines()]

    return stderr_of


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_another_python_is_mentioned_once(stderr_of, command):
    (note,) = [line for line in stderr_of(OTHER, *command) if "functions run on" in line]
    assert note.startswith(f"functions run on {HERE} here, and template.yaml says {OTHER}: install that Python")


def test_check_mentions_another_python_without_a_problem(tmp_path):
    manifest = GREETING["template.yaml"].replace("Runtime: python3.13", f"Runtime: {OTHER}")
    folder = write(tmp_path, {"template.yaml": manifest}, GREETING)
    done = subprocess.run([sys.executable, "-m", "exh_dev", "check"], cwd=folder, capture_output=True, check=True)
    (told,) = json.loads(done.stdout)["problems"]
    assert (told["severity"], f"{HERE} here, and template.yaml says {OTHER}" in told["message"]) == ("info", True)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_same_python_is_not_mentioned(stderr_of, command):
    assert not [line for line in stderr_of(HERE, *command) if "functions run on" in line]
