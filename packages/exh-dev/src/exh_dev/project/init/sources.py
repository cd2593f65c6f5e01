"""Sources of a new project's files.

They are the files of the repository's root, itself a project, and of `examples/`, so what is tested there is what users
get. The wheel contains them in `template/`; an editable installation reads them in place. Files that only projects have
(a page, a licence, a workflow) are in `files/`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from exh_dev.errors import DevkitError

Target = Literal["exh", "aws", "both"]

#: Files of the root. The wheel build imports this module, so it must not import anything else.
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
        DevkitError: the file is missing from the installation.
    """
    for folder in (_HERE / "template", _ROOT):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise DevkitError(f"exh-dev is installed without {name}, which init needs: install it from its wheel")


def read_own(name: str) -> str:
    """Return the text of a file from `files/`."""
    return (_HERE / "files" / name).read_text(encoding="utf-8")


def examples_folder() -> Path:
    """Return the folder of the examples, which is a project."""
    return next(folder for folder in (_HERE / "template" / "examples", _ROOT / "examples") if folder.is_dir())


def for_target(text: str, target: Target) -> str:
    """Remove the parts for other targets, and the markers around the others.

    A part is delimited by the lines `# aws: begin` and `# aws: end`, in a page by `<!-- aws: begin -->` and its end.
    """
    for other in ("exh", "aws"):
        text = with_part(text, other, is_wanted=target in {other, "both"})
    return text


def with_part(text: str, mark: str, *, is_wanted: bool) -> str:
    """Remove the parts between `# MARK: begin` and `# MARK: end`, or only these marker lines.

    Args:
        text: the file's text.
        mark: `exh` or `aws`, or `examples` for parts that only projects with examples need.
        is_wanted: whether to keep the parts.
    """
    for before, after in _MARKS:
        pattern = _BLOCK.format(open=re.escape(before), close=re.escape(after), target=mark)
        text = re.sub(pattern, r"\1" if is_wanted else "", text, flags=re.DOTALL)
    return text
