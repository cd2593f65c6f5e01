"""The two encodings of a form, taken apart in memory: what is uploaded to a local SideFX is small."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_string
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Upload:
    """A file in a multipart form."""

    filename: str
    content: bytes


def parse_form(body: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    """Return the fields and the files of a form, by name; a form of neither encoding has none."""
    header = message_from_string(f"Content-Type: {content_type}\n\n")
    if header.get_content_type() == "multipart/form-data":
        return _parse_multipart(body, str(header.get_boundary("")).encode("latin-1"))
    if header.get_content_type() == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)), {}
    return {}, {}


def _parse_multipart(body: bytes, boundary: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    # Text before the first boundary and after the last is not a part.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        header = message_from_string(head.decode(errors="replace"))
        name = str(header.get_param("name", "", header="content-disposition"))
        filename = header.get_filename()
        if filename is None:
            fields[name] = content.decode(errors="replace")
        else:
            files[name] = Upload(filename, content)
    return fields, files
