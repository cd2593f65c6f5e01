"""The platform as a function sees it: `exh.users.me()`."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.errors import ConfigurationError
from extrahorizon.session import PlatformSession
from extrahorizon.transport.default import default_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from requests_oauthlib import OAuth1Session

    from extrahorizon.authentication import Authentication
    from extrahorizon.deadline import Deadline
    from extrahorizon.services.auth import Auth
    from extrahorizon.services.configurations import Configurations
    from extrahorizon.services.data import Data
    from extrahorizon.services.dispatchers import Dispatchers
    from extrahorizon.services.events import Events
    from extrahorizon.services.files import Files
    from extrahorizon.services.localizations import Localizations
    from extrahorizon.services.logs import Logs
    from extrahorizon.services.mails import Mails
    from extrahorizon.services.notifications import Notifications
    from extrahorizon.services.notifications_v2 import NotificationsV2
    from extrahorizon.services.payments import Payments
    from extrahorizon.services.profiles import Profiles
    from extrahorizon.services.raw import Raw
    from extrahorizon.services.tasks import Tasks
    from extrahorizon.services.templates import Templates
    from extrahorizon.services.templates_v2 import TemplatesV2
    from extrahorizon.services.users import Users
    from extrahorizon.transport.protocol import RequestInfo, ResponseInfo, Transport

Item = TypeVar("Item")
Result = TypeVar("Result")


class ExtraHorizon:
    """A client of the platform. Services and their groups of operations are imported on first use.

    It reads credentials at the first call, so a function that never calls the platform needs none.

    **With the credentials of the environment, a secret or `~/.exh/credentials`**

        exh = ExtraHorizon()
        exh.users.me()

    **With credentials of your own**

        with ExtraHorizon(
            host="api.dev.acme.extrahorizon.io", consumer_key=..., consumer_secret=..., token=..., token_secret=...
        ) as exh:
            exh.users.me()
    """

    def __init__(
        self,
        credentials: Credentials | Authentication | None = None,
        *,
        host: str | None = None,
        consumer_key: str | None = None,
        consumer_secret: str | None = None,
        token: str | None = None,
        token_secret: str | None = None,
        timeout: float | None = None,
        transport: Transport | None = None,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str | None = None,
        cert: str | tuple[str, str] | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
        on_response: Callable[[ResponseInfo], object] | None = None,
    ) -> None:
        """Call with these OAuth1 credentials, another authentication, or those that `CredentialChain` finds.

        Args:
            credentials: a `Credentials`, or an authentication of `extrahorizon.login`.
            host: host of the cluster, as in `API_HOST`; give it with the next four instead of `credentials`.
            consumer_key: key of the OAuth1 application.
            consumer_secret: secret of the OAuth1 application.
            token: token of the user.
            token_secret: secret of the token.
            timeout: seconds to wait for an answer; 30 by default, and 60 where a function is executed.
            transport: sends the requests; by default over sockets, or over requests if a proxy is set or the
                environment variable `EXH_TRANSPORT` is `requests`.
            proxies: as requests takes them, `{"https": "http://proxy:3128"}`; by default those of the environment.
            verify: the path of a CA bundle or folder to trust; by default that of the environment or certifi's. False
                disables verification, for tests only.
            cert: the path of a client certificate, or of it and its key.
            on_request: called before each request with a `RequestInfo`, retries included. Its exceptions are raised.
            on_response: called with a `ResponseInfo` when an answer begins.

        Raises:
            ConfigurationError: some of the five are missing, the host cannot be used, a file cannot be read, or
                `EXH_TRANSPORT` is neither `requests` nor `sockets`.
            TypeError: `credentials` is something else, or there is a transport and a setting for another one.
        """
        given = {
            "host": host,
            "consumer_key": consumer_key,
            "consumer_secret": consumer_secret,
            "token": token,
            "token_secret": token_secret,
        }
        if any(value is not None for value in given.values()):
            if credentials is not None:
                raise TypeError("credentials and host, consumer_key ... are two ways to say the same: give one")
            missing = [name for name, value in given.items() if not value]
            if missing:
                raise ConfigurationError(f"{', '.join(missing)} missing: {', '.join(given)} come together")
            credentials = Credentials(**given)  # type: ignore[arg-type]  # none is None, see above
        if credentials is None or isinstance(credentials, Credentials):
            credentials = OAuth1Authentication(CredentialChain(given=credentials))
        if not hasattr(credentials, "current"):
            raise TypeError(
                f"credentials is a Credentials, not a value of type {type(credentials).__name__}; "
                f"or write ExtraHorizon({'=..., '.join(given)}=...)"
            )
        if transport is None:
            transport = default_transport(proxies=proxies, verify=verify, cert=cert)
        elif proxies is not None or verify is not None or cert is not None:
            raise TypeError("proxies, verify and cert are settings of the usual transport: give them to your own one")
        self.session = PlatformSession(
            credentials,
            transport=transport,
            timeout=timeout,
            on_request=on_request,
            on_response=on_response,
        )

    def oauth1_session(self) -> OAuth1Session:
        """Return a session of requests that signs with this client's OAuth1 credentials as they are now.

        It is a plain `requests_oauthlib.OAuth1Session`: full URLs, `params`, `hooks`, adapters and `verify` work as
        documented there. It has no deadlines, retries or typed errors.

        **Code that was written for requests**

            session = exh.oauth1_session()
            session.get(f"{exh.host}/users/v1/me", timeout=10).json()

        Raises:
            ConfigurationError: there are no usable credentials, or the client does not use OAuth1.
        """
        from requests_oauthlib import OAuth1Session

        if not isinstance(self.session.authentication, OAuth1Authentication):
            raise ConfigurationError("this client does not sign with the credentials of an OAuth1 user")
        known = self.session.authentication.credentials(self.deadline)
        return OAuth1Session(known.consumer_key, known.consumer_secret, known.token, known.token_secret)

    @property
    def host(self) -> str:
        """Return the base URL of the platform, such as `https://api.dev.acme.extrahorizon.io`.

        Raises:
            ConfigurationError: there are no usable credentials.
        """
        return self.session.authentication.current(self.deadline).host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close open connections; the next call opens new ones."""
        self.session.close()

    def with_options(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None, idempotent: bool | None = None
    ) -> Self:
        """Return a client with other options, and the same credentials, connections and deadline.

        **Wait two seconds for each answer**

            exh.with_options(timeout=2).users.me()

        Args:
            timeout: seconds to wait for an answer, instead of 30 (60 where a function is executed); never past the
                deadline.
            headers: to send besides the client's own.
            idempotent: True if repeating a call is harmless, so that it is retried like a read when its answer is lost;
                False if a GET has side effects, so that it is not.

        Raises:
            TypeError: the timeout is not a number, or a header is not a string.
            ValueError: the timeout is not above 0.
        """
        other = copy(self)
        for kind in type(self).__mro__:
            for name, attribute in vars(kind).items():
                if isinstance(attribute, cached_property):
                    vars(other).pop(name, None)
        other.session = self.session.with_options(timeout=timeout, headers=headers, idempotent=idempotent)
        return other

    @property
    def deadline(self) -> Deadline:
        """Return the function's deadline: `exh.deadline.remaining()` is in seconds. No call exceeds it."""
        return self.session.deadline

    @cached_property
    def auth(self) -> Auth:
        """Applications, logins, tokens, multi-factor authentication and OpenID Connect."""
        from extrahorizon.services.auth import Auth

        return Auth(self.session)

    @cached_property
    def configurations(self) -> Configurations:
        """Settings of the platform's users, groups, patients and staff."""
        from extrahorizon.services.configurations import Configurations

        return Configurations(self.session)

    @cached_property
    def data(self) -> Data:
        """Documents with state machines, and their schemas."""
        from extrahorizon.services.data import Data

        return Data(self.session)

    @cached_property
    def dispatchers(self) -> Dispatchers:
        """Actions on events: run a task, send a mail."""
        from extrahorizon.services.dispatchers import Dispatchers

        return Dispatchers(self.session)

    @cached_property
    def events(self) -> Events:
        """Events of the platform."""
        from extrahorizon.services.events import Events

        return Events(self.session)

    @cached_property
    def files(self) -> Files:
        """Files, reached by token."""
        from extrahorizon.services.files import Files

        return Files(self.session)

    @cached_property
    def localizations(self) -> Localizations:
        """Translations."""
        from extrahorizon.services.localizations import Localizations

        return Localizations(self.session)

    @cached_property
    def logs(self) -> Logs:
        """The access log."""
        from extrahorizon.services.logs import Logs

        return Logs(self.session)

    @cached_property
    def mails(self) -> Mails:
        """Mails, plain or from a template."""
        from extrahorizon.services.mails import Mails

        return Mails(self.session)

    @cached_property
    def notifications(self) -> Notifications:
        """Push notifications, first version; deprecated by the platform."""
        from extrahorizon.services.notifications import Notifications

        return Notifications(self.session)

    @cached_property
    def notifications_v2(self) -> NotificationsV2:
        """Push notifications to users' devices."""
        from extrahorizon.services.notifications_v2 import NotificationsV2

        return NotificationsV2(self.session)

    @cached_property
    def payments(self) -> Payments:
        """Orders, products and subscriptions."""
        from extrahorizon.services.payments import Payments

        return Payments(self.session)

    @cached_property
    def profiles(self) -> Profiles:
        """Medical profiles of users; deprecated by the platform."""
        from extrahorizon.services.profiles import Profiles

        return Profiles(self.session)

    @cached_property
    def raw(self) -> Raw:
        """The user that the client calls as."""
        from extrahorizon.services.raw import Raw

        return Raw(self.session)

    @cached_property
    def tasks(self) -> Tasks:
        """Functions, the tasks that run them, and schedules."""
        from extrahorizon.services.tasks import Tasks

        return Tasks(self.session)

    @cached_property
    def templates(self) -> Templates:
        """Templates, first version; deprecated by the platform."""
        from extrahorizon.services.templates import Templates

        return Templates(self.session)

    @cached_property
    def templates_v2(self) -> TemplatesV2:
        """Templates for mails and documents."""
        from extrahorizon.services.templates_v2 import TemplatesV2

        return TemplatesV2(self.session)

    @cached_property
    def users(self) -> Users:
        """Users, roles, groups and their permissions."""
        from extrahorizon.services.users import Users

        return Users(self.session)

    def fan_out(self, function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 8) -> list[Result]:
        """Return `[function(item) for item in items]`, computed on up to `workers` threads.

        No item is started after the function's deadline. Raises the exception of the first failing item;
        `extrahorizon.fan_out.fan_out` can also collect all exceptions.

        **Read many users at once**

            ids = [user["id"] for user in exh.users.find()]
            exh.fan_out(exh.users.find_by_id, ids)
        """
        from extrahorizon.fan_out import fan_out

        return fan_out(function, items, workers=workers, deadline=self.session.deadline)
