"""Build cache keyed by content: compressed files, bytecode, imports of modules.

An SQLite file in the data directory. A damaged file is replaced, an unwritable one is not used. The least recently used
entries are evicted first.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FILE = "built.db"
MOST_BYTES = 96 * 1024 * 1024
_LARGEST = 8 * 1024 * 1024  # bytes of one value; larger ones are worked out each time
_TABLE = """
CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL, sum BLOB NOT NULL, used INTEGER NOT NULL)
WITHOUT ROWID
"""
_PATIENCE = 5.0  # seconds for another build's last write


class Kept:
    """Cached values by kind and input, for the duration of a `with` block."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Use the cache file in `folder`, which must exist, with at most `most_bytes` of values."""
        self._path = folder / FILE
        self._most_bytes = most_bytes
        self._connection: sqlite3.Connection | None = None
        self._new: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()

    def __enter__(self) -> Self:
        """Open the cache; a damaged file is deleted first."""
        try:
            self._open()
        except sqlite3.Error:
            self._close()
            with suppress(OSError, sqlite3.Error):  # without a cache, all is computed again
                self._path.unlink(missing_ok=True)
                self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write new entries, and close the cache."""
        try:
            self._write()
        except sqlite3.Error:  # it may be half written
            self._close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._close()

    def get(self, kind: str, *of: bytes) -> bytes | None:
        """Return a cached value; None if it is missing or damaged."""
        key = _key(kind, of)
        if key in self._new:
            return self._new[key]
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT value, sum FROM kept WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        if row is None or _sum(row[0]) != row[1]:
            return None
        self._used.add(key)
        value: bytes = row[0]
        return value

    def put(self, value: bytes, kind: str, *of: bytes) -> bytes:
        """Keep a value, and return it."""
        if len(value) <= _LARGEST:
            self._new[_key(kind, of)] = value
        return value

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")  # a crash may damage the file, which is then rebuilt
        self._connection.execute(_TABLE)
        self._path.chmod(0o600)

    def _write(self) -> None:
        if self._connection is None:
            return
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        (last,) = execute("SELECT coalesce(max(used), 0) FROM kept").fetchone()
        rows = [(key, value, _sum(value), last + 1) for key, value in self._new.items()]
        self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", rows)
        if rows or last % 16 == 0:  # which were used need not be known more exactly
            self._connection.executemany(
                "UPDATE kept SET used = ? WHERE key = ?", [(last + 1, key) for key in self._used]
            )
        (size,) = execute("SELECT coalesce(sum(length(value)), 0) FROM kept").fetchone() if rows else (0,)
        if size > self._most_bytes:
            for key, length in execute("SELECT key, length(value) FROM kept ORDER BY used, key").fetchall():
                execute("DELETE FROM kept WHERE key = ?", (key,))
                size -= length
                if size <= self._most_bytes:
                    break
        execute("COMMIT")

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _key(kind: str, of: tuple[bytes, ...]) -> bytes:
    digest = hashlib.sha256(kind.encode())
    for each in of:
        digest.update(len(each).to_bytes(8, "big"))
        digest.update(each)
    return digest.digest()


def _sum(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16).digest()
