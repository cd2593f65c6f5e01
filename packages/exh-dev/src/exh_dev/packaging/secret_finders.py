"""Detectors of secrets in text: by token format, by the name of a value, by randomness, and in base64."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from exh_dev.packaging.secret_providers import Found, by_form
from exh_dev.packaging.secret_streams import is_compressed, unpack
from exh_dev.packaging.secret_texts import is_private_key
from exh_dev.packaging.secret_values import HINT, entropy, is_random, looks_secret, names_a_secret, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = (".py", ".pyi", ".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx")
_TABLES = (".csv", ".tsv", ".txt", ".md", "")
PLATFORM = "a key, secret or token of Extra Horizon"
NAMED = "a value that its name calls a secret"
RANDOM = "a random string, such as a key"

# The platform's own

_HEX = re.compile(r"(?<![A-Za-z0-9])[0-9a-fA-F]{40}(?![A-Za-z0-9])")
#: The same in binary content, where other text may touch it, whose letters a to f count as digits. No hash has 41 to 46
#: digits.
_HEX_IN_BYTES = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{40,46}(?![0-9a-fA-F])")
_FILE_TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_USER_PASSWORD = re.compile(r"Aa1-[\w-]{32}(?![\w-])")  # of the local platform's first user
_OF_A_SECRET = re.compile(r"(?i)consumer|token|secret|credential|oauth|bearer")
_OF_A_HASH = re.compile(
    r"(?i)(?<![a-z])(?:sha|git|rev|tree)(?![a-z])|md5|digest|checksum|"
    r"etag|fingerprint|thumbprint|commit|revision|integrity|hash|blob|ripemd|rustc|llvm|buildnumber|releasemanagerkey|"
    r"(?:reverts?|fix(?:es|ed)|broken (?:by|in)|follow-?up (?:of|to)|introduced (?:by|in)|picked from)[\s:(\"']*$"
)
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@$")  # uses: actions/checkout@…
_SUM = re.compile(r"[0-9a-fA-F]{40} [ *]\S")  # output of sha1sum
_DIFFERENT = 8  # minimum of different digits in a token; a placeholder has fewer
_WIDEST = 20_000  # characters of a table row in which the column of a token is looked up
_APART = 1_000  # maximum of characters between two tokens of one list
_WORDY = re.compile(r"[A-Za-z]{3,}")

# Values with a name

_LONGEST_NAME = 64  # characters before a match of HINT, and as many after it
_SLICE, _LONGEST_HINT = 1_000_000, 10  # characters
_NAME_AFTER = re.compile(r"[\w\-]*")
#: From a name to a quoted string: an assignment, a dict member, an annotated variable, an argument, a comparison.
_TO_QUOTED = re.compile(
    r"""["'`]?\s{0,9}+[\])]?(?:\s?:\s?[A-Za-z_][\w.\[\]| ]{0,40}?)?\s{0,40}+(?:=>|:=|[!=]==?|[:=]|\|\||\?\?|"""
    r"""\b(?:or|is|ist)\b|(?P<comma>,)|(?P<nothing>(?<=[ \t])(?=["'`])))"""
    r"""[ \t]*+(?:[|>][-+]?)?\s{0,80}+(?P<open>[\[({]?)\s{0,80}+[rbfuRBFU]{0,2}(?P<quote>["'`])"""
    r"""(?P<value>[^"'`\n]{0,4000}+)(?P=quote)"""
)
_QUOTED = re.compile(r"""\s{0,80}+,\s{0,80}+[rbfu]{0,2}(["'`])([^"'`\n]{0,4000}+)\1""", re.IGNORECASE)
_PLAIN_VALUE = r"(?P<value>(?:(?:Bearer|Basic|Token|OAuth)\s++)?[^\s\"'`,;&<>{}()\[\]|\\]{6,400})"
_TO_PLAIN = re.compile(
    r"""["'`*_]*+[ \t]*+(?:=>|:=|[:=|]|\b(?:is|ist|est|es)\b)[ \t*_]*+(?:[|>][-+]?)?(?:[ \t]*+\n[ \t]*+(?:-[ \t])?)?"""
    + _PLAIN_VALUE
)
_IN_ADDRESS = re.compile(r"=" + _PLAIN_VALUE)
_IN_CONNECTION = re.compile(r"[ ]?=[ ]?(?P<value>[^\s\"'`;<>{}]{4,400})(?=[;\"'])")
_SPACED = re.compile(r"[ \t]++[\"']?" + _PLAIN_VALUE)
_KEY_BESIDE = 20  # minimum length of a key that follows its name after only a space: a word is shorter
_BEFORE_SPACED = re.compile(
    r"(?:^|[\s\"'])(?:--?[\w-]*|(?:ENV|ARG|setx?|login[ \t]+\S+)[ \t]+[\w-]*|machine .* )$", re.IGNORECASE
)
_IN_ELEMENT = re.compile(r"[^<>\n]{0,80}>\s{0,40}+(?:<!\[CDATA\[)?([^<\]\n]{6,4000}?)\s{0,40}+(?:\]\]>)?</")
_IN_NEXT_ELEMENT = re.compile(r"</key>\s{0,40}+<string>(?P<value>[^<\n]{6,4000})</")  # an Apple property list
_VALUE_OF = re.compile(
    r"""["']?\s{0,40}+,?\s{0,40}+["']?(?:[A-Za-z]{0,40}[vV]alue|default)["']?\s{0,9}[:=]\s{0,9}["']?(?P<value>[^\s"',<>}]{6,400})"""
)
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|\*|--|;)")
#: The text before a name in a docstring; code may look the same, but its values are identifiers.
_IN_DOCSTRING = re.compile(r"""\s*["']{0,3}[A-Za-z ]*$""")
#: Logins on a command line and in SQL, where no name says that a value is a password.
_LOGIN = re.compile(
    r"""\bcurl\b[^\n]{0,200}\s(?:-u|--user)[ =]?["']?[^\s:"'$]{1,80}:(?P<curl>[^\s"'$]{4,200})"""
    r"""|\bIDENTIFIED\s++(?:WITH\s++\S++\s++)?BY\s++["'](?P<sql>[^"'\n]{4,200})""",
    re.IGNORECASE,
)

