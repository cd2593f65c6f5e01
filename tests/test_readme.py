"""The README is true: its commands run as they stand, its functions are the real ones, its files exist."""

import os
import re
import signal
import subprocess
import sys

import pytest
from lending import lend

#: What a fresh machine needs to install packages where its network is a special one; nothing else is passed on.
KEPT = re.compile(r"PATH|LANG|(PIP_|SSL_|REQUESTS_|UV_).*|.*_PROXY|.*_proxy")


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
    clone = tmp_path / "clone"
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "-q", project_root, clone], check=True)
    environment = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)} | {"HOME": str(home)}
    environment |= lend(project_root, clone)
    # That the tests can be run; all of them ran before these.
    environment["PYTEST_ADDOPTS"] = "-o testpaths=tests/handlers -k whoami"
    serving = None
    try:
        for command in commands(project_root):
            if "exh-dev serve" in command:
                serving = subprocess.Popen(
                    ["sh", "-c", f"exec {command} --port 0"], cwd=clone, env=environment, stdout=subprocess.PIPE
                )
                assert b'"url": "http://localhost:' in serving.stdout.readline()
                continue
            if "exh-dev build" in command:  # for the one Python that is surely there
                command += f" --runtime python3.{sys.version_info.minor}"  # noqa: PLW2901
            done = subprocess.run(
                ["sh", "-ec", command], cwd=clone, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            if command == "make run":
                assert "all OK" in done.stdout
    finally:
        if serving:
            serving.send_signal(signal.SIGINT)
            assert serving.wait(10) == 0
            serving.stdout.close()
