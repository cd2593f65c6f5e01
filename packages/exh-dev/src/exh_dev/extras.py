"""The optional parts of the toolkit: `exh-dev[aws]`, `exh-dev[pdf]` and `exh-dev[debug]`."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterator

Extra = Literal["aws", "pdf", "debug"]


def how_to_install(what: str, extra: Extra) -> str:
    """Return a sentence that names the extra that `what` needs, the command that installs it, and how to keep it."""
    return (
        f"{what} needs exh-dev[{extra}]: pip install 'exh-dev[{extra}]' (to keep it: write exh-dev[{extra}] in "
        "pyproject.toml, then `make lock UPGRADE=`)"
    )


def has_aws() -> bool:
    """Return whether the packages of `exh-dev[aws]` are installed. A project has moto without its server for tests."""
    return find_spec("moto") is not None and find_spec("flask_cors") is not None


@contextmanager
def needs_extra(what: str, extra: Extra) -> Iterator[None]:
    """Import an extra's packages in this block.

    Raises:
        DevkitError: the extra is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise DevkitError(f"{how_to_install(what, extra)} ({error})") from error
