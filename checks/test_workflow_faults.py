"""What GitHub would find only when it runs a workflow, or never: names that lead nowhere, scripts that go wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_workflows import ALL, ROOT, loaded, steps_of
from workflow_faults import faults

WORKFLOW = """
on:
  workflow_dispatch:
    inputs: {environment: {type: string}}
concurrency: {group: "${{ inputs.environment }}"}
env: {COMMIT: abc}
jobs:
  build:
    runs-on: ubuntu-24.04
    strategy: {matrix: {python: ["3.13"]}}
    outputs: {digest: "${{ steps.sum.outputs.digest }}"}
    steps:
      - id: sum
        run: echo "digest=$(sha256sum "$VERSION" "$COMMIT")" >> "$GITHUB_OUTPUT"
        env: {VERSION: "${{ matrix.python }}"}
  deploy:
    needs: build
    if: github.ref == 'refs/heads/main' && needs.build.result == 'success'
    runs-on: ubuntu-24.04
    environment: ${{ inputs.environment }}
    steps:
      - run: test "$DIGEST"
        env: {DIGEST: "${{ needs.build.outputs.digest }}", KEY: "${{ secrets.KEY }}"}
"""


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_leads_somewhere(path):
    assert faults(loaded(path)) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck_has_nothing_to_say_of_a_script(path):
    for step in steps_of(loaded(path)["jobs"]):
        if "run" in step:
            done = subprocess.run(
                [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "-"],
                input=f"set -eo pipefail\n{step['run']}",  # as `shell: bash` runs it
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("", "", None),
        ("needs: build", "needs: built", "deploy: there is no job built to need"),
        ("needs: build", "timeout-minutes: 5", "deploy.if: needs.build.result: there is no build"),
        ("needs.build.outputs.digest", "needs.build.outputs.sum", "needs.build.outputs.sum: build has no output sum"),
        ("steps.sum.outputs.digest", "steps.sum.outputs.hash", "steps.sum.outputs.hash: sum has no output hash"),
        ("steps.sum.outputs.digest", "steps.hash.outputs.digest", "steps.hash.outputs.digest: there is no hash"),
        (
            'group: "${{ inputs.environment',
            'group: "${{ inputs.stage',
            "concurrency.group: inputs.stage: there is no stage",
        ),
        ('group: "${{ inputs.environment', 'group: "${{ secrets.KEY', "secrets.KEY: secrets is not known here"),
        ("environment: ${{ inputs.environment", "environment: ${{ env.COMMIT", "env.COMMIT: env is not known here"),
        ("github.ref ==", "secrets.KEY ==", "deploy.if: secrets.KEY: secrets is not known here"),
        ("matrix.python", "matrix.version", "matrix.version: there is no version"),
        ('"$DIGEST"', '"$DIGESTS"', "deploy.steps[0]: nothing sets $DIGESTS"),
        ('"$VERSION"', '"${VERSIONS}"', "build.steps[0]: nothing sets $VERSIONS"),
    ],
)
def test_a_name_that_leads_nowhere_is_found(right, wrong, fault):
    text = WORKFLOW.replace(right, wrong)
    found = faults(yaml.load(text, yaml.BaseLoader))  # noqa: S506 - makes texts only, of `on` too
    assert any(each.endswith(fault) for each in found) if fault else found == []
