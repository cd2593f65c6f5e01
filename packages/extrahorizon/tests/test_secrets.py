"""The secret's two sources, the extension and AWS, while they are slow, busy or wrong."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import CredentialChain
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, OAuthTokenError, SecretUnreachableError
from extrahorizon.log import logger
from extrahorizon.secrets_manager import ASKED_AGAIN, MAX_AGE, SecretsManager
from extrahorizon.settings import OAUTH_NAMES, Settings
from extrahorizon.transport import Headers
from extrahorizon.transport import Response as PlatformResponse

THROTTLED = 400, '{"__type":"ThrottlingException","message":"Rate exceeded"}'
DENIED = 400, '{"__type":"AccessDeniedException","message":"no"}'
NOT_READY = 400, "not ready to serve traffic, please wait"
DEEP = "[" * 100_000
NO_ANSWER = 0, ""


def secret(**members):
    return 200, json.dumps({"Name": "exh", "SecretString": json.dumps(members)})


GOOD = secret(A="1")


class Sources:
    """A server that is both: the extension is asked by GET, AWS by POST. What is planned is answered first."""

    def __init__(self):
        self.extension, self.aws, self.asked = [], [], []
        self.value = GOOD
        self.gate = None
        sources = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, way, plan):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sources.asked.append(way)
                if sources.gate:
                    sources.gate.wait(20)
                status, text = plan.pop(0) if plan else sources.value
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                if 300 <= status <= 399:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_GET(self):
                self.answer("extension", sources.extension)

            def do_POST(self):
                self.answer("aws", sources.aws)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.now = 0.0

    def manager(self, extension=True, **environ):
        if extension:
            environ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = str(self.server.server_port)
        return SecretsManager(Settings.from_environment(environ), clock=lambda: self.now)


@pytest.fixture
def sources(monkeypatch):
    from botocore.retries.standard import ExponentialBackoff

    sources = Sources()
    thread = threading.Thread(target=sources.server.serve_forever, args=[0.01])
    thread.start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{sources.server.server_port}")
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    yield sources
    if sources.gate:
        sources.gate.set()
    sources.server.shutdown()
    sources.server.server_close()
    thread.join()


@contextmanager
def no_aws(monkeypatch):
    """As where a function has no region, so that boto3 cannot ask."""
    with monkeypatch.context() as patched:
        patched.delenv("AWS_DEFAULT_REGION")
        patched.delenv("AWS_ENDPOINT_URL")
        yield


@pytest.fixture
def warnings(monkeypatch):
    seen = []
    monkeypatch.setattr(logger, "warning", lambda text, **facts: seen.append((text, facts)))
    return seen


# A hiccup


@pytest.mark.parametrize(
    ("hiccup", "times"),
    [
        ((500, "x"), 1),
        *(((500, "x"), 2), ((429, "x"), 2), ((503, ""), 2), (NOT_READY, 2)),
        *(((302, "{}"), 2), ((200, "no json"), 2), ((200, DEEP), 2), (NO_ANSWER, 2)),
    ],
)
def test_an_extension_that_fails_once_or_twice_is_asked_again(hiccup, times, sources, waits):
    sources.extension = [hiccup] * times
    assert sources.manager().read("exh") == {"A": "1"}
    assert sources.asked == ["extension"] * (times + 1)
    assert len(waits) == times


@pytest.mark.parametrize("hiccup", [(500, "x"), (429, "x"), NOT_READY, THROTTLED, (302, GOOD[1])])
def test_where_the_extension_goes_on_failing_aws_is_asked(hiccup, sources):
    sources.extension = [hiccup] * 10
    assert sources.manager().read("exh") == {"A": "1"}
    assert sources.asked == ["extension"] * 3 + ["aws"]


@pytest.mark.parametrize("hiccup", [THROTTLED, (500, "x"), (503, "<html>"), NO_ANSWER, (200, DEEP)])
def test_aws_that_fails_once_or_twice_is_asked_again(hiccup, sources):
    sources.aws = [hiccup] * (1 if hiccup[1] == DEEP else 2)
    try:
        assert sources.manager(extension=False).read("exh") == {"A": "1"}
    except SecretUnreachableError:
        assert hiccup[1] == DEEP  # botocore does not ask again after what it cannot read


@pytest.mark.parametrize("hiccup", [THROTTLED, (500, "x"), NO_ANSWER, (200, DEEP), (200, "no json")])
def test_where_aws_goes_on_failing_it_is_an_error_of_its_own_that_a_task_may_be_retried_for(hiccup, sources):
    sources.aws = [hiccup] * 10
    with pytest.raises(SecretUnreachableError, match="secret 'exh' could not be read from AWS Secrets Manager: ") as e:
        sources.manager(extension=False).read("exh")
    assert not isinstance(e.value, ConfigurationError)
    assert e.value.__context__ is e.value.__cause__ is None


def test_where_nothing_but_the_extension_can_be_asked_its_failure_is_the_error(sources, monkeypatch):
    sources.extension = [(500, "x")] * 10
    with no_aws(monkeypatch), pytest.raises(SecretUnreachableError, match="the Secrets extension answered HTTP 500"):
        sources.manager().read("exh")


@pytest.mark.parametrize("answer", [(400, "ResourceNotFoundException: none"), (401, "the token"), (403, ""), (404, "")])
def test_what_the_extension_refuses_is_a_configuration_error_without_a_retry(answer, sources):
    sources.extension = [answer]
    with pytest.raises(ConfigurationError, match=f"the Secrets extension answered HTTP {answer[0]}"):
        sources.manager().read("exh")
    assert sources.asked == ["extension"]


def test_what_aws_refuses_is_a_configuration_error_however_the_extension_failed(sources):
    sources.extension, sources.aws = [(500, "x")] * 3, [DENIED]
    with pytest.raises(ConfigurationError, match="access denied; the function's role needs"):
        sources.manager().read("exh")


# The last good value


@pytest.mark.parametrize("extension", [False, True])
@pytest.mark.parametrize("hiccup", [THROTTLED, (500, "x"), NO_ANSWER])
def test_the_last_value_is_used_while_the_sources_fail_and_one_warning_is_logged(extension, hiccup, sources, warnings):
    manager = sources.manager(extension=extension)
    manager.read("exh")
    sources.now = MAX_AGE + 1
    sources.extension, sources.aws = [hiccup] * 99, [hiccup] * 99
    for _ in range(3):
        assert manager.read("exh") == {"A": "1"}
        sources.now += ASKED_AGAIN
    assert [text for text, _ in warnings] == ["the last credentials serve: no newer ones can be read"]
    sources.extension, sources.aws, sources.value = [], [], secret(A="2")
    assert manager.read("exh") == {"A": "2"}


def test_while_the_last_value_is_used_the_sources_are_not_asked_for_a_while(sources, warnings):
    manager = sources.manager(extension=False)
    manager.read("exh")
    sources.now, sources.aws = MAX_AGE, [THROTTLED] * 99
    manager.read("exh")
    asked = len(sources.asked)
    sources.now += ASKED_AGAIN - 0.1
    manager.read("exh")
    assert len(sources.asked) == asked


def test_a_value_that_the_platform_has_refused_is_not_used_again(sources):
    manager = sources.manager(extension=False)
    manager.read("exh")
    sources.aws = [THROTTLED] * 99
    with pytest.raises(SecretUnreachableError):
        manager.read_again("exh")
    sources.now = MAX_AGE
    with pytest.raises(SecretUnreachableError):
        manager.read("exh")


@pytest.mark.slow
def test_a_source_that_does_not_answer_costs_a_call_half_of_its_time_where_there_is_a_last_value(sources, warnings):
    manager = sources.manager(extension=False)
    manager.read("exh")
    sources.now, sources.gate, sources.value = MAX_AGE, threading.Event(), secret(A="2")
    deadline = Deadline(0.4)
    assert manager.read("exh", deadline) == {"A": "1"}
    assert deadline.remaining() > 0.05
    assert manager.read("exh", Deadline(0)) == {"A": "1"}
    assert len(warnings) == 1
    sources.gate.set()
    sources.now += ASKED_AGAIN  # what was under way counts, or is asked for again
    assert manager.read("exh") == {"A": "2"}


def test_access_denied_raises_although_there_is_a_last_value(sources):
    manager = sources.manager(extension=False)
    manager.read("exh")
    sources.now, sources.aws = MAX_AGE, [DENIED]
    with pytest.raises(ConfigurationError, match="access denied"):
        manager.read("exh")


def test_credentials_that_are_refused_while_aws_is_unreachable_may_be_retried(sources, monkeypatch):
    sources.value = secret(API_HOST="https://api.acme.io", **dict.fromkeys(OAUTH_NAMES, "x"))
    monkeypatch.setenv("API_SECRET_ID", "exh")
    exh = ExtraHorizon(transport=Refusing())
    sources.aws = [sources.value] + [THROTTLED] * 99
    with pytest.raises(SecretUnreachableError):
        exh.users.me()
    sources.aws = []
    with pytest.raises(OAuthTokenError):  # it is still the same secret
        exh.users.me()


class Refusing:
    """A transport to a platform that knows no token."""

    def send(self, request, deadline):
        return response_of(request, deadline, 401, b'{"code": 108, "name": "OAUTH_TOKEN_EXCEPTION"}')

    def close(self):
        pass


def response_of(request, deadline, status, body):
    headers = Headers({"Content-Length": str(len(body))})
    return PlatformResponse(request, status, headers, iter([body]), deadline=deadline, close=lambda: None)


# How long a value is kept


@pytest.mark.parametrize(
    ("ttl", "kept"), [("0", 60), ("240", 60), ("270", 30), ("299", 5), ("300", 5), ("", 5), ("x", 5)]
)
def test_what_the_extension_answers_is_kept_for_what_its_own_cache_leaves(ttl, kept, sources):
    manager = sources.manager(SECRETS_MANAGER_TTL=ttl)
    for sources.now in (0, 1, kept - 0.1):
        manager.read("exh")
    assert len(sources.asked) == 1
    sources.now = kept
    manager.read("exh")
    assert len(sources.asked) == 2


def test_a_hundred_calls_are_one_request_to_the_extension(sources):
    environ = dict.fromkeys(OAUTH_NAMES, "x")
    sources.value = secret(API_HOST="https://api.acme.io", **environ)
    port = str(sources.server.server_port)
    settings = {"API_SECRET_ID": "exh", "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": port}
    chain = CredentialChain(Settings.from_environment(settings))
    assert len({id(chain.current()) for _ in range(100)}) == 1
    assert sources.asked == ["extension"]


def test_reading_a_secret_again_asks_aws_and_not_the_extension(sources):
    manager = sources.manager(SECRETS_MANAGER_TTL="240")
    manager.read("exh")
    sources.value = secret(A="2")
    assert manager.read_again("exh") == manager.read("exh") == {"A": "2"}
    assert sources.asked == ["extension", "aws"]


def test_where_aws_cannot_be_asked_the_extension_may_have_a_newer_value_than_the_one_that_was_refused(
    sources, monkeypatch
):
    manager = sources.manager(SECRETS_MANAGER_TTL="240")
    manager.read("exh")
    sources.value = secret(A="2")
    with no_aws(monkeypatch):
        assert manager.read_again("exh") == {"A": "2"}


# Many threads, and little time


def late(function, deadline):
    """Return what is raised, by the deadline or soon after it, when there is no time."""
    with pytest.raises(DeadlineExceededError) as raised:
        function(deadline)
    assert deadline.remaining() > -0.5
    return raised.value


@pytest.mark.slow
@pytest.mark.parametrize("ask", ["read", "read_again"])
@pytest.mark.parametrize("extension", [False, True])
def test_a_thread_with_little_time_does_not_wait_for_the_reading_of_one_with_much(ask, extension, sources):
    sources.gate = threading.Event()
    manager = sources.manager(extension=extension)
    read = []
    patient = threading.Thread(target=lambda: read.append(getattr(manager, ask)("exh")))
    patient.start()
    late(lambda deadline: getattr(manager, ask)("exh", deadline), Deadline(0.2))
    sources.gate.set()
    patient.join()
    assert read == [{"A": "1"}]


def test_fifty_threads_read_a_secret_once(sources):
    sources.gate = threading.Event()
    manager = sources.manager()
    read = []
    threads = [threading.Thread(target=lambda: read.append(manager.read("exh"))) for _ in range(50)]
    for thread in threads:
        thread.start()
    sources.gate.set()
    for thread in threads:
        thread.join()
    assert read == [{"A": "1"}] * 50
    assert sources.asked == ["extension"]


@pytest.mark.slow
def test_a_thread_with_little_time_does_not_wait_for_the_renewal_of_another(sources):
    sources.value = secret(API_HOST="https://api.acme.io", **dict.fromkeys(OAUTH_NAMES, "x"))
    authentication = OAuth1Authentication(CredentialChain(Settings.from_environment({"API_SECRET_ID": "exh"})))
    refused = authentication.current(Deadline())
    sources.gate = threading.Event()
    patient = threading.Thread(target=authentication.renew, args=[refused, Deadline()])
    patient.start()
    while len(sources.asked) < 2:
        time.sleep(0.01)  # until it has the lock and asks
    late(lambda deadline: authentication.renew(refused, deadline), Deadline(0.2))
    sources.gate.set()
    patient.join()


def test_a_reading_that_ends_after_a_later_one_does_not_take_its_place(sources):
    """The extension answers slowly with what it has kept, and AWS at once with what is new."""
    manager = sources.manager()
    sources.gate = gate = threading.Event()
    sources.extension = [secret(A="old")]
    slow = threading.Thread(target=manager.read, args=["exh"])
    slow.start()
    while not sources.asked:
        time.sleep(0.01)  # until the extension is asked
    sources.gate, sources.now = None, 1
    assert manager.read_again("exh") == {"A": "1"}
    gate.set()
    slow.join()
    assert manager.read("exh") == {"A": "1"}


# What a secret may hold


@pytest.mark.parametrize("text", [DEEP, '{"A":' * 100_000, '{"A": "\\ud83d-sm-cs", ', "\ufeff{}"])
def test_a_secret_that_is_not_a_json_object_is_a_configuration_error_that_does_not_quote_it(text, sources):
    sources.value = 200, json.dumps({"SecretString": text})
    for manager in (sources.manager(), sources.manager(extension=False)):
        with pytest.raises(ConfigurationError, match="its value is not a JSON object") as raised:
            manager.read("exh")
        assert "sm-cs" not in repr(raised.value)
        assert raised.value.__context__ is raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "half"),
    [
        *((name, "sm-cs-\ud83d") for name in OAUTH_NAMES),
        *(("API_OAUTH_TOKEN", half) for half in ("\udc00-sm-cs", "sm-\ud83d-cs")),
    ],
)
def test_a_lone_surrogate_in_a_secret_is_refused_by_name_without_quoting_it(name, half, sources, monkeypatch):
    members = {"API_HOST": "https://api.acme.io", **dict.fromkeys(OAUTH_NAMES, "x"), name: half}
    sources.value = secret(**members)
    monkeypatch.setenv("API_SECRET_ID", "exh")
    exh = ExtraHorizon()
    with pytest.raises(ConfigurationError, match="half a character") as raised:
        exh.users.me()
    error = raised.value
    assert name.removeprefix("API_OAUTH_").lower() in str(error).lower()
    while error is not None:
        assert "sm-" not in repr(error)
        assert "sm-" not in repr(error.args)
        error = error.__context__ or error.__cause__


def test_a_binary_secret_is_a_configuration_error(sources):
    sources.value = 200, json.dumps({"SecretBinary": "c20tY3M="})
    for manager in (sources.manager(), sources.manager(extension=False)):
        with pytest.raises(ConfigurationError, match="a binary secret cannot be used"):
            manager.read("exh")


def test_no_error_of_the_extension_has_the_session_token_or_the_secret(sources, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    sources.value = 200, json.dumps({"SecretString": "sm-cs"})[:-1]
    with no_aws(monkeypatch), pytest.raises(SecretUnreachableError) as raised:
        sources.manager(AWS_SESSION_TOKEN="session").read("exh")
    assert raised.value.__context__ is raised.value.__cause__ is None
    assert "sm-cs" not in str(raised.value)
