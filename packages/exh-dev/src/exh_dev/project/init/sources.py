"""Where the files of a new project come from.

They are those of the repository's root, which is a project itself, and of its `examples/`: what is tried there is what
a project gets. A wheel carries them in `template/`; an installation from the source reads them where they are. A page,
a licence and a workflow that are a project's alone lie in `files/`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from exh_dev.errors import DevkitError

Target = Literal["exh", "aws", "both"]

#: The files of the root. This module is imported when the wheel is built, so that it needs nothing but these names.
FILES = (
    ".gitignore",
    "CHANGELOG.md",
    "Makefile",
    "events/hello-world.json",
    "events/hello-world.no-data.json",
    "events/whoami.json",
    "handlers/__init__.py",
    "handlers/hello_world.py",
    "handlers/whoami.py",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements-run.txt",
    "requirements-sam.txt",
    "requirements-setup.txt",
    "requirements.txt",
    "shared/__init__.py",
    "shared/session.py",
    "template.yaml",
    "tests/test_hello_world.py",
    "tests/test_whoami.py",
)
TO_AWS = ".github/workflows/deploy-aws.yml"
#: What a wheel has of `examples/`.
OF_EXAMPLES = (
    TO_AWS, "aws", "dispatchers.json", "events", "handlers", "localizations", "requirements-run.txt", "schemas",
    "template.yaml", "templates",
)  # fmt: skip
_BLOCK = r"[ \t]*{open}{target}: begin{close}\n(.*?)[ \t]*{open}{target}: end{close}\n"
_MARKS = (("# ", ""), ("<!-- ", " -->"))
_HERE = Path(__file__).parent
_ROOT = Path(__file__).parents[6]


def read_template(name: str) -> str:
    """Return the text of a file of the template.

    Raises:
        DevkitError: it is not there: exh-dev was installed in a way that leaves it out.
    """
    for folder in (_HERE / "template", _ROOT):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise DevkitError(f"exh-dev is installed without {name}, which init needs: install it from its wheel")


def read_own(name: str) -> str:
    """Return the text of a file that only projects have."""
    return (_HERE / "files" / name).read_text(encoding="utf-8")


def examples_folder() -> Path:
    """Return the folder of the examples, which is a project."""
    return next(folder for folder in (_HERE / "template" / "examples", _ROOT / "examples") if folder.is_dir())


def for_target(text: str, target: Target) -> str:
    """Leave out of a text what is for another target, and the marks around what is for this one.

    A part lies between lines `# aws: begin` and `# aws: end`; in a page, between `<!-- aws: begin -->` and its end.
    """
    for other in ("exh", "aws"):
        text = with_part(text, other, is_wanted=target in {other, "both"})
    return text


def with_part(text: str, mark: str, *, is_wanted: bool) -> str:
    """Leave the parts between the lines `# MARK: begin` and `# MARK: end` out of a text, or only these lines.

    Args:
        text: of a file.
        mark: `exh` or `aws`, or `examples` for what only a project that begins with examples needs.
        is_wanted: whether the parts stay.
    """
    for before, after in _MARKS:
        pattern = _BLOCK.format(open=re.escape(before), close=re.escape(after), target=mark)
        text = re.sub(pattern, r"\1" if is_wanted else "", text, flags=re.DOTALL)
    return text
