"""Writes `docs/reference/parity.md`: each method of the JavaScript SDK, parameter by parameter, and what it is here.

`sdk-methods.json` lists the methods of the SDK's three clients with the names of their parameters and of the members of
their object parameters; `?` marks what may be left out. It was read from the types that the SDK is published with.
"""

from __future__ import annotations

import inspect
import json
import re
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

SDK = json.loads((Path(__file__).parent / "sdk-methods.json").read_text(encoding="utf-8"))
_MADE = "<!-- Made by `make reference`: change `make_parity.py`. -->"

_OF_EVERY_METHOD = ("headers", "shouldRetry", "normalizeCustomData")
_OPTIONS = ("options", "config")  # names that the SDK gives to what is no part of the request
_ALIKE = "alike"

#: Methods that have another name here (a pattern, and what takes its place), with the reason.
RENAMED = {
    r"(.+)\.findAllIterator": (r"\1.findAll", "one method: a generator of records"),
    r"data\.documents\.assertNonLockedState": ("data.documents.waitUntilUnlocked", "raises when it stays locked"),
    r"(users\.(?:global|group)Roles|auth\.applications)\.get": (r"\1.find", "a second name, deprecated there"),
    r"(auth\.oidc\.providers|tasks\.schedules)\.delete": (r"\1.remove", "a second name, deprecated there"),
    r"(payments\.appStore)\.createTransaction": (r"\1.completeTransaction", "a second name, deprecated there"),
}
#: Methods that are not here, with what does their work.
ABSENT = {"raw": "`exh.session.call(method, path)`, `exh.session.request(method, path)`"}
#: Options that methods have in common: what is written here instead.
OPTIONS = {
    "headers": "`with_options(headers=…)`",
    "shouldRetry": "`with_options(idempotent=…)`; reads are retried as it is",
    "normalizeCustomData": "missing: deprecated there; names and timestamps stay as the platform sends them",
    "normalizeEventContent": "missing: deprecated there; names and timestamps stay as the platform sends them",
    "onUploadProgress": "`on_progress`",
    "signal": "what `on_progress` raises cancels the upload",
}
#: Parameters and members that are written otherwise in one method, with the reason.
_NOT_SENT = "missing: the SDK takes it and never sends it"
PARAMETERS = {
    "auth.oauth2.deleteAuthorization: rql": _NOT_SENT,
    "data.documents.create: rql": _NOT_SENT,
    "data.schemas.update: rql": _NOT_SENT,
    "data.documents.assertNonLockedState: tries": "`timeout`, in seconds",
    "data.documents.assertNonLockedState: retryTimeInMs": "missing: the waits grow, within `timeout`",
    "files.create: fileName": "`name`",
    "files.create: name": "`file`: bytes, a stream or a `Path`",
    "files.create: type": "`mimetype`",
    "files.create: uri": "missing: a file of React Native; a `Path` or a stream here",
}
#: What a parameter of the SDK may be called here where it has another name; `PARAMETERS` has those of one method.
NAMES = {
    "authorizationId": ("record_id",),
    "fileData": ("file",),
    "id": ("record_id", "request_id", "role_id", "token_id", "comment_id"),
    "name": ("status",),
    "notificationId": ("record_id",),
    "orderId": ("product_id",),
    "requestBody": ("configuration", "data", "item", "notification", "sections"),
    "schemaIdOrName": ("schema",),
}
#: Parameters that are a body, whose members are keyword arguments here.
BODIES = {"data", "requestBody"}
_CHANGES = "may be left out: an update names what changes"
#: What is required in one of the two alone, with the reason.
NECESSITY = {
    "auth.authenticate: *": "may be left out: one method for each way to log in",
    "data.documents.transition: id": "may be left out: `id` or `name`",
    "data.documents.transition: name": "may be left out: `id` or `name`",
    "data.documents.unlinkGroups: groupIds": "required: nothing would unlink every group; `unlink_all_groups` does",
    "data.documents.unlinkUsers: userIds": "required: nothing would unlink every user; `unlink_all_users` does",
    "data.transitions.create: name": "required: the platform refuses a transition without",
    "data.transitions.update: name": "required: the platform refuses a transition without",
    "dispatchers.actions.create: type": "required: it says which sort of action",
    "files.generateToken: accessLevel": "required: the platform refuses a token without",
    "localizations.create: localizations": "required: there is nothing else in the body",
    "localizations.update: localizations": "required: there is nothing else in the body",
    "notifications.remove: rql": "required: without a condition every notification would go",
    "payments.orders.addTagsToOrder: tags": "required: there is nothing else in the body",
    "payments.orders.removeTagsFromOrder: tags": "required: there is nothing else in the body",
    "payments.products.addTagsToProduct: tags": "required: there is nothing else in the body",
    "payments.products.removeTagsFromProduct: tags": "required: there is nothing else in the body",
    "payments.stripe.addTagsToPaymentMethod: tags": "required: there is nothing else in the body",
    "payments.stripe.removeTagsToPaymentMethod: tags": "required: there is nothing else in the body",
    "payments.playStoreSubscriptions.products.update: name": _CHANGES,
    "payments.products.update: prices": _CHANGES,
    "tasks.api.patch: data": "may be left out: a request without a body",
    "tasks.api.post: data": "may be left out: a request without a body",
    "tasks.api.put: data": "may be left out: a request without a body",
    "tasks.functions.update: name": "required: it says which function",
    "users.groupRoles.update: description": _CHANGES,
    "users.groupRoles.update: name": _CHANGES,
    "users.requestEmailActivation: email": "required in each of the SDK's two forms",
    "users.requestPasswordReset: email": "required in each of the SDK's two forms",
}
#: Members of the parameters of the SDK's `createOAuth1Client` and its relatives.
CLIENT = {
    "host": "`ExtraHorizon(host=…)`",
    "consumerKey": "`ExtraHorizon(consumer_key=…)`",
    "consumerSecret": "`ExtraHorizon(consumer_secret=…)`",
    "token": "`ExtraHorizon(token=…)`",
    "tokenSecret": "`ExtraHorizon(token_secret=…)`",
    "headers": "`exh.with_options(headers=…)`",
    "requestLogger": "`ExtraHorizon(on_request=…)`",
    "responseLogger": "`ExtraHorizon(on_response=…)`",
    "normalizeCustomData": OPTIONS["normalizeCustomData"],
    "clientId": "`OAuth2Authentication(host, client_id)`",
    "clientSecret": "`OAuth2Authentication(host, client_id, client_secret)`",
    "freshTokensCallback": "`OAuth2Authentication(…, on_tokens=…)`",
    "accessToken": "`OAuth2Authentication(…, tokens=Tokens(access_token, …))`",
    "refreshToken": "`OAuth2Authentication(…, tokens=Tokens(…, refresh_token, …))`",
    "expiresIn": "`Tokens(…, expires_at)`: the point in time, which both of the SDK's give together",
    "creationTimestamp": "`Tokens(…, expires_at)`",
}


