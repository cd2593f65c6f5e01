"""The settings of the user service: each is one record, merged into when it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store

COLLECTION = "user_service_settings"
PASSWORD_POLICY, EMAIL_TEMPLATES, VERIFICATION = "password_policy", "email_templates", "verification"

#: Not documented but for `limit_hash_…`, which are on in every new environment.
_DEFAULTS: dict[str, Document] = {
    PASSWORD_POLICY: {
        "minimum_length": 8,
        "maximum_length": 128,
        "upper_case_required": True,
        "lower_case_required": True,
        "symbol_required": False,
        "number_required": True,
    },
    EMAIL_TEMPLATES: {},
    VERIFICATION: {
        "enable_pin_code_activation_requests": False,
        "enable_pin_code_forgot_password_requests": False,
        "limit_hash_activation_requests": True,
        "limit_hash_forgot_password_requests": True,
    },
}
_MAILS = ("activation", "reactivation", "password_reset", "oidc_unlink")
_TEMPLATES = tuple(f"{mail}{pin}_email_template" for pin in ("", "_pin") for mail in _MAILS)


def setting(store: Store, name: str) -> Document:
    """Return a setting as in an answer, with its defaults."""
    stored = store.get(COLLECTION, name) or {}
    return _DEFAULTS[name] | {key: value for key, value in stored.items() if key != "id"}


@dataclass
class Settings:
    """The settings of a store."""

    store: Store

    def routes(self, base: str) -> list[Route]:
        return [
            Route(f"{base}/password_policy", self._policy, methods=["GET"]),
            Route(f"{base}/password_policy", self._update_policy, methods=["PUT"]),
            Route(f"{base}/email_templates", self._templates, methods=["GET"]),
            Route(f"{base}/email_templates", self._update_templates, methods=["PUT"]),
            Route(f"{base}/settings/verification", self._verification, methods=["GET"]),
            Route(f"{base}/settings/verification", self._update_verification, methods=["PUT"]),
        ]

    async def _policy(self, _: Request) -> JSONResponse:
        return JSONResponse(setting(self.store, PASSWORD_POLICY))

    async def _update_policy(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_PASSWORD_POLICY")
        fields = await read_json(request)
        changes: dict[str, Any] = {}
        for name, default in _DEFAULTS[PASSWORD_POLICY].items():
            flag = isinstance(default, bool)
            changes[name] = fields.optional_flag(name) if flag else fields.optional_integer(name)
        policy = setting(self.store, PASSWORD_POLICY) | _given(changes)
        if not 1 <= policy["minimum_length"] <= policy["maximum_length"]:
            raise ErrorAnswer(15, "The field minimum_length must be between 1 and maximum_length")
        return self._put(PASSWORD_POLICY, policy)

    async def _templates(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("VIEW_USER_SERVICE_EMAIL_TEMPLATES")
        return JSONResponse(setting(self.store, EMAIL_TEMPLATES))

    async def _update_templates(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_USER_SERVICE_EMAIL_TEMPLATES")
        fields = await read_json(request)
        templates = setting(self.store, EMAIL_TEMPLATES)
        for template in _TEMPLATES:
            _choose(templates, template, fields)
        return self._put(EMAIL_TEMPLATES, templates)

    async def _verification(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("VIEW_USER_VERIFICATION_SETTINGS")
        return JSONResponse(setting(self.store, VERIFICATION))

    async def _update_verification(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_USER_VERIFICATION_SETTINGS")
        fields = await read_json(request)
        changes = {name: fields.optional_flag(name) for name in _DEFAULTS[VERIFICATION]}
        return self._put(VERIFICATION, setting(self.store, VERIFICATION) | _given(changes))

    def _put(self, name: str, value: Document) -> JSONResponse:
        self.store.put(COLLECTION, {**value, "id": name})
        return JSONResponse(value)


def _choose(templates: Document, template: str, fields: Fields) -> None:
    """Set a template from the body, by id or by name. One replaces the other, and null clears."""
    by_id, by_name = f"{template}_id", f"{template}_name"
    given = {name: fields.optional_text(name) for name in (by_id, by_name) if name in fields.members}
    if all(given.get(name) for name in (by_id, by_name)):
        raise ErrorAnswer(15, f"The fields {by_id} and {by_name} exclude each other")
    for name, value in given.items():
        templates.pop(name, None)
        if value:
            templates.pop(by_id, None)
            templates.pop(by_name, None)
            templates[name] = value


def _given(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}
