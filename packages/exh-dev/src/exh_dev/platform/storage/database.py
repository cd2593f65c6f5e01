"""The SQLite database below the store: how it is opened, which tables it has, and which files are its own."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError
from exh_dev.platform.storage import members
from exh_dev.platform.storage.lists import add_functions
from exh_dev.platform.storage.sql import quoted
from exh_dev.platform.storage.time_limit import STEPS
from extrahorizon import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.platform.storage.time_limit import TimeLimit

#: The members that documents are looked up by, besides their id: (collection, member). Each has an index.
_LOOKUPS = (
    ("application_versions", "clientId"),
    ("application_versions", "consumerKey"),
    ("mfa_tokens", "token"),
    ("oauth1_tokens", "token"),
    ("oauth1_tokens", "userId"),
    ("oauth2_access_tokens", "accessToken"),
    ("oauth2_authorizations", "authorizationCode"),
    ("oauth2_refresh_tokens", "refreshToken"),
    ("schemas", "name"),
    ("sso_tokens", "ssoToken"),
    ("users", "email"),
)

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
-- Counts read this one, and not every body.
CREATE INDEX IF NOT EXISTS documents_ids ON documents (collection, id);
""" + "".join(
    f"CREATE INDEX IF NOT EXISTS {collection}_{member} ON documents (json_extract(body, '$.{member}'))"
    f" WHERE collection = '{collection}';\n"
    for collection, member in _LOOKUPS
)
# The collection is literal SQL, not a parameter, or SQLite would not use the index.
LOOKUP_QUERIES = {
    (collection, member): "SELECT body FROM documents"
    f" WHERE collection = '{collection}' AND json_extract(body, '$.{member}') = ?"
    for collection, member in _LOOKUPS
}


#: What a file is written as. It grows with each change that an earlier `exh-dev`, or a later one, cannot read.
FORMAT = 1
#: The format comes before the tables: a file that a crash left half made is taken for what it is.
#: NORMAL: a commit is in the file before it is acknowledged, and no end of the process loses it. What a power failure
#: may lose is the last commits, for which a disk is not waited: that would take longer than all else in a request.
#: The log grows to 8 MB before it is brought into the file, which the disk is waited for.
_SETTINGS = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 2000;
PRAGMA user_version = {FORMAT};
"""
_ABOUT = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"


class DataFormatError(DevkitError):
    """A file was written by an `exh-dev` whose files this one does not read."""


def opened(path: Path | None, limit: TimeLimit, *, cached_statements: int = 128) -> sqlite3.Connection:
    """Return a connection to a file, or to a database in memory, whose queries keep to a limit.

    Args:
        path: the file; it is made where there is none.
        limit: the limit of the caller's queries.
        cached_statements: how many statements Python keeps with the values that were bound to them last.
    """
    connection = sqlite3.connect(
        path or ":memory:",
        check_same_thread=False,  # one thread opens a store and another serves from it, never both at a time
        isolation_level=None,
        cached_statements=cached_statements,
    )
    add_functions(connection)
    connection.set_progress_handler(limit.is_over, STEPS)
    return connection


def prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    """Migrate a database to the format that this version reads and writes.

    Raises:
        DataFormatError: another `exh-dev` wrote the file, as something that this one does not read.
    """
    _check_format(connection, path)
    connection.executescript(_SETTINGS)
    _make_tables(connection)
    connection.execute("INSERT OR REPLACE INTO about VALUES ('version', ?)", (__version__,))


@contextmanager
def unusable_as_devkit_error(path: Path | None) -> Iterator[None]:
    """Raise a `DevkitError` that says what to do where the block finds that a file cannot be used."""
    try:
        yield
    except (sqlite3.Error, json.JSONDecodeError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DevkitError(
            f"{path} cannot be used as the platform's database ({reason}); {_way_out(error)}, or use another --data-dir"
        ) from error


def _make_tables(connection: sqlite3.Connection) -> None:
    """Create missing tables and indexes, and migrate those of an earlier version, in one transaction."""
    made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    fill = members.FILL if "documents" in made and "document_links" not in made else ""
    # Indexes of schemas began with the member once: sorted by it, they had documents of one value in no order.
    earlier = {name: sql for name, sql in made.items() if ":" in name and " ON documents (json_extract(" in sql}
    anew = "".join(
        f"DROP INDEX {quoted(name)};\n{sql.replace(' ON documents (', ' ON documents (collection, ', 1)};\n"
        for name, sql in earlier.items()
    )
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{_TABLES}{_ABOUT}{members.MAKE}{fill}{anew}COMMIT;")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_format(connection: sqlite3.Connection, path: Path | None) -> None:
    """Raise unless the file is empty or of this format; nothing is written to any other."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if found == FORMAT or (not found and not tables):
        return
    query = "SELECT value FROM about WHERE name = 'version'"
    row = connection.execute(query).fetchone() if "about" in tables else None
    writer = f"exh-dev {row[0]}" if row else "an exh-dev that noted no version"
    folder = path.parent if path else "the image"
    move = f"mv {quote(str(folder))} {quote(f'{folder}.old')}"
    newer = f"use {writer} or a later one, " if found > FORMAT else ""
    raise DataFormatError(
        f"{folder} was written by {writer}, in format {found}; this is exh-dev {__version__}, which reads format "
        f"{FORMAT}: {newer}use another --data-dir, or move the folder away ({move}) to start with "
        "an empty one"
    )


def _way_out(error: Exception) -> str:
    """Return what to do about a database that cannot be used: only a damaged one has to go."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error):
        return "make room on its disk"
    if "locked" in str(error):
        return "end the process that uses it"
    if isinstance(error, OSError) or "readonly" in str(error) or "unable to open" in str(error):
        return "look at the permissions of the file and its folder"
    return "move it away to start with an empty one"
