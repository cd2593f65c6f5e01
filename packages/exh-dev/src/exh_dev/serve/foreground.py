"""`exh-dev serve`: the local platform in the foreground, until a signal stops it."""

from __future__ import annotations

import signal
import sys
import time
import webbrowser
from contextlib import ExitStack, closing
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from exh_dev.control_center.page import PATH
from exh_dev.errors import DevkitError, ManifestError
from exh_dev.project.project import Project
from exh_dev.runtime.worker import SIGNALS_WITHIN
from exh_dev.serve import deploy, kept_runs, outranking
from exh_dev.serve.datadir import DataDir
from exh_dev.serve.keys import listening
from exh_dev.serve.memory import FreedMemory
from exh_dev.serve.project import ServedProject
from exh_dev.serve.run_lines import line_of
from exh_dev.serve.start_lines import lines_of_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exh_dev.output import Output, Speaker
    from exh_dev.serve.local_platform import LocalPlatform


_SWITCH_INTERVAL = 0.001
"""Seconds after which a computing thread, such as one that renders a template, releases the GIL. A request acquires the
GIL again after each query: with Python's default of 5 ms, a long template makes each request ten times as slow."""


def serve(platform: LocalPlatform, data_dir: Path, output: Output, lines: Speaker, *, announce_on_stdout: bool) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        platform: the platform to serve, not yet started.
        data_dir: its data directory, with the credentials file.
        output: prints the announcement on stdout.
        lines: prints messages on stderr, without blocking when no process reads them.
        announce_on_stdout: print the JSON line with the URL that programs wait for.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    stop = _stop_signals()
    since = time.time_ns()
    project = Project.find_if_any()
    with ExitStack() as resources:
        shown = resources.enter_context(closing(ServedProject(platform, project))) if project else None
        configuration = deploy.start(platform, project, lines.warn, shown, in_part=True)
        if project and shown:
            shown.loaded(configuration)
            for name in outranking.hidden_functions(project, platform.uploaded()):
                lines.warn(outranking.about_function(name))
            for note in project.runtime_notes():
                lines.note(note)
            _schedule(platform, project, lines.note)
            for line in lines_of_start(project, configuration, platform.own()):
                lines.note(line)
        platform.adopt_runs(kept_runs.kept(data_dir))
        faults = list(platform.faults.in_force)  # a copy, since a client may change them from now on
        credentials_file = str(DataDir(data_dir).credentials_file)
        dashboard = f"{platform.url}{PATH}"
        if announce_on_stdout:
            output.result({"url": platform.url, "credentials_file": credentials_file, "dashboard": dashboard})
        else:
            lines.note(f"Local Extra Horizon on {platform.url} (only this machine can reach it)")
            lines.note(f"Credentials in {credentials_file}; `exh-dev credentials` prints them")
            can_open = resources.enter_context(listening({"o": lambda: _open(dashboard, lines.note)}))
            lines.note(f"Control center: {dashboard} ({'o opens it, ' if can_open else ''}Ctrl-C stops the platform)")
        for each in faults:
            lines.note(f"fault in force: {each.rule.text}")
        platform.watch_runs(lambda run: lines.note(line_of(run), run=run["id"], function=run["function"]))
        if shown:
            from exh_dev.serve.reload import Reloader  # late: it imports all checks, and the platform answers already

            resources.enter_context(Reloader(platform, shown, lines.note, lines.warn, since=since))
        memory = FreedMemory()
        while not _has_come(stop):
            memory.give_back_now_and_then()
        lines.note("stopping")


def _stop_signals() -> SimpleQueue[int]:
    """Return a queue that gets the number of each signal to stop, in place of what the signal does otherwise.

    An event or a flag under a lock would not do: a signal's handler runs on the thread that waits, and blocks forever
    when that thread holds the lock. `SimpleQueue.put` may be called at any time.
    """
    stop: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: stop.put(number))
    return stop


def _has_come(stop: SimpleQueue[int]) -> bool:
    """Wait for a signal to stop, for at most SIGNALS_WITHIN seconds, and return whether there was one."""
    try:
        stop.get(timeout=SIGNALS_WITHIN)
    except Empty:
        return False
    return True


def _open(url: str, note: Callable[[str], None]) -> None:
    if not webbrowser.open(url):
        note(f"no browser can be opened from here; the address is {url}")


def _schedule(platform: LocalPlatform, project: Project, note: Callable[[str], None]) -> None:
    try:
        deploy.schedule(platform, project, note)
    except ManifestError:
        pass  # the reloader reports it
    except DevkitError as error:
        note(f"nothing is scheduled: {error}")
