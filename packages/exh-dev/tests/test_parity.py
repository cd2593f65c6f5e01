"""The client against the catalogue of the official SDK's operations (`tests/data/endpoints.json`)."""

import gzip
import inspect
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
import responses
from callers import SOME_RQL, arguments, body_type, client, operations

from extrahorizon import errors
from extrahorizon.login import OAuth1Application, OAuth2Authentication, ProxyAuthentication, Tokens
from extrahorizon.query import RQL, RQLSyntaxError

CATALOGUE = json.loads((Path(__file__).parent / "data" / "endpoints.json").read_text())
HOST = "https://api.acme.io"

#: Operations of this client beside the catalogue's.
OURS = {
    "deadline",
    "data.documents.wait_until_unlocked",
    "files.download",
    "mails.remove",
    "tasks.api.request",
    "users.reset_failed_login_attempts",
}
#: How the catalogue's helpers are called here. `find_all` is a generator, and so both of the SDK's.
HELPERS = {"findAllIterator": "find_all", "unlinkAllGroups": "unlink_all_groups", "unlinkAllUsers": "unlink_all_users"}
#: The SDK's deprecated second names for one thing are left out, and what is called otherwise here.
LEFT_OUT = {"get", "delete", "createTransaction"}
RENAMED = {"assertNonLockedState": "wait_until_unlocked"}

ANSWER = {
    "id": "an-id",
    "data": [],
    "page": {"total": 0, "limit": 20, "offset": 0},
    "affectedRecords": 1,
    "email_available": True,
    "user_id": "an-id",
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": 300,
    "token": "token",
    "tokenSecret": "secret",
    "ssoToken": "sso",
    "authenticationUrl": "https://login.example.com",
}


def dotted(entry):
    return ".".join(filter(None, [entry["python_service"], entry["python_group"], entry["python_name"]]))


def helper_names(entry):
    for text in entry["derived_helpers"]:
        name = re.split(r"[:(]", text)[0]
        if name not in LEFT_OUT:
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            yield dotted(entry).rpartition(".")[0] + "." + (HELPERS.get(name) or RENAMED.get(name) or snake)


