"""Request and answer types of the mail service."""

from typing import Any, Literal, Required, TypedDict


class Recipients(TypedDict, total=False):
    """Addresses. Personal data: never log it, never return all of it."""

    to: list[str]
    cc: list[str]
    bcc: list[str]


class Attachment(TypedDict, total=False):
    """A file to send along: its name, its content in Base64, its content type."""

    name: Required[str]
    content: Required[str]
    type: str


_Sender = TypedDict("_Sender", {"from": str | None}, total=False)
_SenderOf = TypedDict("_SenderOf", {"from": str}, total=False)


class MailCreation(_Sender, total=False):
    """A mail to send: `subject` and `body`, or a template and its `content`."""

    recipients: Required[Recipients]
    reply_to: list[str] | None
    attachments: list[Attachment] | None
    subject: str | None
    body: str | None
    template_id: str | None
    template_name: str | None
    content: dict[str, Any] | None
    language: str | None
    time_zone: str | None


class Mail(_SenderOf, total=False):
    """A mail. Personal data: never log it, never return all of it."""

    id: Required[str]
    creator_id: str
    aws_message_id: str
    subject: Required[str]
    recipients: Required[Recipients]
    template_id: str
    template_name: str
    reply_to: list[str]
    body: str
    language: str
    time_zone: str
    content: dict[str, Any]
    views: Required[int]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class QueuedAttachment(TypedDict, total=False):
    """A file that is sent along."""

    filename: str
    content: str
    encoding: str


class QueuedTemplateCredentials(TypedDict, total=False):
    """The user for whom a template is resolved."""

    serviceId: str
    applicationId: str
    userId: str


class QueuedTemplate(TypedDict, total=False):
    """The template of a mail."""

    templateId: str
    templateName: str
    credentials: QueuedTemplateCredentials
    language: str
    content: dict[str, Any]


class QueuedMail(_SenderOf, TypedDict, total=False):
    """A mail that is not sent yet. Personal data: never log it, never return all of it."""

    id: Required[str]
    status: Required[Literal["queued", "sending", "failed"]]
    to: list[str]
    cc: list[str]
    bcc: list[str]
    replyTo: str
    subject: str
    text: str
    html: str
    attachments: list[QueuedAttachment]
    encoding: str
    textEncoding: str
    templateData: QueuedTemplate
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]
