import io
import re
from pathlib import Path

import pytest
import responses

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import InvalidTokenError, PlatformUnreachableError

pytestmark = pytest.mark.usefixtures("over_requests")

FILES = "https://api.acme.io/files/v1"


@pytest.fixture
def http():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def files():
    return ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret")).files


@pytest.fixture
def uploads(http):
    """The parts of each upload, read while it is sent."""
    seen = []

    def read(request):
        seen.append(parts(request))
        return 200, {}, '{"tokens": []}'

    http.add_callback("POST", f"{FILES}/", read)
    return seen


def parts(request):
    """The parts of an upload, in order: name, file name, content type, content."""
    body = b"".join(request.body)
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    found = []
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode()
        name = re.search(r' name="([^"]*)"', text)[1]
        filename = re.search(r'filename="([^"]*)"', text)
        kind = re.search(r"Content-Type: (.*)", text)
        found.append((name, filename and filename[1], kind and kind[1], content.removesuffix(b"\r\n")))
    return found


def test_an_upload_has_its_name_then_the_file_then_its_tags(uploads, files, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    files.create(path, tags=["one", "two"])
    assert uploads[0] == [
        ("name", None, None, b"report.pdf"),
        ("file", "report.pdf", "application/pdf", b"%PDF"),
        ("tags[]", None, None, b"one"),
        ("tags[]", None, None, b"two"),
    ]


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ((b"x", "a.txt", None), ("a.txt", "text/plain", b"x")),
        ((b"x", "a", None), ("a", "application/octet-stream", b"x")),
        ((b"x", "a.txt", "text/csv"), ("a.txt", "text/csv", b"x")),
        ((io.BytesIO(b"stream"), "s.json", None), ("s.json", "application/json", b"stream")),
    ],
)
def test_bytes_and_streams_are_sent_under_the_name_and_type_they_are_given(uploads, files, arguments, sent):
    file, name, mimetype = arguments
    files.create(file, name=name, mimetype=mimetype)
    assert uploads[0][1] == ("file", *sent)


def test_a_file_without_a_name_is_refused(files):
    with pytest.raises(ValueError, match="needs a name"):
        files.create(b"x")


@pytest.mark.parametrize("file", ["report.pdf", None, 5])
def test_what_is_no_file_is_refused(files, file):
    with pytest.raises(TypeError, match="pathlib"):
        files.create(file, name="x")


def test_a_text_is_one_part(uploads, files):
    files.create_from_text("é")
    assert uploads[0] == [("file", "data", "application/octet-stream", "é".encode())]


def test_a_download_appears_when_it_is_complete(http, files, tmp_path):
    http.get(f"{FILES}/t1/file", body=b"content")
    assert files.download("t1", tmp_path / "x").read_bytes() == b"content"
    assert b"".join(files.retrieve_stream("t1")) == files.retrieve("t1") == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    "failure", [{"status": 400, "json": {"code": 2605}}, {"body": b"cut", "headers": {"Content-Length": "9"}}]
)
def test_a_download_that_fails_leaves_what_was_there(http, files, tmp_path, failure):
    http.get(f"{FILES}/t1/file", **failure, auto_calculate_content_length=False)
    path = tmp_path / "x"
    path.write_bytes(b"before")
    with pytest.raises((InvalidTokenError, PlatformUnreachableError)):
        files.download("t1", path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_removed_file_counts_as_one(http, files):
    http.delete(f"{FILES}/t1", status=204)
    assert files.remove("t1") == 1


def test_a_download_into_a_missing_folder_raises_before_anything_is_fetched(files):
    with pytest.raises(FileNotFoundError):
        files.download("t1", Path("/no/such/folder/x"))
