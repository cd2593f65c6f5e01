"""A package index on loopback, as it will be one day: beside each file that a lock names lies a newer release."""

from __future__ import annotations

import hashlib
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Self
from zipfile import ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWER = "9999.0"


class PackageIndex:
    """Serves the wheels of a folder by the simple API, and for each of their packages an unwanted newer version.

    The newer version needs a package that does not exist: a resolver fails, or installs the newer version.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, dict[str, bytes | Path]] = {}
        for path in folder.iterdir():
            name = re.sub(r"[-_.]+", "-", path.name.partition("-")[0]).lower()
            newer = f"{name.replace('-', '_')}-{NEWER}-py3-none-any.whl"
            self._files[name] = {path.name: path, newer: _wheel(name)}
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = index.answer(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/zip")
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> bytes | None:
        """The page of a package, or a file; None where there is no such thing."""
        name, _, file = path.strip("/").partition("/")
        files = self._files.get(name)
        if files is None:
            return None
        if not file:
            return "".join(_links(name, files)).encode()
        content = files.get(file)
        return content.read_bytes() if isinstance(content, Path) else content


def _links(name: str, files: dict[str, bytes | Path]) -> Iterator[str]:
    for file, content in files.items():
        digest = hashlib.sha256(content.read_bytes() if isinstance(content, Path) else content).hexdigest()
        yield f'<a href="/{name}/{file}#sha256={digest}">{file}</a>\n'


def _wheel(name: str) -> bytes:
    content, info = BytesIO(), f"{name.replace('-', '_')}-{NEWER}.dist-info"
    with ZipFile(content, "w") as archive:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\nRequires-Dist: no-such-package-{name}\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return content.getvalue()