# Random strings

_LITERAL = re.compile(r"""(["'`])([A-Za-z0-9+/=_.~-]{20,200})\1""")
_LINE = re.compile(r"[^\n]+")
_HEADING = 60  # maximum of characters of a column heading
_RULE = re.compile(r"\|[\s:|-]+\|")  # the line below the headings of a Markdown table
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}")
_BASIC = re.compile(r"\bBasic\s+([A-Za-z0-9+/]{8,}={0,2})")
_RANDOM_HEX, _RANDOM_TEXT = 3.0, 4.5  # bits of entropy a character; a word has at most 3.5
_READABLE = frozenset(b"\t\n\v\f\r" + bytes(range(32, 127)))
_SHORTEST_LOGIN = 12  # characters of base64
_DEEPEST = 2  # levels of base64 in base64, as in a Kubernetes secret
_GZIP_IN_BASE64 = b"H4sI"
_ZIPPED, _UNZIPPED = 2_000_000, 1_000_000  # characters of base64 to unpack, and total bytes unpacked from a text
_DECODED = 200_000  # characters of base64 to decode; a secret, or a file with several, is shorter


def find(text: str, suffix: str, depth: int = 0, *, is_text: bool = True) -> Iterator[Found]:
    """Yield each place in a text that looks like a secret, in any order.

    Args:
        text: text to search.
        suffix: suffix of the file name, such as `.py`.
        depth: how many times the text was decoded from base64.
        is_text: it comes from a text file; in strings of a binary file, other text may touch a token.
    """
    # Escaped quotes, as in notebooks and in JSON within JSON. The length stays the same, and so do positions.
    text = text.replace('\\"', ' "').replace("\\'", " '")
    yield from by_form(text, is_text=is_text)
    yield from _of_the_platform(text, suffix, is_text=is_text)
    yield from _by_name(text, suffix)
    if suffix in _CODE:
        yield from _random(text)
    elif suffix in _TABLES:
        yield from _in_tables(text)
    if depth < _DEEPEST:
        yield from _in_base64(text, depth)


