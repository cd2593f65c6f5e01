"""The template service, `/templates/v2`: texts with placeholders (Handlebars).

camelCase members, ISO 8601 timestamps; the names of `inputs` and `outputs` are the template's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Service, WithId, WithName, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.templates_v2.types import Resolution, Template, TemplateCreation, TemplateUpdate

BASE = "/templates/v2"


class TemplatesV2(Service, WithId["Template"], WithName["Template"]):
    """`exh.templates_v2`. Finding needs `VIEW_TEMPLATES`."""

    _base = BASE
    _path = f"{BASE}/"

    def create(self, **body: Unpack[TemplateCreation]) -> Template:
        """Create a template with at least one output. Needs `CREATE_TEMPLATES`.

        Raises:
            ResourceAlreadyExistsError: a template with this name exists (17).
            TemplateSyntaxError: an output has a syntax error; see `body["syntaxError"]` (1004).
        """
        return cast("Template", self._object("POST", f"{BASE}/", json=self._body("TemplateCreation", body)))

    def update(self, template_id_or_name: str, **body: Unpack[TemplateUpdate]) -> int:
        """Change some members of a template; a `description` or `inputs` of None is removed. Needs `UPDATE_TEMPLATES`.

        Raises:
            ResourceUnknownError: the template does not exist (16).
            ResourceAlreadyExistsError: another template has this name (17).
            TemplateSyntaxError: an output has a syntax error; see `body["syntaxError"]` (1004).
        """
        return self._affected(
            "PUT", f"{BASE}/{segment(template_id_or_name)}", json=self._body("TemplateUpdate", body, nulls=True)
        )

    def remove(self, template_id_or_name: str) -> int:
        """Delete a template. Needs `DELETE_TEMPLATES`.

        Raises:
            ResourceUnknownError: the template does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(template_id_or_name)}")

    def resolve(self, template_id_or_name: str, **body: Unpack[Resolution]) -> dict[str, str]:
        """Render a template. Needs `RESOLVE_TEMPLATES` or `RESOLVE_TEMPLATES:{TEMPLATE_NAME}`.

        Args:
            template_id_or_name: the template.
            body: `inputs`; `language`, the user's or `EN` by default; `timeZone`, the user's or `UTC` by default.

        Returns:
            The rendered texts by output name.

        Raises:
            TemplateFillingError: the inputs do not match the template (1003).
            TemplateResolvingError: rendering an output failed; see `body["resolveError"]` (1005).
            ResourceUnknownError: the template does not exist (16).
        """
        return cast(
            "dict[str, str]",
            self._object("POST", f"{BASE}/{segment(template_id_or_name)}/resolve", json=self._body("Resolution", body)),
        )
