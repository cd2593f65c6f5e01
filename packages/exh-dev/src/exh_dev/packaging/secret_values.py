"""Checks of names and values: whether a name says that its value is a secret, and whether the value looks like one.

Neither is enough by itself: `password` may be a label in a translation, a field of a form or a permission; a random
value may be a hash or an id. A secret is found where both checks pass.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

#: Parts of names of secrets, for text in lowercase: a fast search before the checks of a name.
HINT = re.compile("pass|pwd|secret|token|cred|bearer|auth|signature|wachtwoord|kennwort|contrase|key")
_PASSWORDS = frozenset(
    {
        "contrasena", "contraseña", "dbpassword", "kennwort", "pass", "passcode", "passphrase", "passwd", "password",
        "passwort", "pgpassword", "pwd", "rootpassword", "userpassword", "wachtwoord",
    }
)  # fmt: skip
#: Words that are in many other names, too: the value has to look random.
_VAGUE = frozenset({"auth", "authorization", "bearer", "credential", "credentials", "signature"})
_CLEAR = _PASSWORDS | {
    "accesskey", "accesstoken", "apikey", "apitoken", "authkey", "authtoken", "clientsecret", "idtoken", "privatekey",
    "refreshtoken", "secret", "secretkey", "secrets", "sharedkey", "token", "tokens",
}  # fmt: skip
_KINDS_OF_KEYS = frozenset(
    {
        "access", "account", "admin", "api", "app", "client", "deploy", "encryption", "function", "functions", "host",
        "license", "master", "primary", "private", "rsa", "secret", "service", "shared", "signing", "ssh", "storage",
        "subscription", "webhook",
    }
)  # fmt: skip
#: Last words of names that describe a secret but are not one, such as `token_url`.
_ABOUT = frozenset(
    {
        "age", "alg", "algorithm", "arn", "at", "budget", "checker", "class", "column", "columns", "context",
        "cookie", "count", "date", "days", "description", "dialog", "enabled", "endpoint", "endpoints", "env",
        "error", "errors", "expiration", "expired", "expires", "expiry", "factory", "field", "fields", "file",
        "files", "forgot", "form", "format", "generator", "handler", "hasher", "header", "headers", "help",
        "hint", "hints", "host", "hours", "id", "ids", "index", "kind", "label", "labels", "len", "length",
        "lifetime", "limit", "limits", "manager", "max", "maximum", "message", "messages", "method", "mgr",
        "min", "minimum", "minutes", "mode", "name", "names", "option", "options", "page", "param", "parameter",
        "parameters", "params", "path", "paths", "pattern", "permission", "permissions", "placeholder",
        "policy", "prefix", "prompt", "provider", "re", "realm", "ref", "reference", "regex", "request",
        "required", "reset", "resource", "response", "role", "rotation", "rule", "rules", "schema", "scope",
        "scopes", "screen", "seconds", "service", "source", "state", "status", "store", "strength", "suffix",
        "template", "templates", "text", "texts", "title", "ttl", "type", "types", "uri", "url", "usage", "use",
        "validator", "var", "variable", "variables", "version", "view", "window",
    }
)  # fmt: skip
#: Words in names of tokens that give no access, such as `csrf_token` and `next_page_token`.
_OPENS_NOTHING = frozenset(
    {
        "bos", "cancel", "cancellation", "continuation", "count", "counts", "csrf", "cursor", "design", "digest", "eos",
        "forgot", "hash", "hashed", "idempotency", "lexer", "mask", "max", "md5", "min", "next", "num", "pad", "page",
        "pagination", "parser", "public", "reset", "sha1", "sha256", "sha512", "special", "sync", "total", "xsrf",
    }
)  # fmt: skip
_NOT_A_NAME = frozenset({"forgot", "get", "has", "is", "no", "on", "reset", "set", "use", "with"})  # as a first word
#: Endings of words that are joined without a separator: SECRETACCESSKEY, authtoken.
_ENDINGS = ("token", "secret", "password", "passwd", "apikey", "accesskey", "secretkey", "privatekey", "signingkey")
_WORD = re.compile(r"[A-ZÄÖÜ]+(?![a-zäöüñ])|[A-ZÄÖÜ]?[a-zäöüñ]+|\d+")
_PLACEHOLDER = re.compile(
    r"[<\[{(].*|\$(?:[A-Z_]+\b|[{(]).*|%(?:\w+%|\(.*|[sdr])|"
    r"(?:your|my|the|some|an?|insert|replace|enter|put|todo|fixme|dummy|fake|sample|example|changeme|change|test|foo|bar|"
    r"none|null|nil|true|false|undefined|redacted|hidden|removed|secret|default|placeholder|not|no)"
    r"[a-z]*+(?:[-_. ][a-z]++)*+\d{0,2}|"
    r"(.)\1+|[*\u2022\u00b7x._-]+|\\[nrtdws].*|[A-Za-z_ :/=-]*%[sd][A-Za-z_ -]*",
    re.IGNORECASE,
)
#: Marks of a template or a regular expression.
_TEMPLATE = re.compile(r"\.\.\.|\u2026|[<{(\[]\w{0,60}[>})\]]|\(\?|\\[dws]")
_ORDERLY = re.compile(
    r"(?:0?123456789|abcdefgh|qwertz|qwerty)\w*|\d{4}-\d\d(?:-\d\d.*)?|\d+[a-z]{1,2}|P[T\dYMWDHS.]+|v?\d+(?:\.\w+)*|"
    r"(?:sha|md|aes|hs|rs|es|ps|ed|oauth|base|utf|ascii|latin|pbkdf|hmac|tls|ssl|http|x|rfc|ecdsa|ed)[-_]?\d{1,5}(?:[-_]\w{1,12})*|"
    r"#?[0-9a-f]{3,8}",
    re.IGNORECASE,
)
_ALGORITHM = re.compile(
    r"(?:(?:hmac|rsa|ecdsa|plaintext|aes|cbc|gcm|sha|md|ed|hs|rs|es|with)[-_]?\d{0,5}[-_]?)+", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]+(?:[-_.:,@ ]+[^\W\d_]+)*[!?.:…]*")
_PLAIN_PART = re.compile(r"[A-Za-z][a-z]{2,}\d{0,2}|\d+|v\d+|[^\W\d_]+")
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:[A-Z][a-z]+|[A-Z]{2,5}(?![a-z])|V?\d{1,3})+")
_PARTS = re.compile(r"[-_.:/]+")
_PART_OF_A_PATH = re.compile(r"[\w@:{}.*-]+")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,8}(?::\d+)?(?:/.*)?")
_CODE = re.compile(r"[A-Za-z_][\w.]*[\[(].*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|self\..*|lambda .*|await .*|new .*")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)  # of Extra Horizon, and of MongoDB
_DIGEST = re.compile(r"(?:sha\d{1,3}|md5|blake2[bs])[=:-][\w+/=-]{20,}", re.IGNORECASE)
_JUDGED = 400  # characters of a value that are checked
_SHORTEST, _SHORTEST_TOKEN = 6, 8  # minimum of characters of a password and of a token
_LONG = 12  # minimum of characters where only the order of the letters shows that a value is random
_WORDS_OF_A_PASSPHRASE = 3
#: Average length of the words in a value: random below the first and second, a name in code from the third.
_A_WORD_AT_RANDOM, _A_WORD_OF_A_JUMBLE, _A_WORD_OF_A_NAME = 2.6, 2.8, 3.4
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|OAuth|ApiKey|Digest|Splunk)\s+", re.IGNORECASE)


def words(name: str) -> list[str]:
    """Return the words of a name in lowercase, in any notation: `clientSecret`, `CLIENT_SECRET`, `client-secret`."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(4_096)  # the same names occur again and again
