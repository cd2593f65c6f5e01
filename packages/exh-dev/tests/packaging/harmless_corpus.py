"""Files of what projects have, none of which holds a secret, in endless variants by a seed."""
# ruff: noqa: E501 - each file is on a line of its own

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import uuid

from tests.packaging.secret_corpus import HEX, made, zipped


def harmless(seed):
    """48 files of what projects have: by name, their content."""
    chance = random.Random(f"harmless {seed}")  # noqa: S311 - the same ones each time

    def raw(count):
        return bytes(chance.getrandbits(8) for _ in range(count))

    def sha1():
        return hashlib.sha1(raw(9), usedforsecurity=False).hexdigest()

    def sha256():
        return hashlib.sha256(raw(9)).hexdigest()

    def b64(count):
        return base64.b64encode(raw(count)).decode()

    def some_id():
        return made(chance, HEX, 24)

    def some_uuid():
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    certificate = b"\x30\x82\x03\x5a\x30\x82\x02\x42\xa0\x03\x02\x01\x02\x02\x09\x00" + raw(842)
    public = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00" + raw(
        270
    )
    word = chance.choice(["clinic", "study", "ward", "practice"])
    return {
        "ids.json": json.dumps({"patients": [some_id() for _ in range(5)], "requestId": some_uuid()}, indent=1),
        "uuids.csv": "device,uuid\n" + "".join(f"d{n},{some_uuid()}\n" for n in range(9)),
        "ids.py": f'GROUP = "{some_id()}"\nNAMESPACE = "{some_uuid()}"\n',
        "requirements.lock": f"a==1.2 --hash=sha256:{sha256()} \\\n    --hash=sha256:{sha256()}\n",
        "package-lock.json": json.dumps({"packages": {"a": {"integrity": f"sha512-{b64(64)}", "resolved": "https://x/a.tgz"}}}),
        "yarn.lock": f'a@^1:\n  resolved "https://x.example.com/a-1.tgz#{sha1()}"\n  integrity sha512-{b64(64)}\n'.replace("#", "?sha="),
        "SHA1SUMS": "".join(f"{sha1()}  data/{word}{n}.bin\n" for n in range(6)),
        "commits.json": json.dumps({"commits": [sha1() for _ in range(7)]}, indent=2),
        "commits_in_a_line.json": json.dumps({"commits": [sha1() for _ in range(40)]}),
        "digests.csv": "file,sha1,bytes\n" + "".join(f"a{n}.bin,{sha1()},{n}\n" for n in range(5)),
        "workflow.yml": f"steps:\n  - uses: actions/checkout@{sha1()} # v6\n  - uses: a/b/c@{sha1()}\n",
        "pins.txt": f"lib @ git+https://git.example.com/{word}/lib@{sha1()}\n",
        "hashes.py": f'EXPECTED_SHA256 = "{sha256()}"\nETAG = "{sha1()[:32]}"\n# fixed in commit {sha1()}\n',
        "etags.json": json.dumps({f"img/{n}.png": {"etag": sha1()[:32], "size": n} for n in range(4)}),
        "font.css": f"@font-face {{ src: url(data:font/woff2;base64,{b64(900)}) }}\n",
        "page.html": f'<img src="data:image/png;base64,{b64(300)}"><script integrity="sha384-{b64(48)}"></script>\n',
        "logo.py": f'LOGO = "data:image/png;base64,{b64(300)}"\n',
        "picture.txt": b64(1_200),
        "image.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + raw(3_000),
        "model.bin": b"\0\1" + raw(20_000),
        "weights.npz": zipped({"w.npy": b"\x93NUMPY\1\0v\0{'descr': '<f4'}" + raw(4_000)}),
        "fonts.zip": zipped({"a.woff2": b"wOF2" + raw(2_000), "OFL.txt": "Copyright, all rights reserved.\n"}),
        "table.csv.gz": gzip.compress(("time,bpm\n" + "".join(f"{n},{60 + n % 9}\n" for n in range(300))).encode()),
        "ca.pem": f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(certificate).decode()}-----END CERTIFICATE-----\n",
        "public.pem": f"-----BEGIN PUBLIC KEY-----\n{base64.encodebytes(public).decode()}-----END PUBLIC KEY-----\n",
        "ca.der": certificate,
        "known_hosts.txt": f"host.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{b64(33)}\n",
        "jwks.json": json.dumps({"keys": [{"kty": "RSA", "kid": sha1()[:16], "use": "sig", "n": b64(256).replace("/", "_"), "e": "AQAB"}]}),
        "environment.py": 'TOKEN = os.environ["API_OAUTH_TOKEN"]\nSECRET = os.getenv("API_OAUTH_TOKEN_SECRET")\npassword = settings.smtp_password\n',
        "calls.py": f'secret = client.get_secret_value(SecretId="prod/{word}/extra-horizon")["SecretString"]\ntoken = task.text("token")\n'
        "def log_in(password: str, token: str | None = None) -> Token: ...\nlog_in(password=password, token=self._token)\n",
        "names.py": f'SECRET_ID = "prod/{word}/extra-horizon"\nPASSWORD_FIELD = "password"\nSECRET_NAME = "{word}-api-2024"\n'
        f'SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{word}-AbC1d2"\nTOKEN_URL = "https://{word}.example.com/oauth2/token"\n',
        "placeholders.yaml": 'password: "<your-password>"\ntoken: ${TOKEN}\nsecret: "{{ secret }}"\napi_key: changeme\nclient_secret: xxxxxxxxxxxx\npwd: "********"\n',
        "examples.py": 'password = "example"\ntoken = "your-token-here"\napi_key = "YOUR_API_KEY"\nsecret = "test"\nauth = ("user", "password")\n',
        "en.json": json.dumps({"password": "Password", "forgot": "Forgot password?", "tokenExpired": "Your token has expired", "secret": "Secret"}, indent=1),
        "nl.json": json.dumps({"password": "Wachtwoord", "passwordHint": "Minstens 8 tekens", "token": "Toegangscode", "login": {"password": "Je wachtwoord"}}),
        "de.json": json.dumps({"password": "Kennwort", "newPassword": "Neues Kennwort", "secret": "Geheimnis", "resetPassword": "Passwort zur\u00fccksetzen"}, ensure_ascii=False),
        "fr.csv": "cl\u00e9;texte\npassword;Mot de passe\ntoken;Jeton\nsecret;Secret\n",
        "schema.json": json.dumps({"properties": {"password": {"type": "string", "minLength": 8}, "token": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}, "required": ["password"]}),
        "api.yaml": "securitySchemes:\n  bearer:\n    type: http\n    scheme: bearer\n    bearerFormat: JWT\n  oauth:\n    tokenUrl: https://x.example.com/oauth2/token\n    password: {flow: password}\n",
        "guide.md": "# Log in\n\nThe password has at least 12 characters. The token is short-lived.\n\n| field | type |\n| --- | --- |\n| password | string |\n| token | string, 40 digits |\n\nPassword: at least 12 characters\n",
        "patterns.py": 'import re\n\nTOKEN = re.compile(r"token=[0-9a-f]{40}")\nSECRET = r"(?i)secret\\s*[:=]\\s*\\S+"\nAUTH = f"Bearer {token}"\n',
        "types.py": 'GRANTS = {"grant_type": "password", "token_type": "bearer"}\nTOKENS = ("access_token", "refresh_token")\nALGORITHM = {"signature": "RS256", "secret_hash": "sha256"}\n',
        "permissions.py": 'NEEDED = ["CREATE_TOKENS", "VIEW_USER", "UPDATE_PASSWORD_POLICY"]\nALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"\n',
        "urls.py": f'DB = "postgres://localhost:5432/{word}"\nCACHE = "redis://cache:6379/0"\nAPI = f"https://{{user}}:{{password}}@api.example.com"\nGIT = "https://git@example.com/{word}.git"\nX = "postgres://app:${{PASSWORD}}@db/x"\n',
        "minified.js": "var a=function(t){return t.token||t.password?e(t.token,2):null},n={key:'systolic',apiKey:t.apiKey,secret:void 0};" * 20,
        "page.json": json.dumps({"nextToken": b64(48), "cursor": b64(24), "count": 20, "items": [{"key": f"{word}/2024/01/a1.json", "etag": sha1()[:32]}]}),
        "service_pb2.py": f"DESCRIPTOR = pool.AddSerializedFile(b'\\n\\x0e{word}.proto\\x12\\x05token\\\"\\x1f\\n\\x08Password\\x12\\x13\\n\\x0bold_password\\x18\\x01 \\x01(\\t')\n",
        "template.yaml": f"Resources:\n  Secret:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      Name: prod/{word}\n      GenerateSecretString: {{PasswordLength: 32}}\n  F:\n    Environment:\n      Variables:\n        API_SECRET_ID: !Ref Secret\n        TOKEN_TTL: 3600\n",
    }  # fmt: skip
