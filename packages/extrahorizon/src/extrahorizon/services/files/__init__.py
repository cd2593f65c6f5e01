"""The file service, `/files/v1`: files, each reached by tokens.

camelCase members (but `mimetype`), ISO 8601 timestamps. A file has no id but tokens, with the access level `full`
(read, delete, manage tokens) or `read`. A file's content never changes.
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, cast

from extrahorizon.characters import well_formed
from extrahorizon.multipart import Multipart
from extrahorizon.resource import WithName, segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Unpack

    from extrahorizon.services.files.settings import Settings
    from extrahorizon.services.files.types import File, FileDetails, Token, TokenCreation

BASE = "/files/v1"


def _content(token: str) -> str:
    return f"{BASE}/{segment(token)}/file"


class Files(WithName["File"]):
    """`exh.files`. Finding needs `VIEW_FILES`, and shows every token. Whatever a token allows needs no permission."""

    _path = f"{BASE}/"

    @cached_property
    def settings(self) -> Settings:
        """Settings of the file service."""
        from extrahorizon.services.files.settings import Settings

        return Settings(self._session)

    def create(
        self,
        file: bytes | BinaryIO | Path,
        *,
        name: str | None = None,
        mimetype: str | None = None,
        tags: Sequence[str] = (),
        on_progress: Callable[[int, int], object] | None = None,
    ) -> File:
        """Upload a file, streaming it. Needs no permission.

        Args:
            file: bytes; a seekable binary stream, which is sent from its position and stays open; or a path.
            name: its name; by default that of the stream or path.
            mimetype: content type; guessed from the name's extension by default.
            tags: tags for queries.
            on_progress: called with the number of bytes sent, and the total. Its exceptions cancel the upload and are
                raised by `create`; nothing is stored.

        Returns:
            The file with its first token, a `full` one.

        Raises:
            ValueError: there is no name.
            TypeError: it is neither bytes, nor a stream, nor a `pathlib.Path`.
            OSError: the path cannot be opened.
            RequestAbortedError: reading the file failed.
            FileTooLargeError: it is larger than the service allows, 8 MB by default (2610).
        """
        import mimetypes
        from pathlib import Path, PurePath

        if not isinstance(file, bytes | Path) and not hasattr(file, "read"):
            raise TypeError(f"a file is bytes, a binary stream or a pathlib.Path, not {type(file).__name__}")
        if on_progress is not None and not callable(on_progress):
            raise TypeError(f"on_progress is a function, not a value of type {type(on_progress).__name__}")
        self._body("Upload", {"name": name, "mimetype": mimetype, "tags": tags})
        source = getattr(file, "name", None)
        name = name or (PurePath(source).name if isinstance(source, str) else None)
        if not name:
            raise ValueError("a file needs a name: neither a name was given nor has the file one")
        if mimetype is None:
            # Only the extension is used: the full name may look like a URL. A compressed file does not have its
            # content's type.
            guess, coding = mimetypes.guess_type(f"file{PurePath(name).suffix}")
            mimetype = guess if guess and not coding else "application/octet-stream"
        if isinstance(file, Path):
            with file.open("rb") as stream:
                return self._upload(stream, name, mimetype, tags, on_progress)
        return self._upload(file, name, mimetype, tags, on_progress)

    def create_from_text(self, text: str | bytes) -> File:
        """Upload a string (as UTF-8) or bytes as a file without name or type. Needs no permission.

        Returns:
            The file with its first token, a `full` one.

        Raises:
            FileTooLargeError: it is larger than the service allows, 8 MB by default (2610).
        """
        if not isinstance(text, str | bytes):
            raise TypeError(f"text must be a string or bytes, not {type(text).__name__}")
        content = well_formed(text).encode() if isinstance(text, str) else text
        return cast("File", self._object("POST", f"{BASE}/", data=Multipart(content, filename="data")))

    def retrieve(self, token: str) -> bytes:
        """Return a file's content. Needs any token of the file.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token does not allow it (2606).
        """
        return self._session.request("GET", _content(token)).content

    def retrieve_stream(self, token: str) -> Iterator[bytes]:
        """Yield the content of a file in pieces, so that a large file is never entirely in memory.

        Needs any token of the file. The request is sent when the first piece is requested.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token does not allow it (2606).
            PlatformUnreachableError: the connection is lost.
        """
        with self._session.request("GET", _content(token), stream=True) as response:
            yield from response.chunks()

    def download(self, token: str, path: Path) -> Path:
        """Write the content of a file to `path` atomically. Needs any token of the file.

        An existing file is replaced, or unchanged after an error.

        Returns:
            The path.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token does not allow it (2606).
            PlatformUnreachableError: the connection is lost.
            OSError: the file cannot be written.
        """
        if not hasattr(path, "with_name"):
            raise TypeError(f"path is a pathlib.Path, not a value of type {type(path).__name__}")
        temporary = path.with_name(f".{secrets.token_hex(16)}.part")
        try:
            with (
                temporary.open("xb") as file,
                self._session.request("GET", _content(token), stream=True) as response,
            ):
                for chunk in response.chunks():
                    file.write(chunk)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return path

    def remove(self, token: str) -> int:
        """Delete a file and all of its tokens. Needs a `full` token.

        Returns:
            1.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token is not a full one (2606).
        """
        self._session.request("DELETE", f"{BASE}/{segment(token)}")
        return 1

    def get_details(self, token: str) -> FileDetails:
        """Return the details of a file: name, size and type with a `read` token, all of them with a `full` one.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token does not allow it (2606).
        """
        return cast("FileDetails", self._object("GET", f"{BASE}/{segment(token)}/details"))

    def generate_token(self, token: str, **body: Unpack[TokenCreation]) -> Token:
        """Create another token of a file. Needs a `full` one.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token is not a full one (2606).
        """
        return cast(
            "Token", self._object("POST", f"{BASE}/{segment(token)}/tokens", json=self._body("TokenCreation", body))
        )

    def delete_token(self, token: str, token_to_access: str) -> None:
        """Revoke a token of a file. Needs a `full` one, which may be the same.

        Args:
            token: the full one.
            token_to_access: the token to revoke.

        Raises:
            InvalidTokenError: unknown token (2605).
            UnauthorizedTokenError: the token is not a full one (2606).
            TokenNotDeleteableError: it is the last full one (2607).
        """
        self._session.request("DELETE", f"{BASE}/{segment(token)}/tokens/{segment(token_to_access)}")

    def _upload(
        self,
        file: bytes | BinaryIO,
        name: str,
        mimetype: str,
        tags: Sequence[str],
        on_progress: Callable[[int, int], object] | None,
    ) -> File:
        labels = [("tags[]", tag) for tag in tags]
        data = Multipart(
            file, filename=name, mimetype=mimetype, before=[("name", name)], after=labels, on_progress=on_progress
        )
        return cast("File", self._object("POST", f"{BASE}/", data=data))
