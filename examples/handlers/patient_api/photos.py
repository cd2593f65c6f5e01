"""Photos for a patient's record, such as of a wound or of a monitor's display: images in the file service.

A document of the schema `patient-photo` says whose a file is, and holds its token. Nobody else has the token, so that
an image is seen through this function or not at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extrahorizon.api import LARGEST_FILE, ApiError
from extrahorizon.errors import ExtraHorizonError, InvalidTokenError, PlatformError, ResourceAlreadyExistsError
from extrahorizon.query import rql

from handlers.patient_api.answers import listed
from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

    from handlers.patient_api.validation import PageOf

SCHEMA = "patient-photo"
#: How the content of each type begins.
TYPES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_SHOWN = ("mimetype", "size")


@dataclass(frozen=True)
class Photo:
    """An image; two with the same digest are the same one."""

    content: bytes
    mimetype: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def photo_of(content: bytes, content_type: str | None) -> Photo:
    """Return the photo in a body.

    Raises:
        ApiError: 400, it is empty; 413, it is larger than could be sent back; 415, it is no image, or of another type
            than it is said to be.
    """
    said = (content_type or "").partition(";")[0].strip().lower()
    if not content:
        raise ApiError(400, "the body is empty; expected an image")
    if len(content) > LARGEST_FILE:
        raise ApiError(413, f"the image has {len(content)} bytes; at most {LARGEST_FILE} are taken")
    if said not in TYPES or not content.startswith(TYPES[said]):
        raise ApiError(415, f"expected an image, and its content type: {' or '.join(TYPES)}")
    return Photo(content, said)


def add(exh: ExtraHorizon, patient_id: str, photo: Photo) -> tuple[dict[str, Any], bool]:
    """Store a photo of a patient, and return it and whether it is new.

    The file first, then the document that refers to it. A unique index on patient and digest keeps a photo that is sent
    again from being stored again. A crash in between leaves one file that nothing refers to: the log has `storing a
    photo` without a `stored` for it, and the file has the digest as its name.
    """
    same = rql.eq("data.patient", patient_id).eq("data.digest", photo.digest)
    if known := exh.data.documents.find_first(SCHEMA, same):
        return shown(known), False
    logger.info("storing a photo", extra={"digest": photo.digest})
    file = exh.files.create(photo.content, name=photo.digest, mimetype=photo.mimetype, tags=[SCHEMA, patient_id])
    token = file["tokens"][0]["token"]
    data = {
        "patient": patient_id,
        "digest": photo.digest,
        "file": token,
        "mimetype": photo.mimetype,
        "size": len(photo.content),
    }
    try:
        return shown(exh.data.documents.create(SCHEMA, data)), True
    except ExtraHorizonError as error:
        if not _was_refused(error):
            logger.warning("a file may be left that nothing refers to", extra={"digest": photo.digest})
            raise
        exh.files.remove(token)
        if isinstance(error, ResourceAlreadyExistsError) and (known := exh.data.documents.find_first(SCHEMA, same)):
            return shown(known), False  # the same photo came twice at once
        raise


def _was_refused(error: ExtraHorizonError) -> bool:
    """Return whether a call was certainly not done; after other errors it may have been."""
    return isinstance(error, PlatformError) and 400 <= error.status <= 499  # client errors, RFC 9110


def find(exh: ExtraHorizon, patient_id: str, wanted: PageOf) -> dict[str, Any]:
    """Return a page of a patient's photos, newest first, without the images."""
    query = rql.eq("data.patient", patient_id).sort("-creationTimestamp").limit(wanted.limit, wanted.offset)
    page = exh.data.documents.find(SCHEMA, query)
    return listed(page, shown)


def shown(document: Document) -> dict[str, Any]:
    """Return what a caller gets of a photo besides the image."""
    data = document["data"]
    return {
        "id": document["id"],
        **{name: data[name] for name in _SHOWN},
        "creationTimestamp": document["creationTimestamp"],
    }


def content(exh: ExtraHorizon, patient_id: str, photo_id: str) -> tuple[str, bytes]:
    """Return the content type and the image of a patient's photo.

    Raises:
        ApiError: 404, the patient has no such photo.
    """
    document = exh.data.documents.find_by_id(SCHEMA, photo_id, rql.eq("data.patient", patient_id))
    if document is None:
        raise ApiError(404, "the patient has no such photo")
    try:
        return document["data"]["mimetype"], exh.files.retrieve(document["data"]["file"])
    except InvalidTokenError:
        raise ApiError(404, "the photo was deleted") from None