def record(method, *positional, **keywords):
    """The requests that a call sends, each as (verb, path, query, body)."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as http:
        for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            http.add(verb, re.compile("https://ap[ix].acme.io/.*"), json=ANSWER)
        outcome = method(*positional, **keywords)
        if inspect.isgenerator(outcome):
            list(outcome)
        sent = []
        for made in http.calls:
            path, _, query = made.request.url.split("acme.io", 1)[1].partition("?")
            body = made.request.body
            sent.append(
                (made.request.method, path, query, body if isinstance(body, bytes) or body is None else b"".join(body))
            )
        return sent


def logged_in(kind):
    exh = client()
    if kind == "oauth2":
        exh.session.authentication = OAuth2Authentication(HOST, "id", "secret", tokens=Tokens("a", "r", 1e12))
    elif kind == "oauth1":
        exh.session.authentication = OAuth1Application(HOST, "key", "secret")
    elif kind == "proxy":
        exh.session.authentication = ProxyAuthentication(HOST, "session=1")
    return exh


def login_calls():
    """Operations that depend on how the client logs in: what is called, as (name, kind of client) -> calls."""
    mfa = {"token": "t", "method_id": "m", "code": "c"}
    return {
        ("auth.authenticate", "oauth2"): [
            lambda exh: exh.auth.authenticate(username="jan@example.com", password="p"),
            lambda exh: exh.auth.authenticate(code="c"),
            lambda exh: exh.auth.authenticate(refresh_token="r"),
        ],
        ("auth.authenticate", "oauth1"): [
            lambda exh: exh.auth.authenticate(email="jan@example.com", password="p"),
            lambda exh: exh.auth.authenticate(token="t", token_secret="s"),
        ],
        ("auth.confirm_mfa", "oauth2"): [lambda exh: exh.auth.confirm_mfa(**mfa)],
        ("auth.confirm_mfa", "oauth1"): [lambda exh: exh.auth.confirm_mfa(**mfa)],
        ("auth.generate_oidc_authentication_url", "oauth2"): [
            lambda exh: exh.auth.generate_oidc_authentication_url("<provider_name>", state="s")
        ],
        ("auth.authenticate_with_oidc", "oauth2"): [
            lambda exh: exh.auth.authenticate_with_oidc("<provider_name>", authorization_code="c")
        ],
        ("auth.logout", "proxy"): [lambda exh: exh.auth.logout()],
        ("raw.user_id", "oauth1"): [lambda exh: exh.raw.user_id],
        ("raw.user_id", "proxy"): [lambda exh: exh.raw.user_id],
    }


@pytest.fixture(scope="module")
def recorded():
    """What each operation sends with every argument it takes: name -> list of (client type, request)."""
    sent = {}
    special = login_calls()
    for (name, kind), calls in special.items():
        for call in calls:
            sent.setdefault(name, []).extend((kind, request) for request in record(call, logged_in(kind)))
    for name, group, declared in operations(client()):
        if name in sent or isinstance(declared, property) or name in OURS:
            continue
        positional, keywords = arguments(declared)
        method = getattr(group, name.rpartition(".")[2])
        sent[name] = [(None, request) for request in record(method, *positional, **keywords)]
    return sent


def path_pattern(entry):
    # What stands for a parameter is one segment: nothing that was given could leave it.
    escaped = re.escape(entry["path"]).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"{\w+}", "[^/?]+", escaped))


def reaches(entry, kind, request):
    method, path, query, body = request
    return (
        kind == entry["client_type"]
        and method == entry["http_method"]
        and path_pattern(entry).fullmatch(path)
        and entry["accepts_rql"] == ("eq(name,x%2520y)" in query)
        and all(f"{name}=" in query for name in entry["query_params"])
        and has_body_of(entry, body)
    )


def has_body_of(entry, body):
    if entry["body"] == "form-data":
        return b'name="file"' in body
    if entry["body"] == "none" or body is None:
        return body is None and entry["body_fixed"] is None and not entry.get("body_fields")
    members = json.loads(gzip.decompress(body) if entry["gzip"] else body)
    if entry["body_fixed"] is not None:
        return members == entry["body_fixed"]
    if entry.get("body_fields"):
        needed = {name for name in entry["body_fields"] if not name.endswith("?")}
        allowed = {name.rstrip("?") for name in entry["body_fields"]}
        return needed <= members.keys() <= allowed and members.get("grant_type") in {None, entry.get("grant_type")}
    return all(entry["body_key_case"] != "snake" or name == name.lower() for name in members)


@pytest.mark.parametrize(
    "entry", CATALOGUE, ids=lambda entry: f"{dotted(entry)}-{entry['client_type']}-{entry.get('grant_type')}"
)
def test_the_operation_is_reached(entry, recorded):
    requests = recorded.get(dotted(entry))
    assert requests, f"exh.{dotted(entry)} does not exist"
    assert any(reaches(entry, kind, request) for kind, request in requests), requests


def test_the_client_has_every_operation_of_the_catalogue_and_no_other():
    known = {dotted(entry) for entry in CATALOGUE}
    helpers = {name for entry in CATALOGUE for name in helper_names(entry)}
    ours = {name for name, _, _ in operations(client())}
    assert len(CATALOGUE) == 306
    assert (known | helpers) - ours == set()
    collections = {name.rpartition(".")[0] for name in known if name.endswith(".find")}
    everywhere = {f"{group}.{name}" for group in collections for name in ("find_all", "find_first")}
    assert ours - known - helpers - everywhere == OURS - helpers


def test_a_method_returns_the_simplest_type_for_its_kind_of_answer():
    kinds = {
        "affected_records": "int",
        "bool-from-status": "bool",
        "bytes": "bytes",
        "paged": "Page[",
        "none": "None",
        "array": "list[",
        "stream": "Iterator[bytes]",
    }
    declared_by = {name: declared for name, _, declared in operations(client())}
    wrong, checked = [], 0
    for entry in CATALOGUE:
        if entry["client_type"] or dotted(entry) == "users.is_email_available" or entry["response"] not in kinds:
            continue
        returned = str(inspect.signature(declared_by[dotted(entry)]).return_annotation)
        checked += 1
        if not returned.startswith(kinds[entry["response"]]):
            wrong.append((dotted(entry), entry["response"], returned))
    assert wrong == []
    assert checked > 100


def test_members_of_bodies_and_answers_are_in_the_case_of_the_service():
    snake = {entry["python_service"] for entry in CATALOGUE if entry["body_key_case"] == "snake"} - {"auth"}
    wrong = []
    for name, _, declared in operations(client()):
        if isinstance(declared, property) or name in {
            "auth.authenticate",
            "auth.confirm_mfa",
        }:  # go by `extrahorizon/login/`
            continue
        for parameter in inspect.signature(declared).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                members = body_type(declared, parameter).__annotations__
                is_snake = name.split(".")[0] in snake
                wrong += [(name, member) for member in members if is_snake and member != member.lower()]
                wrong += [(name, member) for member in members if not is_snake and "_" in member]
    assert wrong == []


def test_docstrings_fit_a_screen_and_name_errors_that_exist():
    for name, _, declared in operations(client()):
        text = inspect.getdoc(declared.fget if isinstance(declared, property) else declared)
        assert text, name
        assert text.count("\n") < 40, name
        for word in re.findall(r"\b([A-Z]\w+Error)\b", text):
            assert hasattr(errors, word) or word in {"ValueError", "TypeError", "OSError", "RQLSyntaxError"}, (
                name,
                word,
            )


def resolved(entry):
    """The method of an operation, bound to a client, and arguments for it."""
    *path, name = dotted(entry).split(".")
    group = client()
    for part in path:
        group = getattr(group, part)
    return getattr(group, name), *arguments(getattr(type(group), name))


@pytest.mark.slow
@pytest.mark.parametrize("evil", ["../x", "a/b", "?q=1", "a#b", "%2e%2e", "%2F", "a;b", "é\n"])
def test_an_id_cannot_leave_its_segment(evil):
    for entry in CATALOGUE:
        if entry["client_type"]:
            continue
        method, positional, keywords = resolved(entry)
        for index, parameter in enumerate(entry["path_params"]):
            if parameter != "path":  # of an API function, which is a path
                changed = [*positional[:index], evil, *positional[index + 1 :]]
                ((_, path, _, _),) = record(method, *changed, **keywords)
                assert evil in [unquote(part) for part in path.split("/")], (dotted(entry), path)


@pytest.mark.parametrize("refused", ["", ".", ".."])
def test_what_is_no_segment_is_refused(refused):
    for entry in CATALOGUE:
        if entry["client_type"]:
            continue
        method, positional, keywords = resolved(entry)
        for index, parameter in enumerate(entry["path_params"]):
            if parameter != "path":
                with pytest.raises(ValueError, match="in a path"):
                    record(method, *positional[:index], refused, *positional[index + 1 :], **keywords)


@pytest.mark.parametrize("empty", ["", "?", RQL()])
def test_an_operation_for_many_records_refuses_an_empty_query(empty):
    for entry in CATALOGUE:
        if str(entry["rql_argument"]).startswith("positional-"):
            method, positional, keywords = resolved(entry)
            with pytest.raises(RQLSyntaxError, match="which records"):
                method(*[empty if value is SOME_RQL else value for value in positional], **keywords)


@pytest.mark.slow
def test_every_operation_can_be_called_with_only_what_it_requires(recorded):
    assert recorded
    counted = Counter()
    for name, group, declared in operations(client()):
        if isinstance(declared, property) or (name.startswith("auth.") and name.count(".") == 1) or name in OURS:
            continue
        positional, keywords = arguments(declared, full=name == "files.create")  # bytes have no name of their own
        method = getattr(group, name.rpartition(".")[2])
        for _, _, _, body in record(method, *positional, **keywords):
            counted[name] += 1
            assert body is None or b"null" not in body, name
    assert len(counted) > 300
