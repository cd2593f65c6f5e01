from contextlib import ExitStack
from pathlib import Path

import pytest

from exh_dev.runtime import Function, Runtime

FUNCTIONS = Path(__file__).parent / "functions"
NAME = "under-test"


@pytest.fixture
def functions():
    """The directory of the functions that tests run."""
    return FUNCTIONS


@pytest.fixture
def start():
    """Makes a runtime with one function, `under-test`; it is closed after the test."""
    with ExitStack() as runtimes:

        def start(handler, *, on_log=None, **options):
            function = Function(**{"name": NAME, "task_root": FUNCTIONS, "timeout": 10, "handler": handler, **options})
            return runtimes.enter_context(Runtime([function], on_log=on_log))

        yield start


@pytest.fixture
def run(start):
    """Invokes a function once, in a runtime of its own."""

    def run(handler, event=None, **options):
        return start(handler, **options).invoke(NAME, event)

    return run


@pytest.fixture
def module(tmp_path):
    """Writes a function's module, and gives the options that make a runtime use it."""

    def module(source):
        (tmp_path / "written.py").write_text(source, encoding="utf-8")
        return {"handler": "written.handler", "task_root": tmp_path}

    return module
