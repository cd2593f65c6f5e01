"""The data directory of a local platform: its database and credentials.

Only its owner can read it. A running platform holds a lock, so that a second one cannot start on the same directory;
the system releases it after a crash.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.project.project import DATA_DIR
from extrahorizon.settings import HOST, OAUTH_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_FOLDERS = {"files", "code"}
_DATABASE = "platform.db"
_OWN = {*_FOLDERS, _DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", "credentials", "running.json", "lock"}
_LOCK_ATTEMPTS = 20
_LOCK_PAUSE = 0.05  # seconds


class DataDir:
    """`.exh-dev/`, or the folder that `--data-dir` names."""

    def __init__(self, path: Path) -> None:
        """Use `path` without creating it."""
        self.path = path
        self.database = path / _DATABASE
        self.credentials_file = path / "credentials"
        self._details_file = path / "running.json"
        self._lock_file = path / "lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the directory and hold it for one platform.

        Raises:
            DevkitError: a platform runs on it already, or it cannot be created.
        """
        with _os_errors_as_devkit_errors(self.path):
            try:
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            except FileNotFoundError as error:  # as below /proc, where folders cannot be created
                raise DevkitError(f"{self.path} cannot be used as a data directory: it cannot be created") from error
            self._close_to_others()
            lock = self._lock_file.open("w")
        with lock:
            for attempt in range(_LOCK_ATTEMPTS):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    # `running()` holds it for an instant too.
                    if attempt == _LOCK_ATTEMPTS - 1:
                        message = (
                            f"a platform runs on {self.path} already: stop it with Ctrl-C where it was started, or use "
                            "another --data-dir and --port"
                        )
                        raise DevkitError(message) from None
                    time.sleep(_LOCK_PAUSE)
            yield

    @contextmanager
    def announced(self, details: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[None]:
        """Say for as long as the block runs how the platform is reached: `details` for `running()`, `environment`
        as a credentials file in the official CLI's format.
        """
        with _os_errors_as_devkit_errors(self.path):
            write_private(self._details_file, json.dumps(dict(details)))
            write_private(self.credentials_file, "".join(f"{name}={value}\n" for name, value in environment.items()))
        try:
            yield
        finally:
            self._details_file.unlink(missing_ok=True)
            self.credentials_file.unlink(missing_ok=True)

    def running(self) -> dict[str, Any]:
        """Return the details of the platform that runs on this directory.

        Raises:
            DevkitError: none does.
        """
        try:
            with _os_errors_as_devkit_errors(self.path), self._lock_file.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # the platform holds it
            return self._details()
        except FileNotFoundError:  # never started here
            pass
        raise DevkitError(f"no platform runs on {self.path}; start one with `exh-dev serve`")

    def environment(self) -> dict[str, str]:
        """Return the five `API_*` variables for the platform that runs on this directory.

        Raises:
            DevkitError: none does.
        """
        known = self.running()
        names = ("host", "consumer_key", "consumer_secret", "token", "token_secret")
        return dict(zip((HOST, *OAUTH_NAMES), (known[name] for name in names), strict=True))

    def _close_to_others(self) -> None:
        """Remove other users' access to an existing directory.

        A project's own folder, which contains other files, keeps its mode.
        """
        names = {each.name for each in self.path.iterdir()}
        if names <= _OWN or self.path.name == DATA_DIR:
            self.path.chmod(0o700)
        for name in names & _FOLDERS:
            (self.path / name).chmod(0o700)

    def _details(self) -> dict[str, Any]:
        try:
            details: dict[str, Any] = json.loads(self._details_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DevkitError(f"the platform on {self.path} is starting or stopping; try again") from None
        return details


@contextmanager
def _os_errors_as_devkit_errors(path: Path) -> Iterator[None]:
    """Say in one message why a data directory cannot be used."""
    try:
        yield
    except (BlockingIOError, FileNotFoundError):
        raise  # the caller interprets these
    except OSError as error:
        raise DevkitError(f"{path} cannot be used as a data directory: {(error.strerror or '').lower()}") from error


def write_private(path: Path, text: str) -> None:
    """Write so that no other user, and no reader half-way, ever sees part of it."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
