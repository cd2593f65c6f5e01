"""Calls to an OpenID Connect provider: tokens for an authorization code, and user information.

Only a provider on this machine is called, so that local runs never log in elsewhere and tests need no network. Its host
must be a loopback address or `localhost`, which is not resolved by DNS. Redirects and proxies are not used, so that
requests stay on this machine too. The client proves itself with `client_secret_basic`, as the platform's documentation
says. A provider record has no keys: those of RS256 are found through the discovery document of its `issuerId` (OpenID
Connect Discovery 1.0, section 4).
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from exh_dev.platform.auth.id_tokens import RS256, IdToken, IdTokenError
from exh_dev.platform.http.bodies import parse_json
from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.platform.storage.store import Document
    from exh_dev.platform.storage.timestamps import Clock

_LOCALHOST, _LOCALHOSTS = "localhost", ("127.0.0.1", "::1")
_TIMEOUT = 5  # seconds for a provider to connect, and to go on answering
_LONGEST = 10.0  # seconds for an entire call
_LARGEST = 1024 * 1024  # bytes of an answer
_MOST_OF_A_REASON = 200  # characters of what a provider says went wrong
_DISCOVERY = "/.well-known/openid-configuration"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ACCESS_TOKEN = re.compile(r"[\x20-\x7e]+")  # RFC 6749, appendix A.12
_REASONS = ("error", "error_description")
_SHORTEST_SECRET = 6  # characters; whatever is shorter may be a part of any word
_OK = 200
_ACCEPT = {"Accept": "application/json"}


@dataclass(frozen=True)
class Login:
    """A login at a provider, from a verified ID token.

    Attributes:
        subject: the provider's id of the user.
        nonce: nonce of the authentication URL, if any.
        access_token: token for the userinfo endpoint.
    """

    subject: str
    nonce: str | None
    access_token: str


@dataclass(frozen=True)
class Person:
    """A provider's claims about a user; a missing name is empty."""

    email: str
    first_name: str
    last_name: str


