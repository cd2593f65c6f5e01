"""What `build` and the manifest take for a runtime, `make lint` takes too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from exh_dev.packaging.target import RUNTIMES

#: The template's own. The others differ from it in a list that both tools have.
OURS = "python3.13"


@pytest.mark.slow
@pytest.mark.parametrize(
    "runtime",
    [pytest.param(each, marks=() if each == OURS else pytest.mark.rare) for each in sorted(RUNTIMES)],
)
def test_lint_takes_each_runtime(project_root, tmp_path, runtime):
    shutil.copytree(project_root / "aws", tmp_path / "aws")
    text = (project_root / "template.yaml").read_text()
    assert text.count(f"Runtime: {OURS}") == 1
    (tmp_path / "template.yaml").write_text(text.replace(f"Runtime: {OURS}", f"Runtime: {runtime}"))
    commands = [[Path(sys.executable).parent / "cfn-lint", "template.yaml"]]
    sam = project_root.parent / ".venv-sam" / "bin" / "sam"
    if sam.exists():
        commands.append([sam, "validate", "--lint", "--template", "template.yaml", "--region", "eu-central-1"])
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"}
    for command in commands:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
