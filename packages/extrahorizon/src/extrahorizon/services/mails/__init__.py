"""The mail service, `/mail/v1`: snake_case members, timestamps in epoch milliseconds.

What is inside `content` is the template's own. Mails that wait to be sent have camelCase members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Service, WithId, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.mails.types import Mail, MailCreation, QueuedMail

BASE = "/mail/v1"


class Mails(Service, WithId["Mail"]):
    """`exh.mails`. Finding needs `VIEW_MAILS`."""

    _base = BASE
    _path = f"{BASE}/"

    def send(self, **body: Unpack[MailCreation]) -> Mail:
        """Queue a mail. Needs `SEND_MAILS`, or staff enlistment.

        Without the permission users may write to themselves, and staff to their patients and, with templates that allow
        it, to others.

        Args:
            body: `recipients`, 50 at most, and either `subject` and `body`, or `template_name` or `template_id` with
                `content`; `attachments` are in Base64, and the total is at most 10 MB. `from`, a word of Python, is
                given in a dict, such as `mail: MailCreation`: `send(**mail)`.

        Returns:
            The mail, without its attachments.

        Raises:
            NotActivatedError: the user has not activated the account (204).
        """
        return cast("Mail", self._object("POST", f"{BASE}/", json=self._body("MailCreation", body)))

    def remove(self, mail_id: str) -> int:
        """Delete the record of a mail, which may have been sent already.

        Needs `DELETE_MAILS`. The official SDK has no such method.

        Raises:
            ResourceUnknownError: the mail does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(mail_id)}")

    def track(self, tracking_hash: str) -> int:
        """Count a view of a mail, by the hash that its template got as `tracking_hash`. Needs no permission."""
        return self._affected("GET", f"{BASE}/{segment(tracking_hash)}/open", usually_idempotent=False)

    def find_outbound(self, rql: Condition | None = None) -> Page[QueuedMail]:
        """Return a page of the mails that match and are not sent yet. Needs `VIEW_MAILS`.

        Raises:
            InvalidRqlError: the query is invalid (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return paging.find(self._session, f"{BASE}/queued", rql)
