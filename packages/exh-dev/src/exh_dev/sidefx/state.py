"""The state of a local SideFX: application, tokens, builds and recorded requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.sidefx.catalogue import catalogue
from exh_dev.sidefx.functions import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exh_dev.sidefx.catalogue import Build
    from exh_dev.sidefx.failures import Failure, Where

TOKEN_LIFETIME = 43_200  # seconds: SideFX says "within 12 hours"
URL_LIFETIME = 3600  # seconds; SideFX's own is not documented
_DIGITS = 20  # of a time in seconds, at most
KEY_PAIR_ID = "KLOCALSIDEFX"


@dataclass(frozen=True)
class Call:
    """A call as it arrived.

    Attributes:
        function: such as `download.get_daily_builds_list`.
        args: positional arguments.
        kwargs: keyword arguments, the content of files among them.
        filenames: by keyword, what the client called its files.
    """

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    filenames: Mapping[str, str] = field(default_factory=dict)


class LocalSideFX:
    """A SideFX in this process, with one registered application.

    Attributes:
        builds: the catalogue.
        functions: the callable functions by name; more may be added.
        token_lifetime: seconds new tokens are valid for.
        url_lifetime: seconds new download URLs are valid for.
        sorted_as_text: sort build numbers as strings, as SideFX has been seen to do.
        debug: answer a function that raises with an HTML page, as SideFX does in debug mode.
        base_url: base of download URLs; set by each call from its Host header.
        token_requests: number of token requests.
        calls: the calls that reached a function, oldest first.
        downloads: paths and queries of the downloads asked for, oldest first.
        issues: issues stored by `bugs.submit_issue`, oldest first.
        licenses_issued: number of issued keys.
    """

    def __init__(self, client_id: str, client_secret: str, clock: Callable[[], float] = time.time) -> None:
        """Accept this application; `clock` is the time in epoch seconds."""
        self.clock = clock
        self.builds = catalogue(clock())
        self.functions = functions(self)
        self.token_lifetime: float = TOKEN_LIFETIME
        self.url_lifetime: float = URL_LIFETIME
        self.sorted_as_text = False
        self.debug = False
        self.base_url = ""
        self.token_requests = 0
        self.calls: list[Call] = []
        self.downloads: list[str] = []
        self.issues: list[dict[str, Any]] = []
        self.licenses_issued = 0
        self._credentials = base64.b64encode(f"{client_id}:{client_secret}".encode())
        self._signing_key = secrets.token_bytes(32)
        self._tokens: dict[str, float] = {}
        self._failures: dict[Where, list[Failure]] = {"token": [], "api": [], "cdn": []}

    def fail(self, failure: Failure, *, times: int = 1, where: Where = "api") -> None:
        """Make the next requests to `where` fail this way, after failures added before."""
        self._failures[where].extend([failure] * times)

    def clear_failures(self) -> None:
        """Drop the failures switched on."""
        for waiting in self._failures.values():
            waiting.clear()

    def next_failure(self, where: Where) -> Failure | None:
        """Return the failure for a request that has just come in, used up by it."""
        return self._failures[where].pop(0) if self._failures[where] else None

    def forget_tokens(self) -> None:
        """Invalidate all tokens, as a restart would."""
        self._tokens.clear()

    def new_token(self) -> tuple[str, float]:
        """Return a new token and its lifetime in seconds. Earlier tokens stay valid."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.clock() + self.token_lifetime
        return token, self.token_lifetime

    def knows_client(self, authorization: str) -> bool:
        """Return whether a Basic Authorization header is that of the application."""
        scheme, _, value = authorization.partition(" ")
        return scheme.lower() == "basic" and hmac.compare_digest(value.strip().encode(), self._credentials)

    def knows_token(self, authorization: str) -> bool:
        """Return whether a Bearer Authorization header holds a token that is valid now."""
        scheme, _, value = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._tokens.get(value.strip(), 0) > self.clock()

    def signed_url(self, build: Build) -> str:
        """Return a download URL for `build` that anyone can use until the time in `Expires`."""
        expires = int(self.clock() + self.url_lifetime)
        query = f"Expires={expires}&Signature={self._signature(build.id, expires)}&Key-Pair-Id={KEY_PAIR_ID}"
        return f"{self.base_url}/_sidefx/cdn/download/download-build/{build.id}/cdn/?{query}"

    def is_signed(self, build_id: int, query: Mapping[str, str]) -> bool:
        """Return whether a download URL's query was signed here for this build and has not expired."""
        expires = query.get("Expires", "")
        if not (expires.isascii() and expires.isdigit() and len(expires) < _DIGITS) or int(expires) < self.clock():
            return False
        return hmac.compare_digest(
            query.get("Signature", "").encode(), self._signature(build_id, int(expires)).encode()
        )

    def _signature(self, build_id: int, expires: int) -> str:
        digest = hmac.digest(self._signing_key, f"{build_id}/{expires}".encode(), hashlib.sha256)
        # As CloudFront writes it: `~`, `-` and `_` for what a query cannot hold.
        return base64.b64encode(digest).decode().translate(str.maketrans("+=/", "-_~"))
