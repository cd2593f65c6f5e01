"""`exh-dev serve` at a terminal: what it says at its start, and the key that opens the browser."""

import os
import pty
import signal
import subprocess
import sys
import termios
from contextlib import suppress

import pytest
from folder_projects import GREETING, MANIFEST, SCHEMA, write
from waiting import wait_for

from exh_dev.project.configuration.configuration import Configuration, read_configuration
from exh_dev.project.project import Project
from exh_dev.serve.start_lines import lines_of_start


@pytest.fixture
def project(tmp_path):
    return Project(write(tmp_path / "clinic", {"schemas/pulse.json": SCHEMA}, GREETING))


def test_serve_names_what_it_serves_in_one_line(project):
    configuration = read_configuration(project)
    assert list(lines_of_start(project, configuration, {"hello-world"})) == [
        "Serving clinic: 1 function (hello-world), 1 schema"
    ]
    assert list(lines_of_start(project, configuration, set())) == [
        "Serving clinic: 0 functions, 1 schema",
        "Not served until it is mended: hello-world",
    ]


def test_functions_for_aws_alone_are_counted_and_many_names_cut(tmp_path):
    functions = MANIFEST.partition("Resources:\n")
    text = functions[0] + functions[1]
    for number in range(10):
        text += functions[2].replace("Analyze", f"Analyze{number}").replace("name: analyze", f"name: a-{number}")
    text += functions[2].replace("name: analyze", "name: queued").replace("targets: [exh]", "targets: [aws]")
    project = Project(write(tmp_path / "clinic", {"template.yaml": text}, GREETING))
    (line,) = lines_of_start(project, Configuration(), {f"a-{number}" for number in range(10)})
    named = ", ".join(f"a-{number}" for number in range(8))
    assert line == f"Serving clinic: 10 functions ({named} …), 1 for AWS alone (queued)"


def test_a_manifest_that_cannot_be_read_serves_nothing(project):
    (project.root / "template.yaml").write_text("Resources: [")
    assert list(lines_of_start(Project(project.root), None, ())) == ["Serving clinic: 0 functions"]


#: Makes the terminal that it has that of its session, and becomes a command.
AT_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def terminal():
    """Start a command at a terminal of its own: what it printed so far, and a way to type."""
    began = []

    def start(*command, cwd, env):
        main, other = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", AT_ITS_TERMINAL, *command],
            cwd=cwd, env={**os.environ, **env}, stdin=other, stdout=other, stderr=other, start_new_session=True,
        )  # fmt: skip
        began.append((process, main, other))
        return process, main, other

    yield start
    for process, main, other in began:
        process.kill()
        process.wait()
        os.close(main)
        os.close(other)


class Screen:
    def __init__(self, main):
        self._main, self._text = main, ""
        os.set_blocking(main, False)

    def shows(self, words):
        def look():
            with suppress(BlockingIOError, OSError):
                self._text += os.read(self._main, 65536).decode()
            return words in self._text.replace("\r\n", " ")

        return wait_for(look)


@pytest.mark.slow
def test_a_key_opens_the_browser_and_ctrl_c_leaves_the_terminal_as_it_was(project, terminal, tmp_path):
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    process, main, other = terminal(
        sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--ephemeral",
        cwd=project.root, env={"BROWSER": str(browser), "COLUMNS": "200"},
    )  # fmt: skip
    before = termios.tcgetattr(other)
    screen = Screen(main)
    screen.shows("Serving clinic: 1 function (hello-world)")
    screen.shows("o opens it, Ctrl-C stops the platform")
    os.write(main, b"xo")
    assert "/_dev/" in wait_for(lambda: opened.exists() and opened.read_text())
    os.write(main, b"\x03")  # Ctrl-C
    screen.shows("stopping")
    assert process.wait(10) == 0
    assert termios.tcgetattr(other)[3] == before[3]


@pytest.mark.slow
def test_in_the_background_no_key_is_read(project, tmp_path):
    """A process there that reads its terminal would be stopped."""
    with subprocess.Popen(
        [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--ephemeral", "--table"],
        cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for line in process.stderr:
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert "o opens it" not in line
    assert process.returncode == 0


EVERY_LINE = """
import os, signal, sys
from exh_dev.serve import foreground

waits = {"threading", "queue", foreground.__name__}
lines = 0

def count(frame, event, _):
    global lines
    if frame.f_globals.get("__name__") not in waits:
        return None
    if event == "line":
        lines += 1
        if lines == at:
            os.kill(os.getpid(), signal.SIGTERM)
    return count

foreground.SIGNALS_WITHIN = 0.05
for at in range(1, 100):
    stop, lines = foreground._stop_signals(), 0
    sys.settrace(count)
    has_come = foreground._has_come(stop)
    sys.settrace(None)
    if lines < at:
        break
    assert has_come or foreground._has_come(stop)
print(at)
"""


@pytest.mark.slow
def test_a_signal_at_any_line_of_the_wait_stops_it():
    """Its handler runs on the waiting thread, between any two lines: it must not need a lock that this thread has."""
    done = subprocess.run(
        [sys.executable, "-c", EVERY_LINE], capture_output=True, text=True, check=False, timeout=30, process_group=0
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 1
