"""Create mails, from a template or plain text, and store them.

Nothing leaves this machine unless forwarding is configured (`forwarding.py`). A mail is stored as in the answer, with
its content and attachments for display; the real platform stores only the body of plain mails. Assumed: a template uses
the request's language, else the sender's, as when the sender resolves the template.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev import origin
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import hex40, object_id
from exh_dev.platform.storage.sql import Sql
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.templates import service as templates
from exh_dev.platform.templates_v1 import resolving as templates_v1

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exh_dev.platform.storage.store import Document, Store

COLLECTION, ATTACHMENTS = "mails", "mail_attachments"
LARGEST = 10 * 1024 * 1024  # bytes of a message, attachments as they are encoded
MOST_RECIPIENTS = 50
_KINDS = ("to", "cc", "bcc")
_SENDER = "noreply@localhost"
_LONGEST_ADDRESS = 320  # 64 of the user, @, 255 of the domain (RFC 5321)


@dataclass(frozen=True)
class Attachment:
    """A file of a mail; `content` is base64."""

    name: str
    content: str
    type: str | None = None


def when_sent(store: Store, call: Callable[[Document, Sequence[Attachment]], None]) -> None:
    """Call `call` for each new mail in `store`."""
    store.listeners["mail"] = call


async def send_by_template(
    store: Store,
    *,
    template_id: str | None = None,
    template_name: str | None = None,
    recipients: Mapping[str, Sequence[str]],
    content: Mapping[str, Any],
    now: float,
    creator_id: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    sender: str | None = None,
    reply_to: Sequence[str] | None = None,
    attachments: Sequence[Attachment] = (),
) -> Document:
    """Send a mail from a template.

    Of version 2 by id or name, else of version 1 by id. Its outputs are `subject` and `body`.

    Call it on the event loop's thread and outside transactions: rendering takes place on another thread, and other
    requests are served meanwhile. `recipients` is `{"to": [...], "cc"?, "bcc"?}`. The template's inputs are `content`
    and `tracking_hash`, if declared. `now` is in epoch seconds. Returns the stored mail.

    Raises:
        ErrorAnswer: 16 for an unknown template, 1002, 1003 or 1005 when it cannot be resolved, 15 for invalid
            recipients, 26 for a template without the outputs.
    """
    checked = checked_recipients(recipients)
    tracking_hash = hex40()
    template, is_first = _template(store, template_id, template_name)
    inputs = {**content, "tracking_hash": tracking_hash}
    user = store.get("users", creator_id) if creator_id else None
    if is_first:
        filling = templates_v1.Filling(store, template, inputs, user=user, language=language, time_zone=time_zone)
        outputs = await filling.outputs()
    else:
        outputs = await templates.resolve(store, template, inputs, user=user, language=language, time_zone=time_zone)
    if not {"subject", "body"} <= outputs.keys():
        raise ErrorAnswer(
            26, f"The template {template['name']} needs the outputs subject and body to make a mail of it"
        )
    chosen = {"template_id": template["id"]} if template_id else {"template_name": template["name"]}
    named = {"language": language, "time_zone": time_zone}
    mail = {
        **_begun(
            creator_id, checked, subject=outputs["subject"], body=outputs["body"], sender=sender, reply_to=reply_to
        ),
        **chosen,
        **{name: value for name, value in named.items() if value},
        "content": dict(content),
    }
    return _kept(store, mail, attachments, tracking_hash=tracking_hash, now=now)


def send_plain(
    store: Store,
    *,
    subject: str,
    body: str,
    recipients: Mapping[str, Sequence[str]],
    now: float,
    creator_id: str | None = None,
    sender: str | None = None,
    reply_to: Sequence[str] | None = None,
    attachments: Sequence[Attachment] = (),
) -> Document:
    """Send a plain-text mail, which has no tracking. The other arguments are those of `send_by_template`.

    Raises:
        ErrorAnswer: 15 for invalid recipients, and for a message that is too large.
    """
    checked = checked_recipients(recipients)
    mail = _begun(creator_id, checked, subject=subject, body=body, sender=sender, reply_to=reply_to)
    return _kept(store, mail, attachments, tracking_hash=None, now=now)


def checked_recipients(recipients: Any) -> dict[str, list[str]]:
    """Return the addresses of each kind.

    Raises:
        ErrorAnswer: 15 when they are none, too many, or malformed.
    """
    if not isinstance(recipients, dict):
        raise ErrorAnswer(15, "The field recipients must be an object")
    checked = {
        kind: checked_addresses(f"recipients.{kind}", recipients[kind])
        for kind in _KINDS
        if recipients.get(kind) is not None
    }
    if not 1 <= sum(map(len, checked.values())) <= MOST_RECIPIENTS:
        raise ErrorAnswer(15, f"A mail has 1 to {MOST_RECIPIENTS} recipients")
    return checked


def checked_addresses(name: str, addresses: Any) -> list[str]:
    """Return a list of e-mail addresses.

    Raises:
        ErrorAnswer: 15 when it is none.
    """
    if not isinstance(addresses, list | tuple):
        raise ErrorAnswer(15, f"The field {name} must be a list of e-mail addresses")
    for address in addresses:
        check_address(name, address)
    return list(addresses)


def check_address(name: str, address: Any) -> None:
    """Check that `address` may be an e-mail address.

    Raises:
        ErrorAnswer: 15 when it may not.
    """
    if isinstance(address, str) and len(address) <= _LONGEST_ADDRESS and address.isprintable():
        local, at, domain = address.rpartition("@")
        if local and at and domain and not set(address) & set(' ,;<>"()[]:\\'):
            return
    raise ErrorAnswer(15, f"The field {name} must hold e-mail addresses")


def shown(mail: Document) -> Document:
    """Return a mail as in an answer."""
    return {name: value for name, value in mail.items() if not is_secret(name)}


def is_secret(name: str) -> bool:
    """Return whether a member is secret: the tracking hash lets its holder mark the mail as opened."""
    return name == "tracking_hash"


def attachments_of(store: Store, mail_id: str) -> list[Attachment]:
    """Return the attachments of a mail, in their order."""
    found = store.matching(ATTACHMENTS, Sql("id BETWEEN ? AND ?", (f"{mail_id}:", f"{mail_id}:~")))
    return [Attachment(each["name"], each["content"], each["type"]) for each in found]


def forget(store: Store, mail_id: str) -> None:
    """Delete a mail and its attachments, inside a transaction."""
    store.delete(COLLECTION, mail_id)
    for number in range(len(attachments_of(store, mail_id))):
        store.delete(ATTACHMENTS, f"{mail_id}:{number:02}")


def _template(store: Store, template_id: str | None, template_name: str | None) -> tuple[Document, bool]:
    """Return a template, and whether it has version 1.

    Raises:
        ErrorAnswer: 16 when it does not exist.
    """
    found = templates.find_template(store, template_id or template_name or "")
    if found is not None and (found["id"] == template_id if template_id else found["name"] == template_name):
        return found, False
    if template_id is None:
        raise ErrorAnswer(16, f"There is no template {template_name} of version 2; one of version 1 is named by its id")
    first = store.get(templates_v1.COLLECTION, template_id)
    if first is None:
        raise ErrorAnswer(16, f"There is no template {template_id}")
    return first, True


def _begun(
    creator_id: str | None,
    recipients: dict[str, list[str]],
    *,
    subject: str,
    body: str,
    sender: str | None,
    reply_to: Sequence[str] | None,
) -> Document:
    return {
        "id": object_id(),
        **({"creator_id": creator_id} if creator_id else {}),
        "subject": subject,
        "body": body,
        "recipients": recipients,
        "from": sender or _SENDER,
        **({"reply_to": list(reply_to)} if reply_to else {}),
    }


def _kept(
    store: Store, mail: Document, attachments: Sequence[Attachment], *, tracking_hash: str | None, now: float
) -> Document:
    size = len(mail["subject"].encode()) + len(mail["body"].encode()) + sum(len(each.content) for each in attachments)
    if size > LARGEST:
        raise ErrorAnswer(15, f"A mail may have {LARGEST:,} bytes")
    timestamp = epoch_ms(now)
    mail |= {"views": 0, "creation_timestamp": timestamp, "update_timestamp": timestamp}
    store.put(COLLECTION, {**mail, **({"tracking_hash": tracking_hash} if tracking_hash else {})})
    origin.note(store, mail["id"])
    for number, each in enumerate(attachments):
        store.put(ATTACHMENTS, {"id": f"{mail['id']}:{number:02}", **asdict(each)})
    if call := store.listeners.get("mail"):
        call(mail, attachments)
    return mail