def _of_the_platform(text: str, suffix: str, *, is_text: bool) -> Iterator[Found]:
    """Yield tokens of Extra Horizon: 40 hexadecimal digits, unless the text before them says that they are a hash."""
    for match in _FILE_TOKEN.finditer(text):
        yield Found(match.start(), "a file's token of Extra Horizon")
    for match in _USER_PASSWORD.finditer(text):
        yield Found(match.start(), "a password of the local platform")
    columns: list[str] | None = None
    before, end = "", -4_000
    for match in (_HEX if is_text else _HEX_IN_BYTES).finditer(text):
        begin = match.start()
        digits = match[0].lower()
        if len(set(digits)) < _DIFFERENT or digits.isdigit() or digits.isalpha():
            continue
        # In a list of tokens, the text before the first one applies to all of them.
        if begin - end > _APART or _WORDY.search(text, end, begin):
            before = _before(text, begin)
        line_begin = text.rfind("\n", max(0, begin - _WIDEST), begin) + 1
        if suffix in (".csv", ".tsv") and line_begin:
            columns = _cells(text[: text.find("\n")], _separator(text)) if columns is None else columns
            index = text[line_begin:begin].count(_separator(text))
            before = columns[index] if index < len(columns) and _WORDY.search(columns[index]) else before
        end = match.end()
        if _SUM.match(text, begin) or _PINNED.search(text, max(0, begin - 80), begin):
            continue
        near = before[-80:]
        if _OF_A_HASH.search(near) and not _OF_A_SECRET.search(near[-40:]):
            continue
        yield Found(match.start(), PLATFORM)


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each name that may be the name of a secret."""
    end = 0
    for hint, end_of_hint in _hints(text):
        if hint < end:
            continue
        begin, first = hint, max(0, hint - _LONGEST_NAME)
        while begin > first and ((before := text[begin - 1]) in "_.-" or before.isalnum()):
            begin -= 1
        after = _NAME_AFTER.match(text, end_of_hint, end_of_hint + _LONGEST_NAME)
        end = after.end() if after else end_of_hint
        yield begin, end


def _hints(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each match of `HINT`. A long text is lowercased in slices, to save memory."""
    for begin in range(0, len(text), _SLICE):
        for hint in HINT.finditer(_small(text[begin : begin + _SLICE + _LONGEST_HINT])):
            if hint.start() < _SLICE:
                yield begin + hint.start(), begin + hint.end()


def _small(text: str) -> str:
    """Return a text in lowercase, with the same length."""
    return text.replace("\u0130", "I").lower()  # the only letter that becomes two characters in lowercase


def _before(text: str, begin: int) -> str:
    """Return the text before a token on its line; if that has no word, the closest line above that has one."""
    for line in reversed(text[max(0, begin - 4_000) : begin].split("\n")):
        if _WORDY.search(rest := _HEX.sub("", line)):
            return rest
    return ""


def _by_name(text: str, suffix: str) -> Iterator[Found]:
    """Yield values whose name says that they are secrets, in any notation of names and values."""
    is_code = suffix in _CODE
    for begin, end in _names(text):
        name = text[begin:end]
        if names_a_secret(name):
            for position, value in _values(text, begin, end, is_code=is_code):
                if looks_secret(value, name) or (name.lower() == "auth" and _is_login(value)):
                    yield Found(position, NAMED)
    for match in _LOGIN.finditer(text):
        if looks_secret(match["curl"] or match["sql"], "password"):
            yield Found(match.start(), NAMED)
    for match in _BASIC.finditer(text):
        if _is_login(match[1]):
            yield Found(match.start(), NAMED)


def _values(text: str, begin: int, end: int, *, is_code: bool) -> Iterator[tuple[int, str]]:
    """Yield the position and text of each value that may belong to a name."""
    before = text[max(0, begin - 200) : begin].rpartition("\n")[2]
    name = text[begin:end].lower()
    yield from _in_quotes(text, end, before, name)
    if before.endswith("<") and (element := _IN_ELEMENT.match(text, end)):
        yield element.start(1), element[1]
    forms = [_VALUE_OF, _IN_NEXT_ELEMENT]
    if before.endswith(("?", "&")):
        forms.append(_IN_ADDRESS)
    if before.count('"') % 2 or before.count("'") % 2:
        forms.append(_IN_CONNECTION)
    if name == "bearer" or name[0] == "-" or _BEFORE_SPACED.search(before):
        forms.append(_SPACED)
    if not is_code or _COMMENT.search(before):
        forms.append(_TO_PLAIN)
    for match in filter(None, (form.match(text, end) for form in forms)):
        yield match.start("value"), match["value"]
    if (beside := _SPACED.match(text, end)) and len(beside["value"]) >= _KEY_BESIDE and is_random(beside["value"]):
        yield beside.start("value"), beside["value"]
    if is_code and _IN_DOCSTRING.match(before) and (plain := _TO_PLAIN.match(text, end)):
        value = plain["value"]
        if (is_random(value) or not value.isidentifier()) and not text.startswith(("(", "["), plain.end()):
            yield plain.start("value"), value


def _in_quotes(text: str, end: int, before: str, name: str) -> Iterator[tuple[int, str]]:
    """Yield the quoted string after a name that ends at `end`; after the start of a list, all of its strings."""
    quoted = _TO_QUOTED.match(text, end)
    if quoted is None or (quoted["nothing"] is not None and name == "pass"):  # the verb, as in `pass "--force"`
        return
    # A comma follows a name only in a list of names and values, where the name is quoted and not a value itself.
    is_listed = before.endswith(('"', "'")) and not before[:-1].rstrip().endswith((":", "="))
    if quoted["comma"] and not is_listed:
        return
    yield quoted.start("value"), quoted["value"]
    position = quoted.end()
    while quoted["open"] and (more := _QUOTED.match(text, position)):
        yield more.start(2), more[2]
        position = more.end()


