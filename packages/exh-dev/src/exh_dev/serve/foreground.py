"""`exh-dev serve`: the local platform in the foreground until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
import time
import webbrowser
from contextlib import ExitStack, closing
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
"""Seconds after which a thread that computes, such as one that renders a template, lets go of Python's lock. Requests
ask for the lock after each query: with Python's 5 ms, a long template makes each of them ten times as slow."""


def serve(platform: LocalPlatform, data_dir: Path, output: Output, lines: Speaker, *, announce_on_stdout: bool) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        platform: what to serve, not yet started.
        data_dir: where its credentials are.
        output: how to print the line that is announced.
        lines: how to speak, without waiting for who reads it.
        announce_on_stdout: print the one JSON line that programs wait for.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
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
        faults = list(platform.faults.in_force)  # whoever knows the URL may change them
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
            from exh_dev.serve.reload import Reloader  # with all checks: what answers need not wait for them

            resources.enter_context(Reloader(platform, shown, lines.note, lines.warn, since=since))
        memory = FreedMemory()
        while not stop.wait(SIGNALS_WITHIN):
            memory.give_back_now_and_then()
        lines.note("stopping")


def _open(url: str, tell: Callable[[str], None]) -> None:
    if not webbrowser.open(url):
        tell(f"no browser can be opened from here; the address is {url}")


def _schedule(platform: LocalPlatform, project: Project, tell: Callable[[str], None]) -> None:
    try:
        deploy.schedule(platform, project, tell)
    except ManifestError:
        pass  # which the reloader tells
    except DevkitError as error:
        tell(f"nothing is scheduled: {error}")
