"""Applications and their versions: the identities of clients for OAuth1 and OAuth2.

Deleting a version revokes its keys. Tokens belong to the application and are revoked with its last version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import JSONResponse

from exh_dev.platform.auth.tokens import end_tokens
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import application_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, hex40, object_id
from exh_dev.platform.storage.listing import page_of, query_of, search_shown
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.http.oauth1 import Caller
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION, VERSIONS = "applications", "application_versions"
_LONGEST = {"name": 100, "description": 250}
_MOST_REDIRECT_URIS = 50
#: What is shown without VIEW_APPLICATIONS.
_OPEN = ("name", "description", "logo", "type")
_LIMITED_BODY = "json_object(" + ", ".join(f"'{name}', json_extract(body, '$.{name}')" for name in _OPEN) + ")"
_WITH_VERSIONS = """json_set(documents.body, '$.versions', json((
SELECT json_group_array(json(json_remove(version.body, '$.applicationId'))) FROM documents AS version
WHERE version.collection = 'application_versions'
AND json_extract(version.body, '$.applicationId') = documents.id)))"""


def oauth1_application_of(request: Request, store: Store) -> str:
    """Return the id of the calling OAuth1 application.

    Raises:
        ErrorAnswer: 101 without one.
    """
    caller: Caller | None = request.state.caller
    application = store.get("applications", caller.application_id) if caller else None
    if application is None or application["type"] != "oauth1":
        raise ErrorAnswer(101, "This call needs an authenticated OAuth1 application")
    application_id: str = application["id"]
    return application_id


def create_oauth2_application(
    store: Store,
    *,
    name: str,
    confidential: bool,
    description: str = "Made for a test",
    redirect_uris: Sequence[str] = ("http://localhost",),
    now: float,
) -> Document:
    """Return a new application; its first version has the members `applicationId`, `clientId` and, if it is
    confidential, `clientSecret`.
    """
    created = iso(now)
    application = {
        "id": object_id(),
        "type": "oauth2",
        "name": name,
        "description": description,
        "redirectUris": list(redirect_uris),
        "confidential": confidential,
        "creationTimestamp": created,
        "updateTimestamp": created,
    }
    version = {
        "id": object_id(),
        "applicationId": application["id"],
        "name": "1.0.0",
        "clientId": hex40(),
        "creationTimestamp": created,
    }
    if confidential:
        version["clientSecret"] = hex40()
    store.put("applications", application)
    store.put("application_versions", version)
    return version


@dataclass
class Applications:
    """The applications of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        every = f"{base}/applications"
        return [
            Route(every, self._find, methods=["GET"]),
            Route(every, self._create, methods=["POST"]),
            Route(f"{every}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{every}/{{id}}", self._remove, methods=["DELETE"]),
            Route(f"{every}/{{id}}/versions", self._create_version, methods=["POST"]),
            Route(f"{every}/{{id}}/versions/{{version}}", self._remove_version, methods=["DELETE"]),
        ]

    async def _find(self, request: Request) -> Response:
        application_of(request)
        query = query_of(request)
        if rights_of(request, self.store).has("VIEW_APPLICATIONS"):
            if "versions" in unquote(unquote(query)):
                wanted = search_shown(query, COLLECTION, _WITH_VERSIONS)
            else:
                wanted = search(query, _kind)
            return page_of(wanted, self.store, COLLECTION, show=self._shown)
        wanted = search(query, body=_LIMITED_BODY)
        return page_of(wanted, self.store, COLLECTION, show=_limited)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("CREATE_APPLICATIONS")
        fields = await read_json(request)
        kind = _type(fields)
        now = iso(self.clock())
        application: Document = {"id": object_id(), "type": kind}
        for name in _LONGEST:
            fields.text(name)
        application |= _changes(fields, kind)
        if kind == "oauth2":
            if "redirectUris" not in application:
                raise ErrorAnswer(14, "The field redirectUris is required")
            application["confidential"] = fields.optional_flag("confidential") or False
        application |= {"creationTimestamp": now, "updateTimestamp": now}
        self.store.put(COLLECTION, application)
        return JSONResponse(self._shown(application))

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_APPLICATIONS")
        application_id = checked_id(request.path_params["id"])
        fields = await read_json(request)
        kind = _type(fields)
        application = self._existing(application_id)
        if application["type"] != kind:
            raise ErrorAnswer(16, "There is no application with this id and type")
        self.store.put(COLLECTION, application | _changes(fields, kind) | {"updateTimestamp": iso(self.clock())})
        return JSONResponse({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("DELETE_APPLICATIONS")
        application = self._existing(checked_id(request.path_params["id"]))
        with self.store.transaction():
            for version in self._versions(application["id"]):
                self.store.delete(VERSIONS, version["id"])
            self.store.delete(COLLECTION, application["id"])
            end_tokens(self.store, "applicationId", application["id"])
            end_tokens(self.store, "createdByApplicationId", application["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _create_version(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("CREATE_APPLICATIONS")
        application_id = checked_id(request.path_params["id"])
        name = (await read_json(request)).text("name")
        if not name:
            raise ErrorAnswer(15, "The field name must not be empty")
        application = self._existing(application_id)
        if any(each["name"] == name for each in self._versions(application_id)):
            raise ErrorAnswer(17, "The application has a version of this name")
        version = {"id": object_id(), "name": name, "creationTimestamp": iso(self.clock())}
        if application["type"] == "oauth1":
            version |= {"consumerKey": hex40(), "consumerSecret": hex40()}
        else:
            version |= {"clientId": hex40(), **({"clientSecret": hex40()} if application["confidential"] else {})}
        self.store.put(VERSIONS, {**version, "applicationId": application_id})
        return JSONResponse(version)

    async def _remove_version(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("DELETE_APPLICATIONS")
        application_id = checked_id(request.path_params["id"])
        version = self.store.get(VERSIONS, checked_id(request.path_params["version"]))
        if version is None or version["applicationId"] != application_id:
            raise ErrorAnswer(16, "The application has no such version")
        with self.store.transaction():
            self.store.delete(VERSIONS, version["id"])
            if not self._versions(application_id):
                end_tokens(self.store, "applicationId", application_id)
        return JSONResponse({"affectedRecords": 1})

    def _existing(self, application_id: str) -> Document:
        application = self.store.get(COLLECTION, application_id)
        if application is None:
            raise ErrorAnswer(16, "The application does not exist")
        return application

    def _versions(self, application_id: str) -> list[Document]:
        return self.store.matching(VERSIONS, Sql(f"{member('applicationId')} = ?", (application_id,)))

    def _shown(self, application: Document) -> Document:
        versions = [
            {name: value for name, value in version.items() if name != "applicationId"}
            for version in self._versions(application["id"])
        ]
        return {**application, "versions": versions}


def _limited(application: Document) -> Document:
    return {name: application[name] for name in _OPEN if name in application}


def _type(fields: Fields) -> str:
    kind = fields.text("type")
    if kind not in {"oauth1", "oauth2"}:
        raise ErrorAnswer(15, "The field type must be oauth1 or oauth2")
    return kind


def _changes(fields: Fields, kind: str) -> Document:
    """Return the members of an application in a request body."""
    changes: Document = {name: fields.optional_text(name) for name in _LONGEST}
    for name, longest in _LONGEST.items():
        if changes[name] is not None and not 1 <= len(changes[name]) <= longest:
            raise ErrorAnswer(15, f"The field {name} must have 1 to {longest} characters")
    if kind == "oauth2":
        uris = fields.optional_texts("redirectUris")
        if uris is not None and not 1 <= len(uris) <= _MOST_REDIRECT_URIS:
            raise ErrorAnswer(15, f"The field redirectUris must have 1 to {_MOST_REDIRECT_URIS} elements")
        changes |= {"redirectUris": uris, "logo": fields.optional_text("logo")}
    return {name: value for name, value in changes.items() if value is not None}


def _kind(path: str) -> Kind:
    if path in {"id", "type", "name", "description", "logo"}:
        return "string"
    return "date-time" if path in {"creationTimestamp", "updateTimestamp"} else "any"
