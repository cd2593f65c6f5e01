"""`exh-dev serve` as a child process, with a copy of the project beside this module."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials

#: The command line of exh-dev, with a handler of SIGUSR1 that writes the stack of each thread to a file.
_COMMAND = """
import signal, sys, traceback
file = open(sys.argv.pop(1), "a")
def show(*_):
    # Not faulthandler: it reads the frames of running threads, and crashed the process within the hour.
    for thread, frame in sys._current_frames().items():
        print("Thread", thread, file=file)
        traceback.print_stack(frame, file=file)
    file.flush()
signal.signal(signal.SIGUSR1, show)
from exh_dev.__main__ import main
sys.exit(main())
"""
PROJECT = Path(__file__).parent / "project"
_PATIENCE = 30  # seconds for a process to end


class Served:
    """A server that can be killed and restarted with the same data directory.

    Attributes:
        folder: the served project.
        data: the data directory.
        errors: file with the stderr of all processes that were started.
        stacks: file with the stacks of all threads, from each time that a client waited for long.
        tracebacks: number of tracebacks on stderr.
    """

    def __init__(self, folder: Path) -> None:
        """Copy the project into `folder`; `start()` starts the server."""
        self.folder = folder / "project"
        shutil.copytree(PROJECT, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.data = self.folder / ".exh-dev"
        self.errors = folder / "stderr.txt"
        self.stacks = folder / "stacks.txt"
        self.tracebacks = 0

    def start(self) -> None:
        """Start the server, and wait until it answers. It keeps few runs, so that the test reaches that limit."""
        options = ["--port", "0", "--data-dir", str(self.data), "--keep-runs", "300", "--keep-runs-mb", "8"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, str(self.stacks), "serve", "--json", *options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert self._process.stdout
        assert self._process.stderr
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        self.url: str = json.loads(self._process.stdout.readline())["url"]
        self.port = int(self.url.rpartition(":")[2])
        self.process = psutil.Process(self._process.pid)
        command = [sys.executable, "-m", "exh_dev", "credentials", "--data-dir", str(self.data), "--format", "json"]
        self.details: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def _listen(self, stream: IO[str]) -> None:
        with stream, self.errors.open("a", encoding="utf-8") as file:
            for line in stream:
                self.tracebacks += "Traceback (most recent call last)" in line
                file.write(line)
                file.flush()

    def client(self) -> ExtraHorizon:
        """Return a client with the credentials of the platform's first user."""
        names = ("host", "consumer_key", "consumer_secret", "token", "token_secret")
        return ExtraHorizon(Credentials(*(self.details[name] for name in names)))

    def workers(self, function: str) -> list[psutil.Process]:
        """Return the processes that run a function."""
        found = []
        for process in self.process.children():
            with suppress(psutil.Error):  # the process has just ended
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function:
                    found.append(process)
        return found

    def note_stacks(self) -> None:
        """Make the server write the stacks of its threads."""
        with self.stacks.open("a", encoding="utf-8") as file:
            file.write(f"\n{time.strftime('%H:%M:%S')}, processors {psutil.cpu_percent():g} % busy\n")
        with suppress(psutil.NoSuchProcess):
            self.process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        """Kill the server and its workers at once, as a power cut would."""
        children = self.process.children(recursive=True)
        for each in (self.process, *children):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._ended()

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self._process.terminate()
        return self._ended()

    def _ended(self) -> int:
        """Wait until the server and what it wrote to stderr have ended; return its exit code."""
        code = self._process.wait(_PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()
        self._listener.join(_PATIENCE)
        return code

    def size(self) -> int:
        """Return the size of the data directory in bytes."""
        total = 0
        for path in self.data.rglob("*"):
            with suppress(OSError):  # the file was just deleted
                total += path.stat().st_size
        return total