def names_a_secret(name: str) -> bool:
    """Return whether a name is the name of a secret; `password_field` and `tokenUrl` are not."""
    parts = words(name)
    if not parts or parts[-1] in _ABOUT or parts[0] in _NOT_A_NAME or _OPENS_NOTHING.intersection(parts):
        return False
    if len(parts) > 1 and parts[-1].isdigit():
        parts = parts[:-1]
    if any(part.endswith(_ENDINGS) and not part.startswith(tuple(_OPENS_NOTHING)) for part in parts):
        return True
    return bool((_CLEAR | _VAGUE).intersection(parts)) or any(
        after in ("key", "keys") and before in _KINDS_OF_KEYS for before, after in pairwise(parts)
    )


def names_a_password(name: str) -> bool:
    """Return whether a name is the name of a password, which is chosen by people and may be made of words."""
    return bool(_PASSWORDS.intersection(words(name)))


@lru_cache(4_096)
def looks_secret(value: str, name: str) -> bool:
    """Return whether a value looks like the kind of secret that `name` says it is."""
    value = _SCHEME.sub("", value.strip(), count=1).strip("\"'`")[:_JUDGED]
    if len(value) < _SHORTEST or _TEMPLATE.search(value) or _is_place(value):
        return False
    if any(form.fullmatch(value) for form in (_PLACEHOLDER, _ORDERLY, _ID, _CODE, _ALGORITHM, _DIGEST)):
        return False
    return _is_password(value) if names_a_password(name) else _is_token(value, words(name))


