"""What starting a function costs, as the modules it imports. Each one is paid at every cold start."""

import json
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import extrahorizon

SOURCE = Path(extrahorizon.__file__).parent
#: Each package that a task function imports, and why.
NEEDED = {
    "aws_lambda_powertools",  # the structured log. It brings tracing and metrics along, which its own package imports
    "jmespath",  # Powertools' Logger imports it, to find correlation ids in events
    "typing_extensions",  # Powertools' Logger imports it
}
ROUTER = "aws_lambda_powertools.event_handler"


#: What those packages import where it happens to be, as botocore and simplejson are in Lambda; no bundle carries it.
WHERE_PRESENT = {"_brotli", "botocore", "brotli", "simplejson"}
#: The most modules that starting it, and one invocation, may import; Python's own differ a little by version.
MOST_MODULES, MOST_MODULES_INVOKED = 165, 200


def modules_after(statement, project_root, environment=None):
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=project_root, capture_output=True, check=True, env=environment or {},
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def at_rest(project_root):
    """What an interpreter that was asked for nothing has imported."""
    return modules_after("", project_root)


def third_party(modules):
    # What a compiled module brings along by itself, with its version in the name.
    first_names = {name.partition(".")[0] for name in modules if "cython_" not in name}
    return first_names - sys.stdlib_module_names - WHERE_PRESENT - {"extrahorizon", "handlers", "shared"}


def test_a_function_imports_the_packages_it_is_known_to_need(at_rest, project_root):
    loaded = modules_after("import handlers.whoami", project_root) - at_rest
    assert third_party(loaded) == NEEDED
    assert len(loaded) <= MOST_MODULES


INVOCATION = """
from handlers.whoami import handler
assert handler({"id": "a"}, None)["user_id"]
"""


class _User(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"id": "6968c1b48ab34b7d6e6547f0"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def answering():
    """A platform on loopback that knows one user."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _User) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_an_invocation_imports_no_further_package(at_rest, project_root):
    names = ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")
    with answering() as host:
        environment = {"API_HOST": host, **{f"API_OAUTH_{name}": "any" for name in names}}
        loaded = modules_after(INVOCATION, project_root, environment) - at_rest
    assert third_party(loaded) == NEEDED
    assert len(loaded) <= MOST_MODULES_INVOKED


@pytest.mark.slow
@pytest.mark.parametrize("module", ["extrahorizon.session", "extrahorizon.sidefx", "extrahorizon.client"])
def test_other_packages_are_as_they_are_without_it(module, project_root):
    """A handler's own use of requests and its relatives is nobody's business here."""
    modules_after(
        f"""
import requests, requests_oauthlib, charset_normalizer, json
watched = [name for name in sys.modules if name.startswith(("requests", "oauthlib", "charset_normalizer"))]
before = {{name: (sys.modules[name], dict(vars(sys.modules[name]))) for name in watched}}
import {module}
for name, (package, members) in before.items():
    assert sys.modules[name] is package
    assert all(vars(package)[key] is value for key, value in members.items())
answer = requests.Response()
answer._content = "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e".encode("latin-1")
assert answer.apparent_encoding == charset_normalizer.detect(answer.content)["encoding"] != "utf-8"
""",
        project_root,
    )


def test_a_handler_imports_nothing_heavy(project_root):
    loaded = modules_after("import handlers.whoami", project_root)
    for forbidden in ("boto3", "botocore.session", "botocore.client", "pydantic", "exh_dev", "moto", "yaml", "asyncio"):
        assert forbidden not in loaded
    assert not {
        name for name in loaded if name.startswith(("exh_dev", "extrahorizon.services.", ROUTER, "extrahorizon.api"))
    }


def test_a_function_that_answers_requests_imports_the_router_and_nothing_else_heavy(project_root):
    names = ["extrahorizon.api", "handlers.answering"]
    loaded = modules_after("\n".join(f"import {name}" for name in names), project_root)
    assert ROUTER in loaded
    for forbidden in ("boto3", "botocore.session", "botocore.client", "pydantic", "exh_dev", "moto", "yaml"):
        assert forbidden not in loaded
    assert not {name for name in loaded if name.startswith(("exh_dev", "extrahorizon.services."))}


@pytest.mark.slow
def test_only_what_answers_requests_imports_the_router(project_root):
    """Every other module: importing it, and with it the hundred modules of the router, would slow down every task."""
    names = [
        ".".join(path.relative_to(above).with_suffix("").parts).removesuffix(".__init__")
        for above, room in ((SOURCE.parent, "extrahorizon"), (project_root, "handlers"))
        for path in (above / room).rglob("*.py")
    ]
    answering = ("extrahorizon.api", "handlers.answering")
    parts = tuple(f"{name}." for name in answering)
    names = [name for name in names if name not in answering and not name.startswith(parts)]
    assert {"extrahorizon.task", "extrahorizon.api_request", "handlers.whoami"} <= set(names)
    statement = "\n".join(f"import {name}" for name in sorted(names))
    assert ROUTER not in modules_after(statement, project_root)


def test_the_package_alone_imports_none_of_its_parts(project_root):
    loaded = modules_after("import extrahorizon", project_root)
    assert {name for name in loaded if name.startswith("extrahorizon.")} == {"extrahorizon.version"}


SERVICES = [
    "auth", "configurations", "data", "dispatchers", "events", "files", "localizations", "logs", "mails",
    "notifications", "notifications_v2", "payments", "profiles", "raw", "tasks", "templates", "templates_v2", "users",
]  # fmt: skip
CLIENT = """
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret"))
"""


def services_after(statement, project_root):
    return {
        name for name in modules_after(CLIENT + statement, project_root) if name.startswith("extrahorizon.services")
    }


def test_a_client_loads_no_service(project_root):
    assert services_after("", project_root) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_touched_loads_itself_and_nothing_else(service, project_root):
    assert services_after(f"exh.{service}", project_root) == {
        "extrahorizon.services",
        f"extrahorizon.services.{service}",
    }


@pytest.mark.slow
def test_a_group_that_is_touched_loads_itself_and_its_service(project_root):
    assert services_after("exh.data.documents.find", project_root) == {
        "extrahorizon.services", "extrahorizon.services.data", "extrahorizon.services.data.documents",
    }  # fmt: skip
    assert services_after("exh.payments.app_store_subscriptions.products.find", project_root) == {
        "extrahorizon.services", "extrahorizon.services.payments",
        "extrahorizon.services.payments.app_store_subscriptions",
        "extrahorizon.services.payments.subscription_products",
    }  # fmt: skip


def test_secrets_manager_is_loaded_only_by_who_uses_it(project_root):
    assert "extrahorizon.secrets_manager" not in modules_after("import handlers.whoami", project_root)


TASK_EVENT = """
from contextlib import suppress
from handlers.whoami import handler
with suppress(Exception):
    handler({"id": "a"}, None)
"""


def test_a_task_loads_nothing_of_a_queue(project_root):
    loaded = modules_after(TASK_EVENT, project_root)
    assert not {"extrahorizon.queue", "aws_lambda_powertools.utilities.batch", "boto3"} & loaded


def test_what_fills_a_queue_loads_boto3_only_when_it_does(project_root):
    loaded = modules_after("import extrahorizon.queue", project_root)
    assert (
        not {"boto3", "aws_lambda_powertools.utilities.batch", "aws_lambda_powertools.utilities.idempotency"} & loaded
    )
