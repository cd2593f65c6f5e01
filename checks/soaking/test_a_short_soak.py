"""A soak of some seconds: everything that it does is done, and nothing fails."""

import json

import pytest

from benchmarks.soak.__main__ import main


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.timeout(300)
def test_a_short_soak_passes(capsys):
    assert main(["0.5"]) == 0, capsys.readouterr().out
    told = json.loads(capsys.readouterr().out)
    assert told["failures"] == []
    assert {"health", "document changed", "file up and down", "template and mail", "task queued"} <= set(told["counts"])