async def exchange(provider: Document, code: str, *, clock: Clock) -> Login:
    """Redeem an authorization code at a provider, and verify the returned ID token.

    Raises:
        ErrorAnswer: 139 when the provider does not accept the code, or is not on this machine; 138 when it cannot be
            reached or its answer is invalid; 136 when the ID token is not valid.
    """
    for member in ("tokenEndpoint", "userinfoEndpoint"):
        if not is_on_loopback(provider[member]):
            raise ErrorAnswer(
                139,
                f"The {member} of the provider {provider['name']} is not on this machine, and the local platform calls "
                "only local providers. GET /_dev/oidc/provider shows the built-in one",
            )
    basic = f"{quote_plus(provider['clientId'])}:{quote_plus(provider['clientSecret'])}"  # RFC 6749, section 2.3.1
    headers = {
        "Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    secrets = (code, provider["clientSecret"])
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": provider["redirectUri"]}
    status, answer = await _ask("token endpoint", "POST", provider["tokenEndpoint"], headers, urlencode(form))
    answer = _without(secrets, answer)
    if status != _OK and answer.get("error") == "invalid_grant":
        reason = answer.get("error_description") or "invalid_grant"
        raise ErrorAnswer(139, f"The authorization code was not accepted by the provider: {_short(reason)}")
    token, access_token = answer.get("id_token"), answer.get("access_token")
    if status != _OK or not isinstance(token, str) or not isinstance(access_token, str):
        raise _unexpected("token endpoint", status, answer, "it has no id_token or no access_token")
    if not _ACCESS_TOKEN.fullmatch(access_token):
        raise _unexpected("token endpoint", status, answer, "its access_token has characters that none can have")
    try:
        id_token = IdToken.read(token)
        keys = await _keys(provider) if id_token.algorithm == RS256 else ()
        id_token.check_signature(secret=provider["clientSecret"], keys=keys)
        subject = id_token.check_claims(issuer=provider["issuerId"], client_id=provider["clientId"], now=clock())
    except IdTokenError as error:
        raise ErrorAnswer(136, f"The ID token of the provider is invalid: {error}") from None
    nonce = id_token.claims.get("nonce")
    return Login(subject, nonce if isinstance(nonce, str) else None, access_token)


async def person_of(provider: Document, login: Login) -> Person:
    """Return a provider's information about a logged-in user.

    Raises:
        ErrorAnswer: 138 when it cannot be reached, or answers another user or no e-mail address.
    """
    headers = {"Authorization": f"Bearer {login.access_token}"}
    status, answer = await _ask("userinfo endpoint", "GET", provider["userinfoEndpoint"], headers)
    answer = _without((login.access_token,), answer)
    if status != _OK:
        raise _unexpected("userinfo endpoint", status, answer, "")
    if answer.get("sub") != login.subject:  # OpenID Connect Core 1.0, section 5.3.2
        raise _unexpected("userinfo endpoint", status, answer, "its sub is not that of the ID token")
    email = answer.get("email")
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise _unexpected("userinfo endpoint", status, answer, "it has no email")
    first, last = (answer.get(name) for name in ("given_name", "family_name"))
    return Person(email, first if isinstance(first, str) else "", last if isinstance(last, str) else "")


def is_on_loopback(url: str) -> bool:
    """Return whether a URL is of this machine."""
    try:
        parts = urlsplit(url)
        name, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    try:
        return name == _LOCALHOST or ip_address(name).is_loopback
    except ValueError:
        return False


async def _keys(provider: Document) -> list[Mapping[str, Any]]:
    where = provider["issuerId"].removesuffix("/") + _DISCOVERY
    if not is_on_loopback(where):
        raise IdTokenError(
            f"it is signed with {RS256}, and the keys cannot be asked for: the issuerId is not on this machine"
        )
    status, answer = await _ask("discovery document", "GET", where)
    uri = answer.get("jwks_uri")
    if status != _OK or not isinstance(uri, str) or not is_on_loopback(uri):
        raise _unexpected("discovery document", status, answer, "it has no jwks_uri on this machine")
    status, answer = await _ask("jwks_uri", "GET", uri)
    keys = answer.get("keys")
    if status != _OK or not isinstance(keys, list):
        raise _unexpected("jwks_uri", status, answer, "it has no keys")
    return [key for key in keys if isinstance(key, dict)]


async def _ask(
    what: str, method: str, url: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a request to a provider on a separate thread, because it may be this platform itself.

    Returns:
        The status and the JSON object of the answer.
    """
    try:
        connection = _Connection(url)
        timer = asyncio.get_running_loop().call_later(_LONGEST, connection.cut)
        try:
            status, content = await asyncio.to_thread(
                _send, connection, method, url, {**(headers or {}), **_ACCEPT}, body
            )
        finally:
            timer.cancel()
    except (OSError, HTTPException, ValueError) as error:
        # Of what is wrong with a request or an answer, the library's message may quote a part, such as a header.
        reason = f"{type(error).__name__}: {_short(error)}" if isinstance(error, OSError) else type(error).__name__
        raise ErrorAnswer(138, f"The {what} of the provider cannot be reached ({reason}): is it running?") from None
    try:
        answer = parse_json(content)
    except ErrorAnswer:
        answer = None
    if isinstance(answer, dict):
        return status, answer
    raise _unexpected(what, status, {}, "it is not a JSON object")


class _Connection(HTTPConnection):
    """A connection to this machine, whatever a resolver says."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.default_port = 443 if parts.scheme == "https" else 80
        super().__init__(parts.hostname or "", parts.port or self.default_port, timeout=_TIMEOUT)
        self._context = ssl.create_default_context() if parts.scheme == "https" else None
        self._late = threading.Event()

    def cut(self) -> None:
        """End the call from another thread, because a socket's timeout restarts with each byte."""
        self._late.set()
        if isinstance(self.sock, socket.socket):
            with suppress(OSError):  # it has ended meanwhile
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise if the time is over; the received data may be incomplete then.

        Raises:
            TimeoutError: the time is over.
        """
        if self._late.is_set():
            raise TimeoutError(f"no complete answer within {_LONGEST:g} s")

    def connect(self) -> None:
        """Connect; `localhost` is the first of its addresses that takes it."""
        *others, last = _LOCALHOSTS if self.host == _LOCALHOST else (self.host,)
        for address in others:
            with suppress(OSError):  # the next address may take it
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
        else:
            self.sock = socket.create_connection((last, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context:
            secure = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = secure  # from now on it can be cut
            secure.do_handshake()
        self.check()


def _send(
    connection: _Connection, method: str, url: str, headers: Mapping[str, str], body: str | None
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    try:
        connection.check()
        connection.request(method, (parts.path or "/") + query, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)
    finally:
        connection.close()
        connection.check()


def _without(secrets: Sequence[str], answer: dict[str, Any]) -> dict[str, Any]:
    """Return a provider's error answer without secrets, because it is quoted in messages and login attempts."""
    for name in _REASONS:
        reason = answer.get(name)
        if isinstance(reason, str):
            for secret in secrets:
                reason = reason.replace(secret, "…") if len(secret) >= _SHORTEST_SECRET else reason
            answer = {**answer, name: reason}
    return answer


def _unexpected(what: str, status: int, answer: Mapping[str, Any], problem: str) -> ErrorAnswer:
    """Return the platform's error 138, with the status and the reasons of the answer."""
    reasons = [answer[name] for name in _REASONS if isinstance(answer.get(name), str)]
    found = ", ".join([f"HTTP {status}", *map(_short, reasons), *([problem] if status == _OK else [])])
    return ErrorAnswer(138, f"The {what} of the provider gave an unexpected result: {found}")


def _short(text: object) -> str:
    """Return what a provider says, as a part of one line."""
    return " ".join(str(text).split())[:_MOST_OF_A_REASON]
