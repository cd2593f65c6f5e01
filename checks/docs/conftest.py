"""Run the commands of a page as a reader would: one after another, in a fresh clone."""

import signal
import subprocess

import pytest
from doc_blocks import blocks
from newcomer import surroundings


@pytest.fixture
def environment(tmp_path):
    """The environment of a user who has just logged in and configured a git name."""
    return surroundings(tmp_path / "home")


@pytest.fixture
def run(environment):
    """Run a script in a folder, and return its output."""

    def run(script, folder):
        done = subprocess.run(
            ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run


@pytest.fixture
def make_clone(project_root, tmp_path, environment, run):
    """Clone a repository, by default this one, with what running needs."""

    def make_clone(name="clone", source=project_root, ready=".venv/.run"):
        clone = tmp_path / name
        run(f"git clone -q '{source}' '{clone}'", tmp_path)
        run(f"make {ready}", clone)
        return clone

    return make_clone


@pytest.fixture
def serve(environment):
    """Run `exh-dev serve` in a folder until the test ends."""
    servers = []

    def serve(folder, command=".venv/bin/exh-dev serve"):
        server = subprocess.Popen(
            ["sh", "-c", f"exec {command} --port 0"], cwd=folder, env=environment, stdout=subprocess.PIPE
        )
        servers.append(server)
        assert b'"url": "http://localhost:' in server.stdout.readline()

    yield serve
    for server in servers:
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        server.stdout.close()


@pytest.fixture
def run_page(run, serve):
    """Run the `sh` blocks of a page in a folder, and give what each printed; a platform that it serves stays."""

    def run_page(page, folder):
        printed = []
        for block in blocks(page.read_text(), "sh"):
            if block.marks:
                continue
            if "exh-dev serve" in block.text:
                serve(folder, block.text.partition("#")[0].strip())
            else:
                printed.append(run(block.text, folder))
        return printed

    return run_page
