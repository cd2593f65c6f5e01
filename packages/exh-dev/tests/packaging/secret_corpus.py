"""Files with made-up secrets, in endless variants by a seed.

No secret is real, and none is in this file: each is put together when it is asked for, from random characters in the
form of its kind. What is around it varies too: names, formats, encodings, archives.
"""

from __future__ import annotations

# ruff: noqa: E501 - a kind, or a form, is on a line of its own
import base64
import bz2
import gzip
import io
import json
import pickle
import random
import sqlite3
import string
import uuid
import zipfile
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

HEX, LOWER, UPPER, DIGITS = "0123456789abcdef", string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = string.ascii_letters + DIGITS
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"


@dataclass(frozen=True)
class Planted:
    """A file with a secret.

    Attributes:
        kind: what the secret is.
        form: what it is written in.
        name: of the file.
        content: of the file.
        secret: what no message may quote.
    """

    kind: str
    form: str
    name: str
    content: bytes
    secret: str


def made(chance, alphabet, count):
    """Random characters, among them each kind that the alphabet has."""
    while True:
        text = "".join(chance.choice(alphabet) for _ in range(count))
        if count < 12 or all(
            not set(kind) <= set(alphabet) or set(kind) & set(text) for kind in (DIGITS, LOWER, UPPER)
        ):
            return text


def password(chance):
    """What people, and password managers, make up."""
    word = chance.choice(["Sommer", "winter", "Clinic", "hunter", "dragon", "Monday", "admin", "Zuerich"])
    return chance.choice(
        [
            f"{word}{made(chance, DIGITS, 4)}!",
            f"{word}-{made(chance, DIGITS, 3)}-{made(chance, LOWER, 4)}{made(chance, DIGITS, 2)}",
            made(chance, ALNUM, 16),
            made(chance, ALNUM + "!%*+-_", 20),
            f"{made(chance, LOWER, 3)}{made(chance, DIGITS, 3)}{made(chance, UPPER, 3)}",
        ]
    )


def _snake(name):
    return name.replace("-", "_").replace(".", "_")