#: Endpoints of the platform that the SDK has no method for.
BEYOND = {
    "DELETE /mail/v1/{id}": "`exh.mails.remove`",
    "POST /users/v1/{id}/reset_failed_login_attempts": "`exh.users.reset_failed_login_attempts`",
    "GET /tasks/v1/functions/{name}/logs": "deprecated by the platform: `exh.tasks.logs.find`",
    "DELETE /users/v1/groups/{id}/roles/{role_id}": '`exh.users.group_roles.remove(group_id, rql.eq("id", role_id))`',
    "GET /auth/v2/ssoTokens": "`exh.session.call`",
    "GET /notifications/v1/": "`exh.session.call`",
    "DELETE, POST …/reevaluate /payments/v1/appStore|playStore/subscriptions/{id}": "`exh.session.call`",
    "GET, POST, DELETE /profiles/v1/…/medication": "`exh.session.call`; profiles are deprecated by the platform",
}
#: What else the SDK's package exports.
PACKAGE = {
    "createOAuth1Client": "`ExtraHorizon(…)`",
    "createOAuth2Client": "`ExtraHorizon(OAuth2Authentication(…))`",
    "createProxyClient": "`ExtraHorizon(ProxyAuthentication(host, cookie))`",
    "rqlBuilder": "`rql`",
    "rqlParser": "`RQL(text)`, which refuses what the parser refuses",
    "parseStoredCredentials": "`ExtraHorizon()`, which reads `~/.exh/credentials` outside of Lambda",
    "GlobalPermissionName": "`extrahorizon.permissions.GlobalPermissionName`",
    "parseGlobalPermissions": "missing: deprecated there; `extrahorizon.permissions.GLOBAL_PERMISSIONS` lists them",
    "getMockSdkOAuth1": "the fixture `fake_exh`",
    "getMockSdkOAuth2": "the fixture `fake_exh`",
    "getMockSdkProxy": "the fixture `fake_exh`",
}


def page() -> str:
    """Return the text of the page.

    Raises:
        ValueError: a method or a parameter of the SDK is neither found here nor explained.
    """
    exh = ExtraHorizon(Credentials("https://api.example.invalid", "key", "secret", "token", "secret"))
    unexplained = [f"{name} of a client" for name in SDK["client"] if name not in CLIENT]
    rows = []
    for method, parameters in SDK["methods"].items():
        if method in ABSENT:
            rows.append(f"| `{method}` | missing | {ABSENT[method]} |")
            continue
        name, note = _counterpart(method)
        found = _function(exh, name)
        if found is None:
            unexplained.append(method)
            continue
        cells = dict(_parameters(method, parameters, *found))
        unexplained += [f"{method}: {parameter}" for parameter, written in cells.items() if not written]
        rows.append(f"| `{method}` | `{name}`{f', {note}' if note else ''} | {_cell(cells)} |")
    if unexplained:
        raise ValueError("neither here nor explained:\n" + "\n".join(unexplained))
    return "\n".join([*_head(len(rows)), *rows]) + "\n"


