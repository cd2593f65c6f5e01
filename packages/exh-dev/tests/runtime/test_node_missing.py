"""Without Node.js a function for it says what to install, and nothing else suffers."""

import pytest

from exh_dev.errors import DevkitError
from exh_dev.runtime import node_version


@pytest.fixture(autouse=True)
def without_node(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_message_says_which_node_to_install(start):
    runtime = start("basic.echo", runtime="nodejs22.x")

    for _ in range(2):
        with pytest.raises(DevkitError, match=r"under-test has the runtime nodejs22\.x.*install Node\.js 22"):
            runtime.invoke("under-test", None)


def test_python_runs_all_the_same(run):
    assert run("basic.echo", 1).result == 1


def test_without_node_there_is_no_version(tmp_path):
    assert node_version() is None
    broken = tmp_path / "node"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert node_version() is None
