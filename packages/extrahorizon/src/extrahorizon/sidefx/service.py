"""`service`: an attribute for every function of the SideFX Web API, and the call behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError
from extrahorizon.sidefx.account import AccountChain
from extrahorizon.sidefx.errors import AuthorizationError
from extrahorizon.sidefx.files import file_parts, is_file
from extrahorizon.sidefx.replies import result
from extrahorizon.sidefx.tokens import TOKENS, Token, is_token
from extrahorizon.sidefx.transport import Limits, prepare, send, unlimited

if TYPE_CHECKING:
    from collections.abc import Callable

_UNAUTHORIZED = 401
_BAD_CREDENTIALS = frozenset({401, 403})  # both are seen

#: The rule of repeating. A function whose name begins with one of these only reads, and is called again after a lost
#: connection, 502, 503 or 504. Any other (`bugs.submit_issue`, which would file a second issue; `license.*`, which
#: would issue a second licence; whatever is not documented) is called again only after 401 and 429: it did not run.
READS = ("download.", "changelog.", "bugs.get_")


def only_reads(function: str) -> bool:
    """Return whether `function`, such as `download.get_daily_builds_list`, may be called twice without harm."""
    return function.startswith(READS)


class RemoteFunction:
    """A function of the API, or the module it is in: `sidefx.download`, `sidefx.download.get_daily_builds_list`."""

    def __init__(self, call: Callable[[str, tuple[Any, ...], dict[str, Any]], Any], name: str) -> None:
        """Call the function `name` through `call`."""
        self._call = call
        self._name = name

    def __getattr__(self, name: str) -> RemoteFunction:
        _refuse_private(name)
        return RemoteFunction(self._call, f"{self._name}.{name}")

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function. Arguments are JSON values; files (`File`, bytes, bytearray) are passed by keyword.

        Returns:
            The function's own return value, or a `ResponseFile` when that is binary.

        Raises:
            APIError: SideFX refused the call, the function failed, or its answer is invalid.
            AuthorizationError: the credentials are refused.
            ConfigurationError: there are no usable credentials.
            DeadlineExceededError: the deadline passed.
            PlatformUnreachableError: no answer came; `sent` is whether SideFX may have processed the call.
            TypeError: an argument is neither a JSON value nor a file passed by keyword.
            ValueError: a number is not finite.
        """
        return self._call(self._name, args, kwargs)

    def __repr__(self) -> str:
        return f"<SideFX function {self._name}>"


