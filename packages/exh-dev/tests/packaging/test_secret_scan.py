"""What looks like a secret in a file of a bundle, and what does not."""

import pytest

from exh_dev.errors import DevkitError
from exh_dev.packaging.secret_scan import check_secrets

HEX = "3f786850e387550fdab8" + "36ed7e6dc881de23001b"
AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
KEY = "-----BEGIN {}PRIVATE " + "KEY-----"


def told(tmp_path, name, content, **options):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        check_secrets([path], tmp_path, **options)
    except DevkitError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", b"\0\xff" + KEY.format("RSA ").encode() + b"\0"),
        ("settings.txt", f"aws={AWS}\r\n".encode("utf-16")),
        ("latin.py", b"# -*- coding: latin-1 -*-\n# \xe9\nKEY = '" + AWS.encode() + b"'\n"),
        ("latin.json", b'{"name": "\xe9", "key": "' + AWS.encode() + b'"}'),
        ("book.ipynb", '{"source": ["token = \\"' + HEX + '\\""]}'),
        ("calls.py", f'headers = {{"Authorization": "Bearer {HEX}"}}\n'),
        ("table.csv", f"token,{HEX}\n"),
        ("a.pem", KEY.format("ENCRYPTED ")),
        ("prod.env", "X=1"),
        (".env~", "X=1"),
        ("settings.env.bak", "X=1"),
    ],
)
def test_secrets_are_found_in_whatever_they_are(tmp_path, name, content):
    message = told(tmp_path, name, content)
    assert name in message
    assert HEX not in message
    assert AWS not in message


def test_a_link_is_judged_by_what_it_leads_to(tmp_path):
    (tmp_path / ".env").write_text("X=1")
    (tmp_path / "settings.txt").symlink_to(".env")
    with pytest.raises(DevkitError, match="settings.txt: a file of this name"):
        check_secrets([tmp_path / "settings.txt"], tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        'PATIENT = "67c81290fe7042cb74a5576f"',
        'SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
        'ETAG = "d41d8cd98f00b204e9800998ecf8427e"',
        'ID = "8f5ba9d2-2e0c-4f0c-9f0e-2a1a9a6c0b11"',
        'password = event["password"]',
        'token = os.environ["X"]',
        'def log_in(password: str, token: str = "") -> None: ...',
        'TOKEN_URL = "https://www.example.com/oauth2/token"',
        'params = {"grant_type": "password", "password": password}',
        'ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"',
    ],
)
def test_ordinary_code_is_let_through(tmp_path, line):
    assert told(tmp_path, "module.py", line + "\n") == ""


def test_a_file_that_can_hold_no_comment_is_listed_as_harmless(tmp_path):
    labels = '{"password": "Wachtwoord"}'
    assert "labels.json:1: Secret Keyword" in told(tmp_path, "shared/labels.json", labels)
    assert "`not-secret` of [tool.exh-dev.build]" in told(tmp_path, "shared/labels.json", labels)
    assert told(tmp_path, "shared/labels.json", labels, harmless=["shared/labels*.json"]) == ""


def test_pyproject_lists_what_is_harmless(small):
    small.write("shared/labels.json", '{"password": "Wachtwoord"}')
    assert small.build().code == 1
    small.write("pyproject.toml", '[tool.exh-dev.build]\nnot-secret = ["shared/labels.json"]\n')
    assert small.build().code == 0
