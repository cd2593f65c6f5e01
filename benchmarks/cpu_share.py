"""A part of a processor, as Lambda gives a function by its memory: 1,769 MB are one, 256 MB a seventh."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE = 1_769  # MB of memory that come with one processor: AWS, "Configure Lambda function memory"
_PERIOD = 20_000  # microseconds, as AWS's hypervisor has it
_V1, _V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


@contextmanager
def cpu_share(memory: int) -> Iterator[Path | None]:
    """Make a group of processes that has the processor of a function with so much memory while the block lasts.

    Args:
        memory: megabytes.

    Yields:
        Return the file to which a process writes its id to join the group; None if the machine allows no such group.
    """
    quota = _PERIOD * memory // WHOLE
    first = (_V1, {"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": str(quota)})
    second = (_V2, {"cpu.max": f"{quota} {_PERIOD}"})
    above, settings = first if _V1.is_dir() else second
    group = above / f"exh-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        for name, value in settings.items():
            (group / name).write_text(value)
        yield group / "cgroup.procs"
    except FileNotFoundError:  # the group has no quotas
        yield None
    finally:
        group.rmdir()
