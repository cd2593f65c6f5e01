"""The file service: uploads on disk, reached by their tokens.

A token is `<id of the file>-<uuid4>` and says by itself which file it is for. It needs no user; uploading does, which
is assumed, as is what a `read` token shows: everything but the tokens, the tags and the creator. What deletes answers
204 without a body, as in the published collection of examples; the official SDK says `affectedRecords: 0` of it.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

from starlette.responses import FileResponse, JSONResponse, Response

from exh_dev.platform.files.upload import UNKNOWN_TYPE, receive
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/files/v1"
LARGEST = 8 * 1024 * 1024  # bytes of a file, by default
_FILES, _SETTINGS = "files", "file_settings"
_LEVELS = ("full", "read")
_CONTENT = re.compile("[0-9a-f]{24}")
_TOKEN = re.compile(r"([0-9a-f]{24})-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MIMETYPE = re.compile(r"[\w.+\-]+/[\w.+\-]+(\s*;[\x20-\x7e]*)?", re.ASCII)
_SHORTEST, _LONGEST = 3, 255  # characters of a MIME type in the settings, as the official CLI has it
_HIDDEN = ("id",)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("name", "mimetype", "creatorId"), "string"),
    "size": "number",
    **dict.fromkeys(("creationTimestamp", "updateTimestamp"), "date-time"),
}


def keep_file(
    store: Store,
    folder: Path,
    content: bytes,
    *,
    name: str,
    mimetype: str,
    creator_id: str | None,
    now: float,
    token: str | None = None,
) -> Document:
    """Store a generated file in `folder`, replacing one with the same `token`. The token has full access.

    Raises:
        ErrorAnswer: 15 when the token has the wrong format.
    """
    if token is not None and not _TOKEN.fullmatch(token):
        raise ErrorAnswer(
            15, "A file's token is an id of 24 hexadecimal characters, a hyphen, and a UUID, in lower case"
        )
    file_id = token[:24] if token else object_id()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / file_id).write_bytes(content)
    creator = {"creatorId": creator_id} if creator_id else {}
    document = _document(file_id, name=name, mimetype=mimetype, size=len(content), now=now) | creator
    if token:
        document["tokens"] = [{"token": token, "accessLevel": "full"}]
    store.put(_FILES, document)
    return document


def _document(file_id: str, *, name: str, mimetype: str, size: int, now: float) -> Document:
    stamp = iso(now)
    return {
        "id": file_id,
        "name": name,
        "mimetype": mimetype,
        "size": size,
        "tags": [],
        "tokens": [_new_token(file_id, "full")],
        "creationTimestamp": stamp,
        "updateTimestamp": stamp,
    }


class FileService(Service):
    """The files of a store, with their contents in a folder."""

    base = BASE

    def __init__(self, store: Store, folder: Path, *, clock: Clock, largest: int = LARGEST) -> None:
        """Serve the files of `store`; their contents are in `folder`, and have `largest` bytes at most."""
        self._store = store
        self._folder = folder
        self._clock = clock
        self._largest = largest
        #: Assumed: default settings are as old as the service.
        self._defaults = {"disableForceDownloadForMimeTypes": [], "updateTimestamp": iso(clock())}
        self._clean()

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        return [
            Route(BASE, self._upload, methods=["POST"]),
            Route(BASE, self._find, methods=["GET"]),
            Route(f"{BASE}/settings", self._show_settings, methods=["GET"]),
            Route(f"{BASE}/settings", self._change_settings, methods=["PUT"]),
            Route(f"{BASE}/{{token}}", self._remove, methods=["DELETE"]),
            Route(f"{BASE}/{{token}}/file", self._content, methods=["GET"]),
            Route(f"{BASE}/{{token}}/details", self._details, methods=["GET"]),
            Route(f"{BASE}/{{token}}/tokens", self._add_token, methods=["POST"]),
            Route(f"{BASE}/{{token}}/tokens/{{other}}", self._remove_token, methods=["DELETE"]),
        ]

    def _clean(self) -> None:
        """Delete contents that no file has: those of uploads and deletions that a crash cut short."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if _CONTENT.fullmatch(path.name) and self._store.text(_FILES, path.name) is None:
                path.unlink(missing_ok=True)

    async def _upload(self, request: Request) -> JSONResponse:
        user_id = rights_of(request, self._store).require_user()
        file_id = object_id()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / file_id
        try:
            with path.open("xb") as target:
                received = await receive(request, target, self._largest)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        mimetype = received.mimetype if _MIMETYPE.fullmatch(received.mimetype) else UNKNOWN_TYPE
        document = _document(file_id, name=received.name, mimetype=mimetype, size=received.size, now=self._clock())
        document |= {"creatorId": user_id, "tags": received.tags}
        self._store.put(_FILES, document)
        return JSONResponse(_shown(document))

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_FILES")
        return page(request, self._store, _FILES, shape=lambda path: _KINDS.get(path, "any"), show=_shown)

    async def _content(self, request: Request) -> Response:
        document, _ = self._reached(request)
        path = self._folder / document["id"]
        if not path.is_file():
            raise ErrorAnswer(16, "The content of this file is gone from the data directory")
        wanted = "inline" if self._is_shown_in_place(document["mimetype"]) else "attachment"
        headers = {
            "Content-Type": document["mimetype"],
            "Content-Disposition": f"{wanted}; {_filename(document['name'])}",
        }
        return FileResponse(path, headers=headers)

    async def _details(self, request: Request) -> JSONResponse:
        document, level = self._reached(request)
        if level == "full":
            return JSONResponse(_shown(document))
        return JSONResponse({name: value for name, value in _shown(document).items() if name != "tokens"})

    async def _remove(self, request: Request) -> Response:
        document = self._owned(request)
        self._store.delete(_FILES, document["id"])
        (self._folder / document["id"]).unlink(missing_ok=True)
        return Response(status_code=204)

    async def _add_token(self, request: Request) -> JSONResponse:
        document = self._owned(request)
        level = (await read_json(request)).text("accessLevel")
        if level not in _LEVELS:
            raise ErrorAnswer(15, f"The field accessLevel must be one of {', '.join(_LEVELS)}")
        document = self._owned(request)
        token = _new_token(document["id"], level)
        self._change_tokens(document, [*document["tokens"], token])
        return JSONResponse(token)

    async def _remove_token(self, request: Request) -> Response:
        document, other = self._owned(request), request.path_params["other"]
        kept = [each for each in document["tokens"] if each["token"] != other]
        if len(kept) == len(document["tokens"]):
            raise ErrorAnswer(2605, "The file has no such token")
        if not any(each["accessLevel"] == "full" for each in kept):
            raise ErrorAnswer(2607, "The last token with full access cannot be deleted")
        self._change_tokens(document, kept)
        return Response(status_code=204)

    async def _show_settings(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("VIEW_FILE_SERVICE_SETTINGS")
        return JSONResponse({name: value for name, value in self._settings().items() if name != "id"})

    async def _change_settings(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_FILE_SERVICE_SETTINGS")
        patterns = (await read_json(request)).optional_texts("disableForceDownloadForMimeTypes")
        if patterns is None:
            raise ErrorAnswer(14, "The field disableForceDownloadForMimeTypes is required")
        if not all(_SHORTEST <= len(pattern) <= _LONGEST for pattern in patterns):
            raise ErrorAnswer(15, f"A MIME type has {_SHORTEST} to {_LONGEST} characters")
        changed = {"disableForceDownloadForMimeTypes": patterns, "updateTimestamp": iso(self._clock())}
        self._store.put(_SETTINGS, {"id": _SETTINGS, **changed})
        return JSONResponse({"affectedRecords": 1})

    def _settings(self) -> Document:
        return self._store.get(_SETTINGS, _SETTINGS) or self._defaults

    def _is_shown_in_place(self, mimetype: str) -> bool:
        plain = mimetype.partition(";")[0].strip().lower()
        patterns = self._settings()["disableForceDownloadForMimeTypes"]
        return any(fnmatchcase(plain, pattern.lower()) for pattern in patterns)

    def _reached(self, request: Request) -> tuple[Document, str]:
        """Return the file that the path's token opens, and how far.

        Raises:
            ErrorAnswer: 2605 when it opens none.
        """
        token = request.path_params["token"]
        form = _TOKEN.fullmatch(token)
        document = self._store.get(_FILES, form[1]) if form else None
        for each in document["tokens"] if document else ():
            if document and each["token"] == token:
                return document, each["accessLevel"]
        raise ErrorAnswer(2605, "There is no file with this token")

    def _owned(self, request: Request) -> Document:
        """Return the file that the path's token opens, for calls that need full access.

        Raises:
            ErrorAnswer: 2605, or 2606 when the token is only for reading.
        """
        document, level = self._reached(request)
        if level != "full":
            raise ErrorAnswer(2606, "This call needs a token with full access")
        return document

    def _change_tokens(self, document: Document, tokens: list[Document]) -> None:
        self._store.put(_FILES, {**document, "tokens": tokens, "updateTimestamp": iso(self._clock())})


def _shown(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in _HIDDEN}


def _new_token(file_id: str, level: str) -> Document:
    return {"token": f"{file_id}-{uuid4()}", "accessLevel": level}


def _filename(name: str) -> str:
    """Return the parameter of Content-Disposition (RFC 6266)."""
    if re.fullmatch(r"[\x20-\x7e]*", name) and not re.search(r'["\\%]', name):
        return f'filename="{name}"'
    return f"filename*=UTF-8''{quote(name, safe='')}"
