"""Unusual code that runs: `exh-dev check` says nothing about it, for `build` refuses what is an error here."""

import pytest

ANSWER = "handlers/answer.py"
PLAIN = "def handler(event, context):\n    return {}\n"
OWN_DECORATOR = """\
import asyncio
import functools

from extrahorizon import task_handler as theirs


def task_handler(function):
    @theirs
    def handler(task, exh):
        return function(task, exh, "db")

    return handler


def run_async(function):
    return functools.wraps(function)(lambda event, context: asyncio.run(function(event)))
"""
UNUSUAL = {
    "a decorator of the project's own with the same name": {
        "shared/mine.py": OWN_DECORATOR,
        ANSWER: "from shared.mine import task_handler\n\n\n@task_handler\ndef handler(task, exh, db):\n    return {}\n",
    },
    "one that is defined in the handler's module": {
        ANSWER: f"{OWN_DECORATOR}\n\n@task_handler\ndef handler(task, exh, db):\n    return {{}}\n",
    },
    "a coroutine behind a decorator that runs it": {
        "shared/mine.py": OWN_DECORATOR,
        ANSWER: "from shared.mine import run_async\n\n\n@run_async\nasync def handler(event):\n    return {}\n",
    },
    "an import for an older Python": {
        ANSWER: "import sys\n\nif sys.version_info < (3, 11):\n    import tomli\nelse:\n    import tomllib\n" + PLAIN,
    },
    "an import for another system": {ANSWER: 'import sys\n\nif sys.platform == "win32":\n    import winloop\n' + PLAIN},
    "an import of what may be there": {
        ANSWER: "from importlib.util import find_spec\n\nif find_spec('uvloop'):\n    import uvloop\n" + PLAIN,
    },
    "an import for a debugger": {ANSWER: 'import os\n\nif os.environ.get("LOCAL"):\n    import debugpy\n' + PLAIN},
    "an import unless types are checked": {
        ANSWER: "import typing\n\nif not typing.TYPE_CHECKING:\n    X = 1\nelse:\n    import stubs\n" + PLAIN,
    },
    "an import after one that may be missing": {
        ANSWER: "try:\n    import ujson\nexcept ImportError:\n    ujson = None\nelse:\n    import ujson_more\n" + PLAIN,
    },
    "a name that is set by global": {
        "shared/late.py": "def load():\n    global CLIENT\n    CLIENT = 1\n\n\nload()\n",
        ANSWER: f"from shared.late import CLIENT\n\n\n{PLAIN}",
    },
    "a name that a match captures": {
        "shared/late.py": "match 5:\n    case NUMBER:\n        pass\n",
        ANSWER: f"from shared.late import NUMBER\n\n\n{PLAIN}",
    },
    "a handler among names that are only known when it runs": {
        ANSWER: "def handle(event, context):\n    return {}\n\n\nglobals().update(handler=handle)\n",
    },
    "a handler that the module's __getattr__ gives": {
        ANSWER: "def __getattr__(name):\n    return lambda event, context: {}\n",
    },
    "a module that changes itself": {
        "shared/late.py": "import sys\n\nsys.modules[__name__].ANYTHING = 1\n",
        ANSWER: f"from shared.late import ANYTHING\n\n\n{PLAIN}",
    },
    "a handler that a match chooses": {
        ANSWER: "def handler(event):\n    return 1\n\n\nmatch 1:\n    case _:\n"
        "        def handler(event, context):\n            return {}\n",
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("files", UNUSUAL.values(), ids=list(UNUSUAL))
def test_correct_projects_have_no_problem(project, files):
    for name, text in files.items():
        project.write(name, text)
    assert project.check() == (0, [])


@pytest.mark.slow
def test_a_folder_without_modules_is_not_a_package_of_the_project(project):
    """Python takes a package of the name before it: events/ and templates/ are there in every project."""
    project.write(ANSWER, f"import templates.core\nfrom events import Events\n\n\n{PLAIN}")
    _, problems = project.check()
    assert not any("there is no such module" in each["message"] for each in problems), problems
