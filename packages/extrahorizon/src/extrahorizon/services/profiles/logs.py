"""Notes of staff on a profile; deprecated by the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, segment
from extrahorizon.services.profiles import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.profiles.types import LogEntry, LogEntryBody


def _logs(profile_id: str, group_id: str) -> str:
    return f"{BASE}/{segment(profile_id)}/groups/{segment(group_id)}/logs"


class Logs(Resource):
    """`exh.profiles.logs`. Deprecated by the platform.

    Reading needs `VIEW_PROFILE_LOG_ENTRIES`, writing `CREATE_PROFILE_LOG_ENTRIES`: globally or as staff of the group.
    """

    def find(self, profile_id: str, group_id: str, rql: Condition | None = None) -> Page[LogEntry]:
        """Return a page of the log entries of a profile in a group that match.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return paging.find(self._session, f"{_logs(profile_id, group_id)}/", rql)

    def find_all(self, profile_id: str, group_id: str, rql: Condition | None = None) -> Iterator[LogEntry]:
        """Yield every note that matches; see `extrahorizon.paging.find_all`.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return paging.find_all(self._session, f"{_logs(profile_id, group_id)}/", rql)

    def create(self, profile_id: str, group_id: str, **body: Unpack[LogEntryBody]) -> LogEntry:
        """Add a note.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return cast(
            "LogEntry", self._object("POST", _logs(profile_id, group_id), json=self._body("LogEntryBody", body))
        )

    def update(self, profile_id: str, group_id: str, entry_id: str, **body: Unpack[LogEntryBody]) -> LogEntry:
        """Change one's own note.

        Raises:
            ResourceUnknownError: the note, profile or group does not exist (16).
        """
        return cast(
            "LogEntry",
            self._object(
                "PUT", f"{_logs(profile_id, group_id)}/{segment(entry_id)}", json=self._body("LogEntryBody", body)
            ),
        )

    def remove(self, profile_id: str, group_id: str, entry_id: str) -> int:
        """Delete one's own note. Returns 1, because the platform reports no number.

        Raises:
            ResourceUnknownError: the note, profile or group does not exist (16).
        """
        self._session.request("DELETE", f"{_logs(profile_id, group_id)}/{segment(entry_id)}")
        return 1
