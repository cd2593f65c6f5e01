"""A terminal of 80 columns and 24 rows with a shell in it, used as by a person in front of it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from contextlib import suppress

import pyte

COLUMNS, ROWS = 80, 24
PROMPT = "$ "
#: The shell reports the end and exit code of a command in the invisible window title.
_DONE = 'printf "\\033]2;done %s\\007" "$?"'


class _Screen(pyte.HistoryScreen):
    """What is on the screen and what was scrolled off it, and the exit codes of all commands so far."""

    def __init__(self):
        super().__init__(COLUMNS, ROWS, history=10_000)
        self.codes = []

    def set_title(self, param):
        word, _, code = param.partition(" ")
        if word == "done":
            self.codes.append(int(code))

    @property
    def line(self):
        """The number of the cursor's line, from the beginning of everything."""
        return len(self.history.top) + self.cursor.y

    def text(self, first):
        """The lines from this number on."""
        gone = ["".join(line[column].data for column in range(COLUMNS)) for line in self.history.top]
        return [line.rstrip() for line in [*gone, *self.display]][first:]


class Terminal:
    """A shell of its own; a context manager that ends it."""

    def __init__(self, folder, environment):
        """Start a shell in a folder with these variables."""
        self._screen = _Screen()
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # pyte is a Linux console; a shell that pastes in brackets would show them.
        shell = {"TERM": "linux", "PS1": PROMPT, "PROMPT_COMMAND": _DONE, "INPUTRC": "/dev/null"}
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-i"],
            cwd=folder,
            env={**environment, **shell},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread runs yet
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._until(lambda: self._screen.codes, 10)
        self.run("bind 'set enable-bracketed-paste off'; clear")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGHUP)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._reader.join(10)
        os.close(self._master)

    def run(self, command, *answers, seconds=120):
        """Type a command, and answers when it asks, and wait for its end.

        Returns:
            Its exit code, and the lines from the one where it was typed.
        """
        with self._lock:
            first, before = self._screen.line, len(self._screen.codes)
        for line in command.splitlines():
            self.type(f"{line}\n")
        for asked, answer in answers:
            self.until(asked, seconds=seconds)
            self.type(f"{answer}\n")
        # Of a script, the shell says of every command that it is over.
        self._until(lambda: len(self._screen.codes) > before and self._is_waiting(), seconds)
        with self._lock:
            return max(self._screen.codes[before:]), self._screen.text(first)[: self._screen.line - first]

    def until(self, words, *, seconds=30, first=0):
        """Wait until these words are on the screen, and return the lines from `first` on."""
        self._until(lambda: words in "".join(self._screen.text(first)), seconds)
        with self._lock:
            return [line for line in self._screen.text(first) if line]

    def type(self, text):
        """Press keys."""
        left = text.encode()
        while left:
            left = left[os.write(self._master, left) :]

    def _is_waiting(self):
        line = self._screen.display[self._screen.cursor.y]
        return line.rstrip() == PROMPT.rstrip() and self._screen.cursor.x == len(PROMPT)

    def _until(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                if condition():
                    return
                shown = "\n".join(self._screen.text(0)[-60:])
            assert time.monotonic() < deadline, f"not within {seconds} s; the screen:\n{shown}"
            select.select([], [], [], 0.02)

    def _read(self):
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the shell has ended
                return
            if not data:
                return
            with self._lock:
                self._stream.feed(data)
