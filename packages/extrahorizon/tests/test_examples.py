"""Examples in docstrings run; those that call a platform compile here, and run in the toolkit's tests."""

import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap

import pytest

import extrahorizon

MODULES = [module.name for module in pkgutil.walk_packages(extrahorizon.__path__, "extrahorizon.")]
#: A bold title, and below it the lines of the example.
TITLED = re.compile(r"^\*\*.+\*\*\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)


class Context:
    """The context that Lambda passes, as far as examples need it."""

    aws_request_id = "6f7a3c1e-0d7b-4a36-9f0d-2f2f2f2f2f2f"
    function_name = "example"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:example"

    def get_remaining_time_in_millis(self):
        return 3000


def examples():
    finder = doctest.DocTestFinder()
    found = (test for name in MODULES for test in finder.find(importlib.import_module(name)))
    return [test for test in found if test.docstring and "**" in test.docstring]


EXAMPLES = examples()


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.examples], ids=lambda each: each.name)
def test_an_example_prints_what_it_says(example):
    report = []
    documented = example.name.removeprefix(f"{example.globs['__name__']}.").partition(".")[0]
    own = {name: value for name, value in example.globs.items() if name == documented}
    example.globs = own | {"context": Context()}
    doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if not each.examples], ids=lambda each: each.name)
def test_an_example_of_calls_is_python(example):
    code = TITLED.findall(inspect.cleandoc(example.docstring) + "\n")
    assert len(code) == example.docstring.count("**\n")
    for each in code:
        compile(textwrap.dedent(each), example.name, "exec")


ENTRY_POINTS = """
    ExtraHorizon ExtraHorizon.oauth1_session ExtraHorizon.with_options ExtraHorizon.fan_out RQL Task task_handler
    api.ApiFunction api_request.ApiError api_request.ApiRequest
    batch.event_of queue.send_tasks queue.work
    credentials.CredentialChain credentials.Credentials credentials.parse_credentials settings.Settings
    errors.PlatformError fan_out.fan_out log.RedactingFilter log.add_to_invocation
    login.OAuth1Application login.OAuth2Authentication login.ProxyAuthentication login.generate_sso_token login.pkce
    paging.Page session.PlatformSession
    sidefx sidefx.File sidefx.Service sidefx.download_build sidefx.newest_first
    transport.Headers transport.RequestInfo transport.Response transport.Transport
"""


@pytest.mark.parametrize("name", ENTRY_POINTS.split())
def test_an_entry_point_has_an_example(name):
    assert TITLED.search(inspect.getdoc(pkgutil.resolve_name(f"extrahorizon.{name}")) + "\n")
