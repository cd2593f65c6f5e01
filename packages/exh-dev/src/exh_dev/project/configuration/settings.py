"""`service-settings.json`: settings of the user service and the file service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.project.configuration.dispatchers import no_such_template
from exh_dev.project.configuration.reading import Node, Problem, read_json

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FILE = "service-settings.json"
_LENGTHS = ("minimumLength", "maximumLength")
_REQUIRED = ("numberRequired", "symbolRequired", "upperCaseRequired", "lowerCaseRequired")
_MAILS = ("activation", "reactivation", "passwordReset", "oidcUnlink")
_EMAIL_TEMPLATES = tuple(f"{mail}{pin}EmailTemplateName" for mail in _MAILS for pin in ("", "Pin"))
_VERIFICATION = ("enablePinCodeActivationRequests", "enablePinCodeForgotPasswordRequests")


def read_settings(root: Path, problems: list[Problem], *, templates: Collection[str]) -> dict[str, Any]:
    """Read the settings, and add their problems to `problems`; `templates` are the names of the project's templates."""
    if not (root / FILE).exists():
        return {}
    node = read_json(root / FILE, problems)
    if node is None:
        return {}
    services = node.members(optional=("$schema", "users", "files"))
    if "users" in services:
        _check_users(services["users"], templates)
    if "files" in services:
        files = services["files"].members(optional=("disableForceDownloadForMimeTypes",))
        if "disableForceDownloadForMimeTypes" in files:
            for item in files["disableForceDownloadForMimeTypes"].items():
                item.text(least=3, most=255)
    return node.value if isinstance(node.value, dict) else {}


def _check_users(node: Node, templates: Collection[str]) -> None:
    groups = node.members(optional=("passwordPolicy", "emailTemplates", "verification"))
    if "passwordPolicy" in groups:
        for name, member in groups["passwordPolicy"].members(optional=(*_LENGTHS, *_REQUIRED)).items():
            if name in _LENGTHS:
                member.integer(least=3)
            else:
                member.flag()
    if "emailTemplates" in groups:
        for member in groups["emailTemplates"].members(optional=_EMAIL_TEMPLATES).values():
            template = member.text(least=1)
            if template is not None and template not in templates:
                member.problem(no_such_template(template, templates))
    if "verification" in groups:
        for member in groups["verification"].members(optional=_VERIFICATION).values():
            member.flag()
