"""Version 1 of the template service, `/templates/v1`: snake_case members, timestamps in epoch milliseconds.

What is inside `schema.fields`, `fields` and `content` is the template's own. Deprecated by the platform: use
`exh.templates_v2`. A cluster may have no version 1 any more, then `ServiceNotFoundError` is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Service, WithId, WithName, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.templates.types import Resolution, Template, TemplateBody

BASE = "/templates/v1"


def _template(template_id: str) -> str:
    return f"{BASE}/{segment(template_id)}"


class Templates(Service, WithId["Template"], WithName["Template"]):
    """`exh.templates`; deprecated by the platform in favour of `exh.templates_v2`. Finding needs `VIEW_TEMPLATES`."""

    _base = BASE
    _path = f"{BASE}/"

    def create(self, **body: Unpack[TemplateBody]) -> Template:
        """Create a template. Needs `CREATE_TEMPLATES`. Deprecated by the platform: use `exh.templates_v2.create`."""
        return cast("Template", self._object("POST", f"{BASE}/", json=self._body("TemplateBody", body)))

    def update(self, template_id: str, **body: Unpack[TemplateBody]) -> Template:
        """Replace a template. Needs `UPDATE_TEMPLATES`. Deprecated by the platform: use `exh.templates_v2.update`.

        Returns:
            The new template.

        Raises:
            ResourceUnknownError: the template does not exist (16).
        """
        return cast("Template", self._object("PUT", _template(template_id), json=self._body("TemplateBody", body)))

    def remove(self, template_id: str) -> int:
        """Delete a template. Needs `DELETE_TEMPLATES`. Deprecated by the platform.

        Raises:
            ResourceUnknownError: the template does not exist (16).
        """
        return self._affected("DELETE", _template(template_id))

    def resolve_as_pdf(self, template_id: str, **body: Unpack[Resolution]) -> bytes:
        """Render a template as a PDF. Needs no permission.

        Deprecated by the platform: use its function `html-to-pdf`.

        Raises:
            LocalizationKeyMissingError: a localization key of the template does not exist (1002).
            TemplateFillingError: the content does not match the template (1003).
            ResourceUnknownError: the template does not exist (16).
        """
        return self._session.request(
            "POST", f"{_template(template_id)}/pdf", json=self._body("Resolution", body)
        ).content

    def resolve_as_pdf_using_code(self, template_id: str, localization_code: str, **body: Unpack[Resolution]) -> bytes:
        """Render a template as a PDF in this language. Needs no permission.

        Deprecated by the platform: use `resolve_as_pdf` with a `language`.

        Raises:
            LocalizationKeyMissingError: a localization key of the template does not exist (1002).
            TemplateFillingError: the content does not match the template (1003).
            ResourceUnknownError: the template does not exist (16).
        """
        path = f"{_template(template_id)}/pdf/{segment(localization_code)}"
        return self._session.request("POST", path, json=self._body("Resolution", body)).content

    def resolve_as_json(self, template_id: str, **body: Unpack[Resolution]) -> dict[str, str]:
        """Render a template. Needs no permission. Deprecated by the platform: use `exh.templates_v2.resolve`.

        Args:
            template_id: the template.
            body: `content`; `language`, the user's or `EN` by default; `time_zone`, the user's or
                `Europe/Brussels` by default.

        Returns:
            The rendered texts by field name.

        Raises:
            LocalizationKeyMissingError: a localization key of the template does not exist (1002).
            TemplateFillingError: the content does not match the template (1003).
            ResourceUnknownError: the template does not exist (16).
        """
        return cast(
            "dict[str, str]",
            self._object("POST", f"{_template(template_id)}/resolve", json=self._body("Resolution", body)),
        )

    def resolve_as_json_using_code(
        self, template_id: str, localization_code: str, **body: Unpack[Resolution]
    ) -> dict[str, str]:
        """Fill in a template in the language of this code. Needs no permission.

        Deprecated by the platform: use `resolve_as_json` with a `language`, which raises the same.
        """
        path = f"{_template(template_id)}/resolve/{segment(localization_code)}"
        return cast("dict[str, str]", self._object("POST", path, json=self._body("Resolution", body)))