def _in_tables(text: str) -> Iterator[Found]:
    """Yield secrets in CSV and in tables of documents: below a heading, or beside a cell, that names a secret."""
    separator = _separator(text)
    if separator not in text[:4_000] or next(_hints(text), None) is None:
        return
    count = 0
    secret: dict[int, str] = {}  # headings that name a secret, by column
    before = ""
    for line in _LINE.finditer(text):
        row = line[0]
        if line.start() == 0 or (separator == "|" and _RULE.fullmatch(row.strip())):
            columns = _cells(before or row, separator)
            count = len(columns)
            secret = {index: name for index, name in enumerate(columns) if _is_heading_of_secrets(name)}
        before = row
        if not secret and not HINT.search(_small(row)):
            continue
        cells = _cells(row, separator)
        for index, cell in enumerate(cells if len(cells) > 1 else []):
            beside = cells[index - 1] if index else ""
            for name in (secret.get(index, "") if count == len(cells) else "", beside):
                if name and _is_heading_of_secrets(name) and looks_secret(cell, name):
                    yield Found(line.start(), NAMED)


def _is_heading_of_secrets(name: str) -> bool:
    return len(name) < _HEADING and names_a_secret(name)


def _separator(text: str) -> str:
    head = text[:4_000]
    return max(",;\t|", key=head.count)


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip(" \t\r\n\"'`*") for cell in line.strip("\r\n").split(separator)]


def _random(text: str) -> Iterator[Found]:
    """Yield random string literals in code: longer than a word, and shorter than an embedded file."""
    for match in _LITERAL.finditer(text):
        value = match[2]
        near = text[max(0, match.start() - 80) : match.start()].rpartition("\n")[2]
        if _UUID.fullmatch(value) or near.endswith("base64,") or _OF_A_HASH.search(near) or _OF_A_HASH.match(value):
            continue
        if re.fullmatch(r"[0-9a-fA-F]{32,}", value):
            if entropy(value.lower()) >= _RANDOM_HEX and not value.isdigit():
                yield Found(match.start(), RANDOM)
        elif entropy(value) >= _RANDOM_TEXT and _is_mixed(value) and len(words(value)) > len(value) / 5:
            yield Found(match.start(), RANDOM)


def _is_mixed(value: str) -> bool:
    """Return whether lowercase letters, capitals and digits are mixed, and not in the order of an alphabet."""
    rising = sum(ord(after) - ord(before) == 1 for before, after in pairwise(value))
    return (
        rising < len(value) / 3
        and any(map(str.isdigit, value))
        and any(map(str.isupper, value))
        and any(map(str.islower, value))
    )


def _in_base64(text: str, depth: int) -> Iterator[Found]:
    left = _UNZIPPED if depth == 0 else 0
    for match in _BASE64.finditer(text):
        encoded = match[0][:_DECODED]
        if encoded[0] == "M" and is_private_key(_decoded(encoded[:64]) or b""):
            yield Found(match.start(), "Private Key")
            continue
        head = _decoded(encoded[:64]) or b""
        if is_compressed(head) or head.startswith(_GZIP_IN_BASE64):
            content = _unzipped(match[0], left)
            left -= len(content)
        else:
            content = (_decoded(encoded) or b"") if head and _is_readable(head) else b""
        if content:
            for found in find(content.decode("utf-8", "replace"), ".txt", depth + 1):
                yield Found(match.start(), f"{found.kind}, in base64")


def _unzipped(encoded: str, limit: int) -> bytes:
    """Return the decompressed content of gzip in base64, or in base64 twice, as Helm stores its releases."""
    content = _decoded(encoded[:_ZIPPED]) or b""
    if content.startswith(_GZIP_IN_BASE64):
        content = _decoded(content.decode("latin-1")) or b""
    return unpack(content, limit).content if is_compressed(content) and limit > 0 else b""


def _decoded(encoded: str) -> bytes | None:
    """Decode base64, without an incomplete group at its end; None where that is impossible."""
    encoded = encoded.rstrip("=")
    encoded = encoded[: len(encoded) - (len(encoded) % 4 == 1)]
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        return None


def _is_login(encoded: str) -> bool:
    """Return whether base64 encodes `user:password`, as in a Basic header and in Docker's configuration."""
    content = _decoded(encoded) if encoded.isascii() and len(encoded) >= _SHORTEST_LOGIN else None
    return content is not None and b":" in content[1:-3] and _is_readable(content)


def _is_readable(content: bytes) -> bool:
    return sum(byte in _READABLE for byte in content) >= len(content) * 0.95