def _is_password(value: str) -> bool:
    """Return whether a value may be a password, chosen by a person or a password manager."""
    if _WORDS.fullmatch(value):
        return _is_passphrase(value)
    return value.isdigit() or _kinds(value) > 1


def _is_token(value: str, name: list[str]) -> bool:
    """Return whether a value may be a token generated by a program."""
    if _UUID.fullmatch(value):
        return "token" not in name
    if value.isdigit() or _HOST.fullmatch(value) or _is_name(value):
        return False
    parts = [part for part in _PARTS.split(value) if part]
    if _WORDS.fullmatch(value) or (len(parts) > 1 and all(map(_PLAIN_PART.fullmatch, parts))):
        return any(_is_jumbled(part) for part in parts)
    if _VAGUE.intersection(name) and not _CLEAR.intersection(name):
        return len(value) >= _LONG and is_random(value)
    return len(value) >= _SHORTEST_TOKEN and _kinds(value) > 1 and (any(map(str.isdigit, value)) or _is_jumbled(value))


def entropy(text: str) -> float:
    """Return the Shannon entropy of a string, in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _kinds(value: str) -> int:
    """Return how many of these a value has: letters, digits, other characters."""
    return any(map(str.isalpha, value)) + any(map(str.isdigit, value)) + any(not char.isalnum() for char in value)


def _is_passphrase(value: str) -> bool:
    """Return whether words are a passphrase, and not a label such as `enter-your-password`."""
    parts = _PARTS.split(value)
    return len(parts) >= _WORDS_OF_A_PASSPHRASE and not any(names_a_secret(part) for part in parts)


def is_random(value: str) -> bool:
    """Return whether letters, digits and capitals alternate as they do in no word."""
    return len(value) / max(1, len(words(value))) < _A_WORD_AT_RANDOM


def _is_jumbled(value: str) -> bool:
    """Return whether lowercase letters and capitals alternate as they do in no word."""
    return len(value) >= _LONG and len(value) / max(1, len(words(value))) < _A_WORD_OF_A_JUMBLE


def _is_name(value: str) -> bool:
    """Return whether a value is a name in code, such as `FIREWALL_POLICY_V2`, or the name of another secret."""
    is_identifier = _IDENTIFIER.fullmatch(value) or (value.isidentifier() and names_a_secret(value))
    return bool(is_identifier) and len(value) / max(1, len(words(value))) >= _A_WORD_OF_A_NAME


def _is_place(value: str) -> bool:
    """Return whether a value is prose, a URL, an ARN or a path: names between slashes or backslashes."""
    if re.search(r"\s", value) or "://" in value or value.startswith(("arn:", "./", "../", "~/")):
        return True
    parts = [part for part in re.split(r"[/\\]+", value) if part]
    is_path = len(parts) > 1 or value[0] == "/"
    return is_path and all(_PART_OF_A_PATH.fullmatch(part) and not _is_mixed(part) for part in parts)


def _is_mixed(part: str) -> bool:
    return len(part) >= _SHORTEST_TOKEN and all(
        any(map(kind, part)) for kind in (str.isdigit, str.isupper, str.islower)
    )