def _head(count: int) -> Iterator[str]:
    yield from ("# The JavaScript SDK, method by method", "", _MADE, "")
    yield f"The {count} methods of the official SDK {SDK['version']}, and how each is written here. A parameter with"
    yield "no more words has the same name here, in snake case or as a member of the body, and is required in both or"
    yield "in neither."
    yield from ("", "Of a client:", "", "| there | here |", "| --- | --- |")
    yield from (f"| `{name}` | {CLIENT[name]} |" for name in SDK["client"])
    yield from ("", "Of the package:", "", "| there | here |", "| --- | --- |")
    yield from (f"| `{name}` | {written} |" for name, written in PACKAGE.items())
    yield from ("", "Options of every method:", "", "| there | here |", "| --- | --- |")
    yield from (f"| `{name}` | {OPTIONS[name]} |" for name in _OF_EVERY_METHOD)
    yield from ("", "What the platform has and the SDK has not:", "", "| endpoint | here |", "| --- | --- |")
    yield from (f"| `{endpoint.replace('|', chr(92) + '|')}` | {written} |" for endpoint, written in BEYOND.items())
    yield from ("", "## Methods", "", "| there | here | parameters |", "| --- | --- | --- |")


def _cell(cells: dict[str, str]) -> str:
    alike = [f"`{parameter}`" for parameter, written in cells.items() if written == _ALIKE]
    common = {f"options.{name}" for name in _OF_EVERY_METHOD}
    others = [
        f"`{parameter}`: {written}"
        for parameter, written in cells.items()
        if written != _ALIKE and parameter not in common
    ]
    return "; ".join(filter(None, [", ".join(alike), *others]))


def _counterpart(method: str) -> tuple[str, str]:
    for pattern, (replacement, note) in RENAMED.items():
        if re.fullmatch(pattern, method):
            return _snake(re.sub(pattern, replacement, method)), note
    return _snake(method), ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _function(exh: ExtraHorizon, name: str) -> tuple[Any, type] | None:
    group: Any = exh
    *path, last = name.split(".")
    for part in path:
        if not isinstance(inspect.getattr_static(type(group), part, None), cached_property):
            return None
        group = getattr(group, part)
    found = getattr(type(group), last, None)
    return None if found is None else (found, type(group))


def _parameters(method: str, parameters: dict[str, list[str]], function: Any, owner: type) -> Iterator[tuple[str, str]]:
    """Yield each parameter and member of the SDK's method with what it is here, empty where it is not known."""
    signature = list(inspect.signature(function).parameters.values())[1:]
    named = {each.name: each.default is each.empty for each in signature if each.kind is not each.VAR_KEYWORD}
    positional = [each.name for each in signature if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    members: dict[str, bool] = {}
    for each in signature:
        if each.kind is each.VAR_KEYWORD:
            kind = body_type(owner, each)
            members |= dict.fromkeys(kind.__optional_keys__, False) | dict.fromkeys(kind.__required_keys__, True)
    known = named | members
    for written, inner in parameters.items():
        name = written.removesuffix("?")
        if inner and not members and name not in _OPTIONS and (other := _other_name(name, positional)):
            yield name, f"`{other}`" + (", as one dict" if name in BODIES else "")
            continue
        for member in inner:
            short = member.removesuffix("?")
            needed = short == member and name == written
            here = _same(method, short, known, positional, needed=needed)
            yield f"{name}.{short}", here or (OPTIONS.get(short, "") if name in _OPTIONS else "")
        if not inner:
            here = _same(method, name, known, positional, needed=name == written)
            other = "" if here else _other_name(name, positional)
            yield name, here or (f"`{other}`" if other else "its members" if name in BODIES and members else "")


def _same(method: str, name: str, known: dict[str, bool], positional: list[str], *, needed: bool) -> str:
    """Return what is said of a parameter or a member that has its name here too, empty where none has."""
    if f"{method}: {name}" in PARAMETERS:
        return PARAMETERS[f"{method}: {name}"]
    snake = _snake(name)
    here = known.get(name, known.get(snake))
    if here is None:
        return ""
    if snake in positional:
        positional.remove(snake)
    return _ALIKE if here == needed else _necessity(method, name)


def _other_name(name: str, positional: list[str]) -> str:
    """Return what a parameter is called here, and take it from those that are left; empty where none fits."""
    found = next((each for each in positional if each in NAMES.get(name, ())), "")
    if found:
        positional.remove(found)
    return found


def _necessity(method: str, name: str) -> str:
    return NECESSITY.get(f"{method}: {name}") or NECESSITY.get(f"{method}: *", "")


def body_type(owner: type, parameter: inspect.Parameter) -> Any:
    """Return the TypedDict of the members that a method of `owner` takes as `**parameter`."""
    name = str(parameter.annotation).removeprefix("Unpack[").removesuffix("]")
    return getattr(import_module(f"{'.'.join(owner.__module__.split('.')[:3])}.types"), name)
