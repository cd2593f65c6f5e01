"""The README is correct: its commands run unchanged, its functions are the real ones, its files exist."""

import re
import signal
import subprocess

import pytest
from newcomer import surroundings


def blocks(project_root, language):
    text = (project_root / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(project_root):
    return [line for block in blocks(project_root, "sh") for line in block.splitlines() if line]


def test_the_functions_shown_are_the_real_ones(project_root):
    handlers = "\n".join(path.read_text() for path in (project_root / "handlers").glob("*.py"))
    without_comments = re.sub(r"\n *# .*", "", handlers)
    for block in blocks(project_root, "python"):
        assert block.strip() in without_comments


def test_every_file_it_links_to_exists(project_root):
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", (project_root / "README.md").read_text())
    assert len(links) > 1
    for link in links:
        assert (project_root / link).exists(), link


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_command_runs_in_a_fresh_clone(project_root, tmp_path):
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", project_root, folder], check=True)
    environment = surroundings(tmp_path / "home")
    for command in commands(project_root):
        if command.startswith("cd "):
            folder = (folder / command.removeprefix("cd ")).resolve()
            continue
        if "exh-dev serve" in command:
            serving = subprocess.Popen(
                ["sh", "-c", f"exec {command} --port 0"], cwd=folder, env=environment, stdout=subprocess.PIPE
            )
            assert b'"url": "http://localhost:' in serving.stdout.readline()
            serving.send_signal(signal.SIGINT)
            assert serving.wait(10) == 0
            serving.stdout.close()
            continue
        if "exh-dev build" in command:  # for the one Python that is surely there
            version = (folder / ".venv" / "pyvenv.cfg").read_text().partition("version = ")[2].split(".")[1]
            command += f" --runtime python3.{version}"  # noqa: PLW2901 - the command as it is run
        done = subprocess.run(
            ["sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        if command == "make run":
            assert "all OK" in done.stdout
    assert folder.name == "my-clinic"