def zipped(files, comment=""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = comment.encode()
    return stream.getvalue()


def sqlite(value):
    with NamedTemporaryFile(suffix=".db") as file:
        with sqlite3.connect(file.name) as connection:
            connection.execute("create table t (a text)")
            connection.execute("insert into t values (?)", (value,))
        connection.close()
        return file.read()


# Secrets that need no name to be known

OWN = {
    "consumer key": lambda c: made(c, HEX, 40),
    "consumer secret": lambda c: made(c, HEX, 40),
    "token": lambda c: made(c, HEX, 40),
    "token secret": lambda c: made(c, HEX, 40),
    "OAuth2 access token": lambda c: made(c, HEX, 40),
    "file token": lambda c: f"{made(c, HEX, 24)}-{uuid.UUID(int=c.getrandbits(128), version=4)}",
}
OWN_NAMES = [
    "API_OAUTH_CONSUMER_KEY", "API_OAUTH_CONSUMER_SECRET", "API_OAUTH_TOKEN", "API_OAUTH_TOKEN_SECRET", "consumerKey",
    "tokenSecret", "access_token", "refresh_token", "exh-token", "oauth_consumer_secret", "key", "value", "k", "x", "credentials",
]  # fmt: skip
KNOWN = {
    "AWS access key": lambda c: c.choice(["AK", "AS"]) + "IA" + made(c, UPPER + "234567", 16),
    "GitHub token": lambda c: f"gh{c.choice('pousr')}" + "_" + made(c, ALNUM, 36),
    "GitHub fine-grained token": lambda c: "github" + "_pat_" + made(c, ALNUM, 22) + "_" + made(c, ALNUM, 59),
    "GitLab token": lambda c: "gl" + "pat-" + made(c, URLSAFE, 20),
    "Google API key": lambda c: "AI" + "za" + made(c, URLSAFE, 35),
    "Google OAuth secret": lambda c: "GOC" + "SPX-" + made(c, URLSAFE, 28),
    "Anthropic key": lambda c: "sk-" + "ant-api03-" + made(c, URLSAFE, 93) + "AA",
    "OpenAI key": lambda c: "sk-" + "proj-" + made(c, URLSAFE, 74),
    "Hugging Face token": lambda c: "hf" + "_" + made(c, string.ascii_letters, 34),
    "Stripe key": lambda c: c.choice("sr") + "k_" + c.choice(["live", "test"]) + "_" + made(c, ALNUM, 24),
    "Stripe webhook secret": lambda c: "wh" + "sec_" + made(c, ALNUM, 32),
    "Slack token": lambda c: "xo" + "xb-" + made(c, DIGITS, 12) + "-" + made(c, DIGITS, 13) + "-" + made(c, ALNUM, 24),
    "npm token": lambda c: "np" + "m_" + made(c, ALNUM, 36),
    "PyPI token": lambda c: "pypi" + "-AgEI" + made(c, URLSAFE, 150),
    "Vault token": lambda c: "hv" + "s." + made(c, URLSAFE, 90),
    "DigitalOcean token": lambda c: "do" + "p_v1_" + made(c, HEX, 64),
    "Databricks token": lambda c: "da" + "pi" + made(c, HEX, 32),
    "SendGrid key": lambda c: "S" + "G." + made(c, URLSAFE, 22) + "." + made(c, URLSAFE, 43),
    "Mailgun key": lambda c: "key" + "-" + made(c, HEX, 32),
    "Mailgun key, new": lambda c: f"{made(c, HEX, 32)}-{made(c, HEX, 8)}-{made(c, HEX, 8)}",
    "Twilio key": lambda c: "S" + "K" + made(c, HEX, 32),
    "Telegram token": lambda c: made(c, DIGITS, 10) + ":AA" + made(c, URLSAFE, 33),
    "Shopify token": lambda c: "shp" + "at_" + made(c, HEX, 32),
    "Docker token": lambda c: "dckr" + "_pat_" + made(c, URLSAFE, 27),
    "JSON Web Token": lambda c: ".".join(
        [*(_b64url(json.dumps(part)) for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": made(c, HEX, 24)})), made(c, URLSAFE, 43)]
    ),
    "URL with a password": lambda c: f"{c.choice(['postgres', 'redis', 'amqp', 'https', 'mongodb+srv'])}://"
    f"{c.choice(['app', 'root', 'svc-reports', ''])}:{password(c)}@{c.choice(['db', 'cache', 'mq'])}.clinic.example.com:5432/0",
    "URL with a token": lambda c: f"https://api.example.com/v1/r?id=7&{c.choice(['token', 'access_token', 'api_key', 'sig'])}="
    + made(c, ALNUM, 40),
    "connection string": lambda c: f"Server=tcp:db.example.com,1433;Database=clinic;User ID=app;{c.choice(['Password', 'Pwd'])}="
    + password(c) + ";Encrypt=True",
    "Azure storage key": lambda c: "DefaultEndpointsProtocol=https;AccountName=clinic;Account" + "Key=" + made(c, BASE64, 86) + "==",
    "Azure SAS": lambda c: "https://clinic.blob.core.windows.net/a?sv=2022-11-02&sr=b&se=2027-01-01&s" + "ig=" + made(c, ALNUM, 43) + "%3D",
}  # fmt: skip

# Secrets that are known by their names

NAMED = {
    "AWS secret key": ("AWS_SECRET_ACCESS_KEY aws_secret_access_key secretAccessKey", lambda c: made(c, BASE64, 40)),
    "AWS session token": ("AWS_SESSION_TOKEN aws_session_token sessionToken", lambda c: made(c, BASE64, 300) + "=="),
    "Cloudflare token": ("CLOUDFLARE_API_TOKEN cf_api_token apiToken", lambda c: made(c, URLSAFE, 40)),
    "Datadog key": ("DD_API_KEY datadog_api_key apiKey", lambda c: made(c, HEX, 32)),
    "SideFX client secret": ("SIDEFX_CLIENT_SECRET client_secret clientSecret", lambda c: made(c, ALNUM, 40)),
    "signing key": ("SIGNING_KEY jwt_secret session-secret", lambda c: made(c, BASE64, 43) + "="),
    "password": ("password DB_PASSWORD smtp.password db-passwd userPassword PGPASSWORD", password),
    "Azure client secret": ("AZURE_CLIENT_SECRET client-secret clientSecret", lambda c: made(c, ALNUM, 3) + "8Q~" + made(c, URLSAFE, 34)),
}  # fmt: skip


def _b64url(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


# What a secret is written in. Those of a first kind give it a name; those of the second one only hold it.

WITH_NAME = {
    "Python": (".py", lambda n, v: f'import os\n\n{_snake(n).upper()} = "{v}"\n'),
    "Python dict": (".py", lambda n, v: f"SETTINGS = {{'host': 'x', '{n}': '{v}'}}\n"),
    "Python argument": (".py", lambda n, v: f'client = Client(host=HOST, {_snake(n)}="{v}", timeout=3)\n'),
    "Python default": (".py", lambda n, v: f'{_snake(n)} = os.environ.get("{n}", "{v}")\n'),
    "Python comment": (".py", lambda n, v: f"def handler():\n    # {n}: {v}\n    return 1\n"),
    "Python, next line": (".py", lambda n, v: f'{_snake(n)} = (\n    "{v}"\n)\n'),
    "JSON": (".json", lambda n, v: json.dumps({"host": "api.example.com", n: v}, indent=2)),
    "JSON in one line": (".json", lambda n, v: json.dumps({"a": [1, 2], "auth": {n: v}})),
    "JSON list": (".json", lambda n, v: json.dumps({"users": ["a", "b"], n: [v]}, indent=1)),
    "JSON name and value": (".json", lambda n, v: json.dumps({"environment": [{"name": n, "value": v}]}, indent=1)),
    "YAML": (".yaml", lambda n, v: f"host: api.example.com\n{n}: {v}\n"),
    "YAML, quoted": (".yml", lambda n, v: f"a:\n  b:\n    - {n}: '{v}'\n"),
    "YAML, next line": (".yaml", lambda n, v: f"{n}:\n  {v}\nother: 1\n"),
    "YAML, folded": (".yaml", lambda n, v: f"{n}: >-\n  {v}\n"),
    "environment": (".txt", lambda n, v: f"A=1\nexport {_snake(n).upper()}={v}\n"),
    "ini": (".ini", lambda n, v: f"[api]\nhost = x\n{n} = {v}\n"),
    "toml": (".toml", lambda n, v: f'[api]\n{n.replace(".", "_")} = "{v}"\n'),
    "properties": (".properties", lambda n, v: f"app.{n}={v}\n"),
    "CSV": (".csv", lambda n, v: f"name,{n},since\nclinic a,{v},2024\n"),
    "CSV with semicolons": (".csv", lambda n, v: f'"{n}";"{v}"\n"host";"x"\n'),
    "XML": (".xml", lambda n, v: f"<settings>\n  <{n}>{v}</{n}>\n</settings>\n"),
    "XML attributes": (".config", lambda n, v: f'<add key="{n}" value="{v}" />\n'),
    "notebook": (".ipynb", lambda n, v: json.dumps({"cells": [{"source": [f'{_snake(n)} = "{v}"\n', "x"]}]}, indent=1)),
    "Markdown": (".md", lambda n, v: f"# Notes\n\nUse {n}: `{v}` for staging.\n"),
    "Markdown, bold": (".md", lambda n, v: f"- **{n}:** {v}\n"),
    "Markdown table": (".md", lambda n, v: f"| name | value |\n| --- | --- |\n| {n} | {v} |\n"),
    "JavaScript": (".js", lambda n, v: f"const config = {{ {_snake(n)}: '{v}' }};\n"),
    "shell": (".sh", lambda n, v: f"#!/bin/sh\n./deploy --{_snake(n).replace('_', '-')} {v} --now\n"),
    "Dockerfile": ("", lambda n, v: f"FROM scratch\nENV {_snake(n).upper()} {v}\n"),
    "TypeScript": (".ts", lambda n, v: f"export const {_snake(n)}: string = '{v}';\n"),
    "JavaScript default": (".js", lambda n, v: f"const x = process.env.{_snake(n)} || '{v}';\n"),
    "Python class": (".py", lambda n, v: f'class Settings:\n    {_snake(n)}: Final[str] = "{v}"\n'),
    "Python bytes": (".py", lambda n, v: f'{_snake(n)} = b"{v}"\n'),
    "Python call": (".py", lambda n, v: f'monkeypatch.setenv("{n}", "{v}")\n'),
    "Python address": (".py", lambda n, v: f'URL = f"https://api.example.com/x?{_snake(n)}={v}&page={{page}}"\n'),
    "Java": (".java", lambda n, v: f'private static final String {_snake(n)} = "{v}";\n'),
    "Ruby": (".rb", lambda n, v: f":{_snake(n)} => '{v}',\n"),
    "batch": (".bat", lambda n, v: f"set {_snake(n)}={v}\r\n"),
    "PowerShell": (".ps1", lambda n, v: f"$env:{_snake(n)} = '{v}'\n"),
    "SQL": (".sql", lambda n, v: f"CREATE USER app WITH PASSWORD '{v}';\n"),
    "SQL, identified by": (".sql", lambda n, v: f"ALTER USER app IDENTIFIED BY '{v}';\n"),
    "compose": (".yml", lambda n, v: f"services:\n  db:\n    environment:\n      - {_snake(n).upper()}={v}\n"),
    "YAML block": (".yaml", lambda n, v: f"data:\n  conf: |\n    {n}={v}\n"),
    "YAML name and value": (".yaml", lambda n, v: f"env:\n  - name: {n}\n    value: {v}\n"),
    "Kubernetes secret": (".yaml", lambda n, v: f"kind: Secret\ndata:\n  {n}: {base64.b64encode(v.encode()).decode()}\n"),
    "header on a command line": (".sh", lambda n, v: f"curl -s -H 'X-{n}: {v}' https://x\n"),
    "log": (".log", lambda n, v: f"2024-01-01 INFO started with {n}={v}, port=80\n"),
    "HTML": (".html", lambda n, v: f'<input type="hidden" name="{n}" value="{v}">\n'),
    "CDATA": (".xml", lambda n, v: f"<{n}><![CDATA[{v}]]></{n}>\n"),
    "property list": (".plist", lambda n, v: f"<dict><key>{n}</key>\n<string>{v}</string></dict>\n"),
    "TSV": (".tsv", lambda n, v: f"id\t{n}\n1\t{v}\n"),
    "Markdown sentence": (".md", lambda n, v: f"The {n} is `{v}` for now.\n"),
    "UTF-16": (".txt", lambda n, v: f"host=x\r\n{n}={v}\r\n".encode("utf-16")),
    "UTF-16 without its mark": (".txt", lambda n, v: f"host=x\r\n{n}={v}\r\n".encode("utf-16-le")),
    "Latin-1": (".json", lambda n, v: f'{{"name": "Andr\u00e9", "{n}": "{v}"}}'.encode("latin-1")),
    "zip": (".zip", lambda n, v: zipped({"a/conf.json": json.dumps({n: v})})),
    "gzip": (".gz", lambda n, v: gzip.compress(f"{n}: {v}\n".encode())),
}  # fmt: skip
ALONE = {
    "Python list": (".py", lambda v: f'KNOWN = [\n    "{v}",\n]\n'),
    "JSON list": (".json", lambda v: json.dumps([v])),
    "JSON member": (".json", lambda v: json.dumps({"x": {"data": v}}, indent=2)),
    "CSV": (".csv", lambda v: f"clinic,token\nclinic a,{v}\n"),
    "CSV without headings": (".csv", lambda v: f"a,b,{v}\n"),
    "lines": (".txt", lambda v: f"{v}\n"),
    "YAML list": (".yaml", lambda v: f"values:\n  - {v}\n"),
    "comment": (".py", lambda v: f"# was {v}\nX = 1\n"),
    "Markdown": (".md", lambda v: f"```\ncurl -H 'Authorization: Bearer {v}' https://x\n```\n"),
    "header": (".py", lambda v: f'headers = {{"Authorization": "Bearer {v}"}}\n'),
    "notebook output": (".ipynb", lambda v: json.dumps({"outputs": [{"text": [f"connected with {v}\n"]}]})),
    "HTML": (".html", lambda v: f"<script>start('{v}')</script>\n"),
    "UTF-16": (".csv", lambda v: f"id,token\r\n1,{v}\r\n".encode("utf-16")),
    "pickle": (".pkl", lambda v: pickle.dumps({"x": [v]})),
    "SQLite": (".db", sqlite),
    "zip": (".zip", lambda v: zipped({"notes.txt": v})),
    "zip in a zip": (".whl", lambda v: zipped({"inner.zip": zipped({"a.csv": f"1,{v}\n"})})),
    "gzip": (".json.gz", lambda v: gzip.compress(json.dumps([v]).encode())),
    "bzip2": (".bz2", lambda v: bz2.compress(v.encode())),
    "base64": (".txt", lambda v: base64.b64encode(f"{v}:{v}".encode()).decode() + "\n"),
}


# Keys, and what holds keys and logins in a form of its own


def keys(chance):
    """A private key in each of its forms. The numbers in it are random, and no key."""
    body = bytes(chance.getrandbits(8) for _ in range(1_190))
    pkcs8 = (
        b"\x30\x82\x04\xbe\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82\x04\xa8"
        + body
    )
    pkcs1 = b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01\x00" + body[:1_178]
    curve = b"\x30\x77\x02\x01\x01\x04\x20" + body[:114]
    edwards = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20" + body[:32]
    der = chance.choice([pkcs8, pkcs1, curve, edwards])
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    kind = chance.choice(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
    pem = f"-----BEGIN {kind}PRIVATE " + f"KEY-----\n{lines}\n-----END {kind}PRIVATE " + "KEY-----\n"
    login = base64.b64encode(f"robot:{password(chance)}".encode()).decode()
    return {
        "PEM": (".pem", pem),
        "PEM in Python": (".py", f'KEY = """{pem}"""\n'),
        "PEM in JSON": (".json", json.dumps({"type": "service_account", "private_key": pem})),
        "PEM in base64": (".yaml", f"users:\n- user:\n    client-key-data: {base64.b64encode(pem.encode()).decode()}\n"),
        "DER": (".der", der),
        "key without its first line": (".txt", lines),
        "key in one line": (".py", f'K = "{text}"\n'),
        "JSON Web Key": (".json", json.dumps({"kty": "EC", "crv": "P-256", "x": made(chance, URLSAFE, 43), "d": made(chance, URLSAFE, 43)})),
        "kubeconfig": (".yaml", f"users:\n- name: admin\n  user:\n    token: {made(chance, URLSAFE, 60)}\n"),
        "dockerconfigjson": (".json", json.dumps({"auths": {"ghcr.io": {"auth": login}}})),
        "Kubernetes secret": (".yaml", f"kind: Secret\ndata:\n  .dockerconfigjson: {base64.b64encode(json.dumps({'auths': {'x': {'auth': login}}}).encode()).decode()}\n"),
        "basic header": (".py", f'headers = {{"Authorization": "Basic {login}"}}\n'),
        "curl": (".sh", f"curl -u robot:{password(chance)} https://api.example.com\n"),
        "netrc": (".txt", f"machine api.example.com login robot password {password(chance)}\n"),
    }  # fmt: skip


def planted_own(seed, count=48):
    """Files with what Extra Horizon hands out."""
    chance = random.Random(f"own {seed}")  # noqa: S311 - the same ones each time
    kinds = list(OWN)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield _planted(chance, kind, OWN[kind](chance), OWN_NAMES, named=chance.random() < 0.5)


def planted_others(seed, count=96):
    """Files with secrets of others, each kind at least once: some by form, some by name, and keys."""
    chance = random.Random(f"others {seed}")  # noqa: S311 - the same ones each time
    kinds = [*KNOWN, *NAMED, *NAMED, *keys(chance)]
    chance.shuffle(kinds)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        if kind in KNOWN:
            names = ["value", "x", "API_TOKEN", "secret", "config"]
            yield _planted(chance, kind, KNOWN[kind](chance), names, named=chance.random() < 0.5)
        elif kind in NAMED:
            names, make = NAMED[kind]
            yield _planted(chance, kind, make(chance), names.split(), named=True)
        else:
            suffix, content = keys(chance)[kind]
            content = content.encode() if isinstance(content, str) else content
            yield Planted(kind, "its own", f"shared/f{suffix}", content, "\0")


def _planted(chance, kind, value, names, *, named):
    form = chance.choice(list(WITH_NAME if named else ALONE))
    if named:
        suffix, write = WITH_NAME[form]
        content = write(chance.choice(names), value)
    else:
        suffix, write = ALONE[form]
        content = write(value)
    return Planted(kind, form, f"shared/f{suffix}", content if isinstance(content, bytes) else content.encode(), value)
