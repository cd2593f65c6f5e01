"""What looks like a secret in a file of a bundle, and what does not."""

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import os
import sqlite3
import tarfile
import time
import tracemalloc
import zipfile
from contextlib import closing
from functools import reduce
from math import sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.packaging.secret_corpus import zipped

from exh_dev.errors import DevkitError
from exh_dev.packaging.secret_content import parts
from exh_dev.packaging.secret_finders import find
from exh_dev.packaging.secret_scan import check_secrets

HEX = "3f786850e387550fdab8" + "36ed7e6dc881de23001b"
GITHUB = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
KEY = "-----BEGIN {}PRIVATE " + "KEY-----"


def tarred(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def changed(content):
    """A byte in the middle of something is another one."""
    return content[:500] + bytes([content[500] ^ 0xFF]) + content[501:]


def flipped(content, at):
    """A bit of a byte is another one."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def old_tarred(files):
    """A tar as of before 1988, whose headers have no magic."""
    content = bytearray(tarred(files))
    begin = 0
    for inner in files.values():
        header = content[begin : begin + 257] + bytes(255)
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        content[begin : begin + 512] = header
        begin += 512 + (len(inner) + 511) // 512 * 512
    return bytes(content)


def commented(comment):
    """A zip with a comment at its file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.comment = comment.encode()
        archive.writestr(entry, "nothing")
    return stream.getvalue()


def database(*row):
    """A database with a row of texts, which stand beside each other without anything between them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"create table t ({', '.join(f'c{n}' for n in range(len(row)))})")
        connection.execute(f"insert into t values ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks alone
        connection.commit()
        return connection.serialize()


def locked(files):
    """A zip that says that its files are protected by a password."""
    content = zipped(files)
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        begin = content.index(magic) + flags
        content = content[:begin] + b"\1\0" + content[begin + 2 :]
    return content


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
def test_secrets_are_found_in_files_of_any_kind(tmp_path, name, content):
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
def test_ordinary_code_passes(tmp_path, line):
    assert told(tmp_path, "module.py", line + "\n") == ""


LABELS = '{\n "password": "Wachtwoord",\n "secret": "Geheim2024!"\n}\n'


def test_a_file_without_comments_is_listed_as_harmless_entirely_or_by_a_line(tmp_path):
    message = told(tmp_path, "shared/labels.json", LABELS)
    assert "labels.json:3: a value that its name calls a secret" in message
    assert "`not-secret` of [tool.exh-dev.build]" in message
    assert told(tmp_path, "shared/labels.json", LABELS, harmless=["shared/labels*.json"]) == ""
    assert told(tmp_path, "shared/labels.json", LABELS, harmless=["shared/labels.json:3"]) == ""
    assert "labels.json:3:" in told(tmp_path, "shared/labels.json", LABELS, harmless=["shared/labels.json:2"])


def test_pyproject_lists_what_is_harmless(small):
    small.write("shared/labels.json", LABELS)
    assert small.build().code == 1
    small.write("pyproject.toml", '[tool.exh-dev.build]\nnot-secret = ["shared/labels.json:3"]\n')
    assert small.build().code == 0


@pytest.mark.parametrize("before", ["", "# pragma: allowlist nextline secret\n"])
@pytest.mark.parametrize("after", ["", "  # pragma: allowlist secret"])
def test_a_line_that_only_looks_like_a_secret_says_so_itself_or_above_it(tmp_path, before, after):
    text = f'{before}TOKEN = "{HEX}"{after}\nOTHER = "{HEX[::-1]}"\n'
    message = told(tmp_path, "a.py", text)
    lines = text.splitlines()
    assert (f"a.py:{len(lines) - 1}:" in message) is not (before or after != "")
    assert f"a.py:{len(lines)}: a key, secret or token of Extra Horizon" in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in_order.csv", f"commit,token\n{HEX[::-1]},{HEX}\n"),
        ("pinned.yml", f"- uses: a/configure-credentials@{HEX[::-1]}\n- token: {HEX}\n"),
        ("list.json", f'{{"commits": ["{HEX[::-1]}"], "tokens": ["{HEX}"]}}'),
    ],
)
def test_a_hash_beside_a_token_does_not_hide_it(tmp_path, name, text):
    assert f"{name}:{2 if name != 'list.json' else 1}: a key, secret or token of Extra Horizon" in told(
        tmp_path, name, text
    )
    assert told(tmp_path, name, text.replace(HEX, "")) == ""


def test_a_prefix_by_chance_in_the_base64_of_a_picture_is_no_token(tmp_path):
    by_chance = "AT" + "BB" + "x7QzK2mW" * 4
    assert told(tmp_path, "a.css", f"url(data:font/woff2;base64,{'d09GMgABAAAA' * 9}/{by_chance})") == ""
    assert "a.css:1: a Bitbucket or Atlassian token" in told(tmp_path, "a.css", f"/* https://x/y/{by_chance} */")


def test_a_secret_in_an_archive_is_located_inside_it(tmp_path):
    content = zipped({"a/inner.zip": zipped({"conf/b.ini": f"[api]\ntoken = {HEX}\n"}), "README": "nothing\n"})
    message = told(tmp_path, "data.zip", content)
    assert "data.zip:2: a key, secret or token of Extra Horizon, in its a/inner.zip/conf/b.ini" in message
    assert HEX not in message


LINE = f"token = {HEX}\n"
NOISE = " ".join(f"{sin(number):.6f}" for number in range(1_000))  # which does not get much smaller


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("app.pyz", b"#!/usr/bin/env python3\n" + zipped({"__main__.py": LINE})),
        ("of_many.zip", zipped({f"f{number}": "x" for number in range(2_100)} | {"last.ini": LINE})),
        ("comment.zip", zipped({"a.txt": "nothing"}, comment=LINE)),
        ("large.gz", gzip.compress((b"x" * 999 + b"\n") * 22_000 + LINE.encode())),
        ("two.bz2", bz2.compress(b"nothing\n") + bz2.compress(LINE.encode())),
        ("padded.gz", gzip.compress(LINE.encode()) + b"\0" * 9),
        ("trailed.gz", gzip.compress(LINE.encode()) + b"more"),
        ("trail.gz", gzip.compress(b"nothing") + LINE.encode()),
        ("cut.xz", lzma.compress((NOISE + LINE + NOISE).encode())[:-100]),
        ("deep.gz", gzip.compress(bz2.compress(lzma.compress(gzip.compress(zipped({"a": LINE})))))),
        ("tree.tar", tarred({"conf/a.ini.gz": gzip.compress(LINE.encode())})),
        ("tree.tar.xz", lzma.compress(tarred({"conf/a.ini": LINE.encode()}))),
        ("keys.zip", zipped({"home/.aws/credentials": "[default]\n"})),
        ("wide.txt", LINE.encode("utf-32")),
        ("wide.bin", b"\xff\0\1" + LINE.encode("utf-16-le")),
        ("wide_without_mark.txt", ("\u6f22\u5b57" * 300 + LINE).encode("utf-16-be")),
        ("old_mac.py", f"x = 1\rtoken = '{HEX}'\r# pragma: allowlist secret\r"),
        ("tars.tar", tarred({"a.txt": b"nothing"}) + tarred({"b.ini": LINE.encode()})),
        (
            "tars.tgz",
            gzip.compress(tarred({"a.txt": b"nothing"})) + b"\0" * 9 + gzip.compress(tarred({"b.ini": LINE.encode()})),
        ),
        ("both.tar", tarred({"a.txt": b"nothing"}) + zipped({"b.ini": LINE})),
        ("zips.zip", zipped({"b.ini": LINE}) + zipped({"a.txt": "nothing"})),
        ("trailed.zip", zipped({"a.txt": "nothing"}) + gzip.compress(LINE.encode())),
        ("a.lzma", lzma.compress(LINE.encode(), format=lzma.FORMAT_ALONE)),
        ("old.tar", old_tarred({"a.txt": b"nothing", "b.gz": gzip.compress(LINE.encode())})),
        ("commented.zip", commented(LINE)),
        ("release.yaml", b"release: " + base64.b64encode(gzip.compress(LINE.encode())) + b"\n"),
        ("helm.yaml", b"release: " + base64.b64encode(base64.b64encode(gzip.compress(LINE.encode()))) + b"\n"),
        ("named.gz", b"\x1f\x8b\x08\x08" + b"\0" * 6 + b".env\0" + gzip.compress(b"X=1")[10:]),
        ("key.pem.tar", tarred({"home/server.key.gz": gzip.compress(b"X=1")})),
        ("aws.txt", "aws_secret_access_key wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzq8PLMNOPQ\n"),
    ],
)
def test_a_secret_is_found_however_it_is_wrapped(tmp_path, name, content):
    message = told(tmp_path, name, content)
    assert name in message
    assert HEX not in message


@pytest.mark.parametrize(
    ("secret", "row"),
    [
        *((each, ("github", "{}")) for each in (GITHUB, AWS, "1" * 9 + ":AA" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3")),
        *((HEX, each) for each in (("github", "{}"), ("a code", "{}", "beside"), ("3a", "{}", "note"))),
    ],
)
def test_a_token_is_found_beside_the_words_of_a_record(tmp_path, secret, row):
    message = told(tmp_path, "a.db", database(*(each.format(secret) for each in row)))
    assert "a.db:1:" in message
    assert secret not in message


def test_a_hash_in_other_bytes_is_no_token(tmp_path):
    names = ("md5", "sha224", "sha256", "sha512")
    sums = [hashlib.new(name, b"a", usedforsecurity=False).hexdigest() for name in names]
    assert told(tmp_path, "a.db", database("file", *sums)) == ""
    assert told(tmp_path, "a.so", b"\x7fELF\0snd_fw_Iso_resources_allocate_2_of_the_card\0\0") == ""


def test_the_texts_of_a_catalogue_are_no_values_of_each_other(tmp_path):
    texts = ("_Palette:", "_Password:", "_Preview:", "_Remove From List")
    assert told(tmp_path, "gtk.mo", b"\xde\x12\x04\x95\0" + b"\0".join(each.encode() for each in texts)) == ""


@pytest.mark.parametrize("ending", ["gz", "bz2", "XZ", "lzma"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("users.csv", b"user,password\nanna,Tr0ub4dor-3x9!\n"),
        ("users.md", b"| user | password |\n|---|---|\n| anna | Tr0ub4dor-3x9! |\n"),
        ("module.py", b"K = 'Zx8Qw3Lm5Tr7Yp2Vb9Nc4Kd6Hf1Js0Ga'\n"),
    ],
)
def test_the_rules_of_a_file_are_those_of_what_is_compressed(tmp_path, ending, name, content):
    line = content.count(b"\n")
    packed = {
        "gz": gzip.compress(content),
        "bz2": bz2.compress(content),
        "XZ": lzma.compress(content),
        "lzma": lzma.compress(content, format=lzma.FORMAT_ALONE),
    }[ending]
    assert f"{name}.{ending}:{line}:" in told(tmp_path, f"{name}.{ending}", packed)
    assert f"in its a/{name}.{ending}" in told(tmp_path, "all.zip", zipped({f"a/{name}.{ending}": packed}))


def test_a_digest_in_the_list_of_a_wheel_is_no_token(tmp_path):
    for begin in (b"r8_", b"x7T-fw_"):  # as some do by chance
        digest = begin + b"A9cK2mQx7TzL4vNb8RwE1yUi5oPg3hJd6sFa0Bcd"[: 43 - len(begin)]
        record = b"x/__init__.py,sha256=" + digest + b",12\nx/token.py,sha256=" + digest[::-1] + b",120\n"
        assert told(tmp_path, "x.whl", zipped({"x-1.dist-info/RECORD": record})) == ""
        assert "an AI provider's key" in told(tmp_path, "x.txt", b"key " + digest[digest.find(b"_") - 2 :] + b"\n")


@pytest.mark.parametrize("before", ["buildNumber=", "commit ", "This reverts ", "(follow-up of "])
def test_a_hash_of_git_is_no_token(tmp_path, before):
    assert told(tmp_path, "CHANGES.txt", f"1.2\n{before}{HEX}\n") == ""
    assert "CHANGES.txt:2:" in told(tmp_path, "CHANGES.txt", f"1.2\nlog in with {HEX}\n")


@pytest.mark.slow
def test_the_files_of_a_tar_are_counted_once(tmp_path):
    content = gzip.compress(tarred({"a.npy": b"\0" * 26_000_000, "b.ini": LINE.encode()}), 1)
    message = told(tmp_path, "a.tgz", content)
    assert "too large" not in message
    assert "in its b.ini" in message


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("changed.gz", flipped(gzip.compress(b"nothing"), -6), "this archive is damaged"),
        ("changed.bz2", flipped(bz2.compress(b"nothing"), -2), "this archive is damaged"),
        ("changed.xz", flipped(lzma.compress(b"nothing"), -2), "this archive is damaged"),
        ("none.xz", b"\xfd7zXZ\0" + b"\1" * 20, "this archive is damaged"),
        ("header.tar", flipped(tarred({"a": b"nothing", "b": b"nothing"}), 1024 + 150), "this archive is damaged"),
        ("cut.tar", tarred({"a": b"nothing", "b": b"nothing"})[: 1024 + 300], "this archive is damaged"),
        ("cut_file.tar", tarred({"a": b"nothing" * 400})[:700], "this archive is damaged"),
        ("many.zip", zipped({f"{number}": "" for number in range(50_001)}), "too large: more than 50,000 files"),
        ("many.gz", gzip.compress(b"") * 2_001, "too large: more than 2,000 compressed streams"),
        ("cut.gz", gzip.compress(NOISE.encode())[:-9], "this archive is cut off"),
        ("changed.zip", changed(zipped({"a.txt": NOISE})), "this archive is damaged, in its a.txt"),
        ("cut.zip", zipped({"a.txt": "nothing"})[:-30], "this archive is damaged"),
        ("locked.zip", locked({"a.txt": "nothing"}), "this archive is protected by a password, in its a.txt"),
        ("bomb.gz", gzip.compress(gzip.compress(b"\0" * 300_000_000, 1)), "too large: more than 50 MB unpacked"),
        (
            "bombs.zip",
            zipped({f"{n}": zipped({"a": "\0" * 9_000_000}) for n in range(200)}),
            "this archive is too large",
        ),
        ("deeper.gz", reduce(lambda inner, _: gzip.compress(inner), range(9), b"nothing"), "more than 8 archives"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + b"\1" * 60, "7z archives are not supported"),
    ],
)
def test_an_archive_that_cannot_be_looked_into_is_refused(tmp_path, name, content, reason):
    began = time.process_time()
    message = told(tmp_path, name, content)
    assert time.process_time() - began < 10
    assert reason in message
    assert message.count(f"{name}:") == 1
    assert "so it cannot be checked for secrets" in message
    assert told(tmp_path, name, content, harmless=[name]) == ""


def test_bytes_that_begin_as_an_archive_and_are_none_are_read_as_they_are(tmp_path):
    for magic in (b"\x1f\x8b\x08\xff", b"BZh", b"\x5d\0\0\x80\0" + b"\xff" * 8 + b"\0"):
        assert told(tmp_path, "a.bin", magic + b"\1" * 20) == ""
        message = told(tmp_path, "a.bin", magic + b"\1" * 20 + LINE.encode())
        assert "a.bin:1: a key, secret or token" in message
        assert "damaged" not in message


@pytest.mark.parametrize("name", ["empty.gz", "empty.bz2", "empty.xz", "empty.tar", "empty.zip"])
def test_an_empty_archive_passes(tmp_path, name):
    content = {
        "empty.gz": gzip.compress(b""),
        "empty.bz2": bz2.compress(b""),
        "empty.xz": lzma.compress(b""),
        "empty.tar": tarred({}),
        "empty.zip": zipped({}),
    }[name]
    assert told(tmp_path, name, content) == ""


def test_a_damaged_archive_is_read_up_to_the_damage(tmp_path):
    content = gzip.compress(LINE.encode() + os.urandom(200_000))
    message = told(tmp_path, "a.gz", flipped(content, -6))
    assert "a.gz:1: a key, secret or token" in message
    assert "this archive is damaged" in message


@pytest.mark.slow
def test_many_streams_are_unpacked_at_once(tmp_path):
    began = time.process_time()
    told(tmp_path, "a.gz", gzip.compress(b"x") * 1_990 + b"\0" * 40_000_000 + b"x")
    assert time.process_time() - began < 3


@pytest.mark.slow
def test_many_short_lines_take_little_memory(tmp_path):
    content = gzip.compress(b"ab\n" * 2_000_000)
    tracemalloc.start()
    try:
        assert told(tmp_path, "a.gz", content) == ""
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "password=" + "a" * 30_000,
        'token = "' + "example" * 4_000 + "!",
        "secret: " + "a-" * 10_000 + "!",
        "token " * 20_000,
        '"token", ' * 10_000,
        "api_key = [" + '"a", ' * 10_000,
        "://" * 20_000,
        "<token " * 20_000,
        "curl -u " * 10_000,
        "A1b2" * 50_000,
        "eyJ" * 30_000,
        "0f" * 60_000,
        ("0123456789abcdef" * 2 + "-") * 5_000,
        "password" + " " * 50_000 + "=",
        "token=" * 100_000,
        "token" * 100_000,
        "token =" + " " * 20_000,
        ("Password   =" + " " * 56 + "\n") * 1_000,
        "key: 1\n" * 300_000,
        "token;a;b\n" + "1;2;3\n" * 200_000,
        KEY.format("") * 40_000,
    ],
    ids=lambda text: text[:16],
)
@pytest.mark.parametrize("name", ["a.py", "a.txt"])
def test_no_text_takes_long(tmp_path, name, text):
    began = time.process_time()
    told(tmp_path, name, text)
    assert time.process_time() - began < 3


@pytest.mark.slow
@given(st.text(st.sampled_from("tokensecrpaw=:\"'`,;|<>[](){}$%\\#/ \n\t\u0130\u00e9aZ09-_."), max_size=300))
def test_any_text_is_scanned(text):
    for suffix in (".py", ".csv", ".md", ".json"):
        assert all(0 <= each.position <= len(text) for each in find(text, suffix))


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\xff\xfe"])
)
def test_any_file_is_read(content, magic):
    assert all(isinstance(part.text, str) for part in parts(magic + content))