class Service:
    """The SideFX Web API: `service().download.get_daily_builds_list("houdini")` calls the function of that name.

    Every name that does not begin with an underscore is a function, so a misspelt one is only reported by SideFX's
    answer. Services and threads share the access tokens and connections of the process.

    **With an application of your own**

        sidefx = Service(client_id=sidefx_client_id, client_secret_key=sidefx_client_secret)
        sidefx.download.get_daily_builds_list("houdini", version="20.5")

    Attributes:
        timeout: as given.
        remaining: as given; a function sets it at the beginning of each invocation.
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        client_secret_key: str | None = None,
        access_token_url: str | None = None,
        endpoint_url: str | None = None,
        access_token: str | None = None,
        access_token_expiry_time: float | None = None,
        timeout: float | tuple[float, float] | None = None,
        remaining: Callable[[], float] | None = None,
    ) -> None:
        """Create a service without sending anything.

        Arguments are keyword-only because their order differs between versions of SideFX's own client.

        Args:
            client_id: id of an application registered at SideFX; with `client_secret_key`. Without both,
                `SIDEFX_CLIENT_ID` and `SIDEFX_CLIENT_SECRET` of the environment or of the secret `API_SECRET_ID`.
            client_secret_key: its secret.
            access_token_url: URL of the token endpoint; by default SideFX's.
            endpoint_url: URL of the functions; by default SideFX's.
            access_token: an existing token, used until `access_token_expiry_time`, which it requires.
            access_token_expiry_time: epoch seconds.
            timeout: seconds to connect and seconds between two pieces of an answer, or one number for both; by default
                5 and 30.
            remaining: returns the seconds left for calls, waiting included; without it, one call waits 120 s at most.

        Raises:
            ConfigurationError: incomplete pairs, an invalid token, or an invalid URL.
        """
        self._accounts = AccountChain(client_id, client_secret_key, access_token_url, endpoint_url)
        self._given: Token | None = None
        if access_token is not None and access_token_expiry_time is not None:
            if not is_token(access_token):
                raise ConfigurationError("access_token is not an access token: it is empty or has odd characters")
            self._given = Token(access_token, access_token_expiry_time)
        self.timeout = timeout
        self.remaining = remaining or unlimited

    @property
    def endpoint_url(self) -> str:
        """Return the URL of the functions.

        Raises:
            ConfigurationError: there are no usable credentials.
        """
        return self._accounts.current().endpoint_url

    @property
    def access_token(self) -> str:
        """Return the current token, fetched if necessary: a secret, for `access_token` of a later service.

        Raises:
            AuthorizationError: the credentials are refused.
            ConfigurationError: there are no usable credentials.
            DeadlineExceededError: the deadline passed.
            PlatformUnreachableError: no answer came.
        """
        return self._token(self._limits()).value

    @property
    def access_token_expiry_time(self) -> float:
        """Return the epoch seconds until which `access_token` is used, 2 s before it expires.

        Fetches a token if necessary.

        Raises:
            AuthorizationError: the credentials are refused.
            ConfigurationError: there are no usable credentials.
            DeadlineExceededError: the deadline passed.
            PlatformUnreachableError: no answer came.
        """
        return self._token(self._limits()).expiry_time

    def __getattr__(self, name: str) -> RemoteFunction:
        _refuse_private(name)
        return RemoteFunction(self._call, name)

    def __repr__(self) -> str:
        return "<SideFX Web API>"

    def _limits(self) -> Limits:
        return Limits(self.timeout, self.remaining)

    def _call(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        limits = self._limits()
        values = {name: value for name, value in kwargs.items() if not is_file(value)}
        text = json.dumps([function, args, values], allow_nan=False, default=_no_argument)
        url = self._accounts.current(Deadline(limits.remaining())).endpoint_url
        request = prepare("POST", url, headers={}, form={"json": text}, files=file_parts(kwargs))
        rejected: str | None = None
        while True:
            token = self._token(limits, rejected)
            request.headers["Authorization"] = f"Bearer {token.value}"
            response = send(request, function, limits, repeatable=only_reads(function))
            if response.status_code != _UNAUTHORIZED or rejected:
                return result(response, function, limits, secrets=(token.value,))
            response.close()
            rejected = token.value

    def _token(self, limits: Limits, rejected: str | None = None) -> Token:
        given = self._given
        if given and given.usable and given.value != rejected:
            return given
        self._given = None
        account = self._accounts.current(Deadline(limits.remaining()))
        try:
            return TOKENS.get(account, limits, rejected=rejected)
        except AuthorizationError as error:
            is_refused = error.http_code in _BAD_CREDENTIALS
            rotated = self._accounts.anew(account, Deadline(limits.remaining())) if is_refused else None
            if rotated is None:
                raise
        return TOKENS.get(rotated, limits, rejected=rejected)


def _no_argument(value: object) -> object:
    if is_file(value):
        raise TypeError(f"a {type(value).__name__} can only be passed by keyword, and not inside another value")
    raise TypeError(f"a {type(value).__name__} cannot be an argument: it is not a JSON value")


def _refuse_private(name: str) -> None:
    """Refuse names with an underscore: Python asks for them (copy, pickle, hasattr), and SideFX has none.

    Raises:
        AttributeError: `name` is such a name.
    """
    if name.startswith("_"):
        raise AttributeError(f"{name!r} is not a function of SideFX: it begins with an underscore")
