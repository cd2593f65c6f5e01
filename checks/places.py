"""Where a path that a page names lies: `extrahorizon/task.py` is short for the package's source."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {"extrahorizon": "packages/extrahorizon/src", "exh_dev": "packages/exh-dev/src"}

#: How a path of the code begins, as pages write it.
ROOMS = "extrahorizon|exh_dev|examples|checks|shared|handlers|tests|packages"


def place_of(name):
    return ROOT / SOURCES.get(name.partition("/")[0], "") / name


MAKEFILES = "".join((ROOT / name).read_text() for name in ("Makefile", "GNUmakefile"))
"""The targets of a project, and those of this repository besides."""
