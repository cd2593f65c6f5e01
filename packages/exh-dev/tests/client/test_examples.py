"""Examples in the client's docstrings run against the local platform."""

import doctest
import importlib
import inspect
import pkgutil
import textwrap

import pytest
from titled_examples import TITLED

import extrahorizon
from exh_dev.testing import LocalPlatform, client_of

#: Examples that need what the local platform lacks: a certain cluster, a function of the reader's, a queue, SideFX.
ELSEWHERE = {
    "extrahorizon.client.ExtraHorizon: With credentials of your own",
    "extrahorizon.services.tasks.api.Api.request: A PDF that a function makes",
    "extrahorizon.queue.send_tasks: A task for each user",
    "extrahorizon.sidefx.service.Service: With an application of your own",
}


def docstrings():
    for found in pkgutil.walk_packages(extrahorizon.__path__, "extrahorizon."):
        module = importlib.import_module(found.name)
        for test in doctest.DocTestFinder().find(module):
            yield module, test.name, inspect.cleandoc(test.docstring or "") + "\n"


EXAMPLES = {
    f"{name}: {title}": (module, textwrap.dedent(code))
    for module, name, docstring in docstrings()
    for title, code in TITLED.findall(docstring)
    if ">>>" not in code
}


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        running.start()
        yield running


@pytest.fixture
def names(platform, monkeypatch, tmp_path):
    """Names that examples use without saying where they come from."""
    known = platform.details()
    for variable, value in platform.environment().items():
        monkeypatch.setenv(variable, value)
    for variable in ("client_id", "client_secret", "token_url", "api_url"):
        monkeypatch.setenv(f"SIDEFX_{variable.upper()}", known[f"sidefx_{variable}"])
    monkeypatch.chdir(tmp_path)
    with client_of(platform.environment()) as exh:
        yield {
            **known,
            "exh": exh,
            "client_id": known["oauth2_client_id"],
            "client_secret": known["oauth2_client_secret"],
            "cookie": "session=57f3",
        }


@pytest.mark.parametrize("title", sorted(EXAMPLES.keys() - ELSEWHERE))
def test_an_example_runs(title, names, capsys):
    module, code = EXAMPLES[title]
    name = title.partition(":")[0].removeprefix(f"{module.__name__}.").partition(".")[0]
    documented = {name: getattr(module, name)} if hasattr(module, name) else {}
    exec(compile(code, title, "exec"), documented | names)  # noqa: S102 - the example of a docstring
    assert bool(capsys.readouterr().out) == ("print(" in code)


def test_what_runs_elsewhere_is_an_example():
    assert EXAMPLES.keys() >= ELSEWHERE
    assert len(EXAMPLES) > 2 * len(ELSEWHERE)
