"""Forward copies of mails over SMTP without a login, to a mail viewer on this machine or the local network.

A mail in delivery is listed as queued, an undeliverable one as failed. Mails in delivery when the platform stops have
failed at the next start. Without a server, the list is always empty.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError
from exh_dev.platform.mails.sending import when_sent
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.mails.sending import Attachment
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

#: Mails that were not delivered; camelCase, as they are answered.
QUEUED = "queued_mails"
_TIMEOUT = 10  # seconds for each step of a delivery
_PLAIN_TYPE = ("application", "octet-stream")

log = logging.getLogger("exh_dev.platform")


class Forwarder:
    """Forwards the mails of a store, each on a thread that does not touch the store."""

    def __init__(self, store: Store, address: str, *, clock: Clock) -> None:
        """Forward to `address`, which is HOST:PORT.

        Raises:
            UsageError: it is not.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
            raise UsageError(f"--smtp {address} is not HOST:PORT, such as localhost:1025")
        self._host, self._port = host.strip("[]"), int(port)
        self._store = store
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        for queued in store.matching(QUEUED, EVERYTHING):
            store.put(QUEUED, {**queued, "status": "failed"})
        when_sent(store, self.forward)

    def forward(self, mail: Document, attachments: Sequence[Attachment]) -> None:
        """Start delivering a copy of a mail. Must run on the event loop's thread."""
        queued = _queued(mail, attachments)
        self._store.put(QUEUED, queued)
        running = asyncio.get_running_loop().create_task(self._deliver(mail, attachments, queued))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _deliver(self, mail: Document, attachments: Sequence[Attachment], queued: Document) -> None:
        self._change(queued, "sending")
        try:
            await asyncio.to_thread(self._send, mail, attachments)
        except Exception as error:  # noqa: BLE001 - the library may raise anything for odd addresses
            # Omit the error's message: it may contain recipients.
            reason = getattr(error, "strerror", None) or type(error).__name__
            log.warning("The mail %s was not forwarded to %s:%s: %s", mail["id"], self._host, self._port, reason)
            self._change(queued, "failed")
        else:
            self._store.delete(QUEUED, mail["id"])

    def _change(self, queued: Document, status: str) -> None:
        """Set the status of a mail, unless it was deleted meanwhile."""
        if self._store.text(QUEUED, queued["id"]) is not None:
            changed = {"status": status, "updateTimestamp": epoch_ms(self._clock())}
            self._store.put(QUEUED, {**queued, **changed})

    def _send(self, mail: Document, attachments: Sequence[Attachment]) -> None:
        recipients = [address for kind in mail["recipients"].values() for address in kind]
        with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT) as server:
            server.send_message(message_of(mail, attachments), mail["from"], recipients)


def message_of(mail: Document, attachments: Sequence[Attachment]) -> EmailMessage:
    """Return a mail as an SMTP message: HTML if from a template, else plain text. `bcc` is omitted."""
    message = EmailMessage()
    message["Subject"] = " ".join(mail["subject"].split())
    message["From"] = mail["from"]
    for kind in ("to", "cc"):
        if mail["recipients"].get(kind):
            message[kind.title()] = ", ".join(mail["recipients"][kind])
    if "reply_to" in mail:
        message["Reply-To"] = ", ".join(mail["reply_to"])
    message["Message-ID"] = make_msgid(mail["id"], "localhost")
    message.set_content(mail["body"], subtype="html" if _is_html(mail) else "plain")
    for each in attachments:
        main, _, sub = (each.type or "").partition("/")
        is_plain = not (main and sub) or main.lower() in {"multipart", "message"}
        maintype, subtype = _PLAIN_TYPE if is_plain else (main, sub)
        message.add_attachment(base64.b64decode(each.content), maintype=maintype, subtype=subtype, filename=each.name)
    return message


def _is_html(mail: Document) -> bool:
    return "content" in mail


def _queued(mail: Document, attachments: Sequence[Attachment]) -> Document:
    queued = {
        "id": mail["id"],
        "status": "queued",
        "from": mail["from"],
        **mail["recipients"],
        "subject": mail["subject"],
        "html" if _is_html(mail) else "text": mail["body"],
        "creationTimestamp": mail["creation_timestamp"],
        "updateTimestamp": mail["update_timestamp"],
    }
    if "reply_to" in mail:
        queued["replyTo"] = ", ".join(mail["reply_to"])
    if attachments:
        queued["attachments"] = [{"filename": each.name, "encoding": "base64"} for each in attachments]
    if _is_html(mail):
        names = {"template_id": "templateId", "template_name": "templateName", "language": "language"}
        names |= {"time_zone": "timeZone", "content": "content"}
        queued["templateData"] = {shown: mail[name] for name, shown in names.items() if name in mail}
        if "creator_id" in mail:
            queued["templateData"]["credentials"] = {"userId": mail["creator_id"]}
    return queued
