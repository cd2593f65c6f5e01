"""Where a path that a page names lies: `extrahorizon/task.py` is short for the package's source."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {"extrahorizon": "packages/extrahorizon/src", "exh_dev": "packages/exh-dev/src"}


def place_of(name):
    return ROOT / SOURCES.get(name.partition("/")[0], "") / name
