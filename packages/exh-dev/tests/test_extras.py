"""What a command says when an optional part of the toolkit is not installed."""

import importlib.util
import sys
from datetime import UTC, datetime

import pytest
from local_app import LocalApp

from exh_dev.aws.services import LocalAws
from exh_dev.cli.terminal import TerminalOutput
from exh_dev.errors import DevkitError
from exh_dev.platform.storage.store import Store
from exh_dev.platform.templates import pdf_renderer
from exh_dev.platform.templates.pdf_renderer import PROGRAM, Renderer
from exh_dev.runtime import Invocation
from exh_dev.runtime.events import task_event
from exh_dev.serve.debugging import check_installed
from exh_dev.serve.execution import Case, Outcome


@pytest.fixture
def without(monkeypatch):
    """Make a package and its modules impossible to import, as if they were not installed."""
    find = importlib.util.find_spec

    def without(package):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None if name == package else find(name))
        monkeypatch.setattr("exh_dev.serve.debugging.find_spec", importlib.util.find_spec)
        monkeypatch.setitem(sys.modules, package, None)
        for name in [each for each in sys.modules if each.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)

    return without


def test_a_local_aws_names_its_extra(without):
    without("moto")
    with pytest.raises(DevkitError, match=r"needs exh-dev\[aws\]: pip install 'exh-dev\[aws\]'"):
        LocalAws().__enter__()


def test_moto_alone_is_no_local_aws_and_prints_nothing_of_its_own(without, recwarn):
    without("flask_cors")
    with pytest.raises(DevkitError, match=r"exh-dev\[aws\] in pyproject.toml, then `make lock UPGRADE=`"):
        LocalAws().__enter__()
    assert list(recwarn) == []


def test_debug_names_its_extra(without):
    without("debugpy")
    with pytest.raises(DevkitError, match=r"--debug needs exh-dev\[debug\]: pip install 'exh-dev\[debug\]'"):
        check_installed()


@pytest.mark.slow
def test_a_table_shows_a_task_that_lacked_its_extra(tmp_path, monkeypatch, capsys):
    program = PROGRAM.replace("from weasyprint import", "from weasyprint.no import")
    monkeypatch.setattr(pdf_renderer, "renderer", Renderer(program))
    app = LocalApp(Store(), folder=tmp_path)
    app.as_user("POST", "/templates/v2", json={"name": "report", "inputs": {}, "outputs": {"body": "x"}})
    app.as_user("POST", "/tasks/v1/functions/html-to-pdf/execute", json={"data": {"templateName": "report"}})
    (run,) = app.send(None, "GET", "/_dev/api/runs").json()["data"]
    app.close()
    app.store.close()
    case = Case("sum", "sum.json", task_event(), "env", "task")
    invocation = Invocation("1", "sum", None, None, (), datetime.now(UTC), 0.1, None, 0, 10)
    outcome = Outcome(case, invocation, 1, [run])

    TerminalOutput().outcomes([outcome])

    shown = capsys.readouterr().out
    assert "└ html-to-pdf" in shown
    assert shown.count("FAILED") == 2
    assert "pip install 'exh-dev[pdf]'" in " ".join(shown.split())
