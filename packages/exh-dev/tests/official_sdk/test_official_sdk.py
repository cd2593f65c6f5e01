"""The vendor's official JavaScript SDK against the local platform: every method is called, in sequences that make
sense, by OAuth1 and OAuth2 clients, and each answer is held against the type that the SDK publishes for it.

`run.mjs` does that in Node.js and answers an account of it; here it is read, a test for each service. The SDK and the
TypeScript compiler are installed outside of the sources, as `package-lock.json` has them; `methods.json` lists the
methods. Without Node.js, npm or a network these tests are skipped, which `make test-all` tells at its end.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from uploads import code

from exh_dev.serve.local_platform import LocalPlatform

HERE = Path(__file__).parent
#: Answers a task with its data, and a request with what was asked.
FUNCTION = """
def handler(event, context):
    print("working")
    if "rawPath" in event:
        asked = event["requestContext"]["http"]["method"] + " " + event["rawPath"]
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"asked": "%s"}' % asked}
    data = event.get("data") or {}
    if data.get("fail"):
        raise ValueError("as told")
    return {"seen": data}
"""
METHODS = json.loads((HERE / "methods.json").read_text("utf-8"))
SERVICES = sorted({name.split(".")[0] for name in METHODS})

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Exempt:
    """An answer that is not of its published type, and rightly so: regular expressions for the methods and for what is
    found, and why.
    """

    methods: str
    found: str
    why: str


EXEMPT = (
    Exempt(
        r"events\.(create|find.*)",
        r"updateTimestamp: Date expected, missing",
        "events never change: neither the platform's documentation nor the SDK's own examples have it",
    ),
    Exempt(
        r"users\.activationRequests\.find.*|users\.forgotPasswordRequests\.find.*",
        r"lastRequestTimestamp: number \| undefined expected, Date found",
        "typed as a number, though the SDK itself makes a Date of every member of such a name",
    ),
    Exempt(
        r"data\.(transitions\.create|schemas\.find.*)",
        r"actions\[\d\]\.field: string\[\] expected, missing",
        "the action unset names its fields in `fields`; the type has `field`",
    ),
    Exempt(
        r"localizations\.getByKeys",
        r"\.(DE|FR|DA|ES|IT): string expected, missing",
        "typed with a text in every language that there is, though two were asked for",
    ),
    Exempt(
        r"files\.retrieveStream",
        r"data\.",
        "typed as a stream from a file, though what the SDK gives is the stream of an answer",
    ),
    Exempt(
        r"files\.getDetails",
        r"^tokens: .* missing$",
        "with a token that may only read, everything except `tokens` is answered, as the documentation has it",
    ),
    Exempt(
        r"auth\.users\.getMfaSetting",
        r"methods: \[MfaMethod\] expected, \d items found",
        "typed as a list of exactly one, though a user has as many second factors as were added",
    ),
    Exempt(
        r"auth\.applications\.find.*|auth\.applications\.get",
        r"versions\[\d\]\.clientSecret: string expected, missing",
        "an application that is not confidential has no secret",
    ),
    Exempt(
        r"auth\.oidc\.loginAttempts\.find.*",
        r"(providerSubjectId: string|userId: string|error: {.*}) expected, missing",
        "an attempt that failed is nobody's, and one that did not has no error",
    ),
    Exempt(
        r"payments\.playStoreSubscriptions\.subscriptions\.find.*",
        r"(lockId: string|lockTimestamp: Date) expected, missing",
        "a subscription has a lock only while it is evaluated",
    ),
    Exempt(
        r"payments\.subscriptions\.(entitlements|events)\.find.*",
        r"source: Subscription\w+Source( \| undefined)? expected, .*found",
        "the type knows the App Store alone; what is bought at the Play Store is listed too",
    ),
    Exempt(
        r"users\.(find|findAll|findAllIterator|findFirst|findById|findByEmail|me|patients)",
        r"patientEnlistments\[\d\]\.expiryTimestamp: Date expected, missing",
        "an enlistment that was made without an end has none",
    ),
)

#: Methods that are refused whatever is given: why.
REFUSED = {
    "payments.stripe.subscribeToEvents": "is for Stripe, whose events are signed; the SDK sends an empty body (13)",
}


def run(arguments, **options):
    """A program's output, or a skipped test that says why there is none."""
    try:
        return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=120, **options).stdout
    except FileNotFoundError:
        skip(f"{arguments[0]} is not on the PATH")
    except subprocess.TimeoutExpired:
        skip(f"{' '.join(arguments)} did not end within two minutes")
    except subprocess.CalledProcessError as error:
        if "EINTEGRITY" in error.stderr:
            pytest.fail(error.stderr)
        skip(f"{' '.join(arguments)} failed: {error.stderr.strip().splitlines()[-1:]}")


def skip(why):
    message = f"The official SDK did not judge the local platform: {why}"
    if notes := os.environ.get("SKIPPED_SUITES"):
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(f"{message}\n")
    pytest.skip(message)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The folder where the SDK and the compiler are installed, as the lock has them."""
    version = run(["node", "--version"]).strip()
    if int(version.removeprefix("v").split(".")[0]) < 18:
        skip(f"it needs Node.js 18 or later, and this is {version}")
    folder = tmp_path_factory.mktemp("official-sdk")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    once = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", *once], cwd=folder)
    return folder


@pytest.fixture(scope="session")
def account(installed):
    """What `run.mjs` answers."""
    with LocalPlatform() as platform:
        platform.start()
        first = platform.credentials
        names = ("consumer_key", "consumer_secret", "token", "token_secret", "email", "password", "user_id")
        names += ("application_id", "oauth2_client_id", "oauth2_client_secret")
        credentials = {"host": platform.url, "function_code": code({"main.py": FUNCTION})}
        credentials |= {name: getattr(first, name) for name in names}
        ran = subprocess.run(
            ["node", HERE / "run.mjs"],
            check=False,
            input=json.dumps(credentials),
            env={**os.environ, "OFFICIAL_SDK_FOLDER": str(installed)},
            capture_output=True,
            text=True,
            timeout=180,
        )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def is_exempt(method, found):
    return [each for each in EXEMPT if re.fullmatch(each.methods, method) and re.search(each.found, found)]


def faults(account, service):
    """Everything that is wrong with a service: one line each, which begins with the method."""
    for method, about in account["methods"].items():
        if method.split(".")[0] != service:
            continue
        if not about["answered"] and not about["refused"]:
            yield f"{method}: was not called"
        elif not about["answered"] and method not in REFUSED:
            yield f"{method}: was never answered, only refused: {about['refused']}"
        for found in about["wrong"]:
            if not is_exempt(method, found):
                yield f"{method}: {found}"
    for each in account["ended"]:
        if each["method"].split(".")[0] == service:
            yield f"{each['method']}: {each['sequence']} ended here: {each['reason']}"


def test_the_sdk_publishes_the_methods_that_are_listed(account):
    assert sorted(account["methods"]) == METHODS
    assert len(METHODS) == 441


@pytest.mark.parametrize("service", SERVICES)
def test_each_method_is_answered_as_published(account, service):
    found = list(faults(account, service))
    assert not found, "\n" + "\n".join(found)


def test_each_exemption_is_needed(account):
    found = [(method, each) for method, about in account["methods"].items() for each in about["wrong"]]
    met = {exempt for method, each in found for exempt in is_exempt(method, each)}
    assert set(EXEMPT) == met
    assert all(not account["methods"][method]["answered"] for method in REFUSED)
