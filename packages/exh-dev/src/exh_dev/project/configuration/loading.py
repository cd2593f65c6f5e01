"""Load a project's configuration into a platform, by the same calls as `exh sync` of the official CLI.

Only differences are written. Records without a file stay, except parts of a schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.query import rql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.configuration.templates import Template
    from exh_dev.project.configuration.templates_v1 import TemplateV1
    from extrahorizon.client import ExtraHorizon

_ROOT = (
    "description", "createMode", "readMode", "updateMode", "deleteMode", "groupSyncMode", "defaultLimit",
    "maximumLimit",
)  # fmt: skip
MANAGED = "EXH_CLI_MANAGED"  # tag that the official CLI sets on its dispatchers
_BATCH = 30  # localizations in one call


def load(found: Configuration, exh: ExtraHorizon) -> None:
    """Load the files' configuration into the platform.

    Raises:
        PlatformError: the platform rejects something that passed the checks of `found`.
    """
    schemas = {each["name"]: each for each in exh.data.schemas.find_all()} if found.schemas else {}
    for schema in found.schemas:
        _load_schema(schema, schemas.get(schema["name"]), exh)
    templates = {each["name"]: each for each in exh.templates_v2.find_all()} if found.templates else {}
    ids = {each.name: _load_template(each, templates.get(each.name), exh) for each in found.templates}
    first = {each.get("name"): each for each in exh.templates.find_all()} if found.templates_v1 else {}
    for template in found.templates_v1:
        _load_template_v1(template, first.get(template.name), exh)
    _load_localizations(found.localizations, exh)
    for dispatcher in found.dispatchers:
        _load_dispatcher(dispatcher, ids, exh)
    _load_settings(found.settings, exh)


def schema_differences(file: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Return the members of a schema on a platform that are others than in its file."""

    def bare(transitions: Any) -> list[Any]:
        return [{name: value for name, value in each.items() if name != "id"} for each in transitions]

    indexes = [_index(each) for each in known["indexes"] if not each["system"]]
    wanted = [_index(each) for each in file.get("indexes", [])]
    transitions = _plain(file.get("transitions", []))
    same = {
        **{name: file[name] == known.get(name) for name in _ROOT if name in file},
        "properties": _plain(file["properties"]) == known["properties"],
        "statuses": file["statuses"] == known["statuses"],
        "creationTransition": _plain(file["creationTransition"]) == known["creationTransition"],
        "transitions": all(each in transitions for each in bare(known["transitions"]))
        and len(transitions) == len(known["transitions"]),
        "indexes": all(each in wanted for each in indexes) and len(indexes) == len(wanted),
    }
    return [name for name, is_same in same.items() if not is_same]


def _load_schema(file: dict[str, Any], known: Any, exh: ExtraHorizon) -> None:
    data = exh.data
    if known is None:
        known = data.schemas.create(name=file["name"], description=file["description"])
    schema_id = known["id"]
    changed = {name: file[name] for name in _ROOT if name in file and file[name] != known.get(name)}
    if changed:
        data.schemas.update(schema_id, **changed)
    _load_properties(schema_id, _plain(file["properties"]), known["properties"], exh)
    statuses, known_statuses = file["statuses"], known["statuses"]
    for name, labels in statuses.items():
        if name not in known_statuses:
            data.statuses.create(schema_id, name=name, data=labels)
        elif labels != known_statuses[name]:
            gone = dict.fromkeys(known_statuses[name].keys() - labels.keys())
            data.statuses.update(schema_id, name, data={**gone, **labels})
    creation = _plain(file["creationTransition"])
    if creation != known["creationTransition"]:
        data.transitions.update_creation(schema_id, **creation)
    _load_transitions(schema_id, _plain(file.get("transitions", [])), known["transitions"], exh)
    for name in known_statuses.keys() - statuses.keys():
        data.statuses.remove(schema_id, name)
    _load_indexes(schema_id, file.get("indexes", []), known["indexes"], exh)


def _load_properties(schema_id: str, wanted: Mapping[str, Any], known: Mapping[str, Any], exh: ExtraHorizon) -> None:
    for name, configuration in wanted.items():
        if name not in known:
            exh.data.properties.create(schema_id, name=name, configuration=configuration)
        elif configuration != known[name]:
            exh.data.properties.update(schema_id, name, configuration)
    for name in known.keys() - wanted.keys():
        exh.data.properties.remove(schema_id, name)


def _load_transitions(schema_id: str, wanted: list[Any], known: list[Any], exh: ExtraHorizon) -> None:
    by_name = {each["name"]: each for each in known}
    for transition in wanted:
        before = by_name.pop(transition["name"], None)
        if before is None:
            exh.data.transitions.create(schema_id, **transition)
        elif {name: value for name, value in before.items() if name != "id"} != transition:
            exh.data.transitions.update(schema_id, before["id"], **transition)
    for gone in by_name.values():
        exh.data.transitions.remove(schema_id, gone["id"])


def _load_indexes(schema_id: str, wanted: list[Any], known: list[Any], exh: ExtraHorizon) -> None:
    for index in known:
        if not index["system"] and _index(index) not in map(_index, wanted):
            exh.data.indexes.remove(schema_id, index["id"])
    for index in wanted:
        if _index(index) not in map(_index, known):
            exh.data.indexes.create(schema_id, **index)


def _index(index: Any) -> Any:
    """Return the identity of an index for comparison."""
    return index["fields"], index.get("options") or {}


def _load_template(template: Template, known: Any, exh: ExtraHorizon) -> str:
    body: Any = {"description": template.description, "inputs": template.inputs, "outputs": template.outputs}
    if known is None:
        known = exh.templates_v2.create(name=template.name, **body)
        return str(known["id"])
    if any(known.get(name) != value for name, value in body.items()):
        exh.templates_v2.update(known["id"], **body)
    return str(known["id"])


def _load_template_v1(template: TemplateV1, known: Any, exh: ExtraHorizon) -> None:
    body: Any = {
        "name": template.name,
        "description": template.description,
        "schema": {"type": "object", **template.schema},
        "fields": template.fields,
    }
    if known is None:
        exh.templates.create(**body)
    elif any(known.get(name) != value for name, value in body.items()):
        exh.templates.update(known["id"], **body)


def _load_localizations(texts: Mapping[str, Mapping[str, str]], exh: ExtraHorizon) -> None:
    entries: list[Any] = [{"key": key, "text": dict(by_language)} for key, by_language in texts.items()]
    known = {each["key"]: each["text"] for each in exh.localizations.find_all()} if entries else {}
    new = [each for each in entries if each["key"] not in known]
    changed = [each for each in entries if each["key"] in known and _differs(each["text"], known[each["key"]])]
    for start in range(0, len(new), _BATCH):
        exh.localizations.create(localizations=new[start : start + _BATCH])
    for start in range(0, len(changed), _BATCH):
        exh.localizations.update(localizations=changed[start : start + _BATCH])


def _load_dispatcher(file: dict[str, Any], template_ids: Mapping[str, str], exh: ExtraHorizon) -> None:
    actions: list[Any] = [_action(each, template_ids) for each in file["actions"]]
    tags = [*file.get("tags", []), MANAGED]
    known = exh.dispatchers.find_first(rql.eq("name", file["name"]))
    body: Any = {name: value for name, value in file.items() if name not in {"actions", "tags", "$schema"}}
    if known is None:
        exh.dispatchers.create(**body, tags=tags, actions=actions)
        return
    body["tags"] = tags
    if any(known.get(name) != value for name, value in body.items()):
        exh.dispatchers.update(known["id"], **body)
    by_name = {each.get("name"): each for each in known["actions"]}
    for action in actions:
        before = by_name.pop(action["name"], None)
        if before is None:
            exh.dispatchers.actions.create(known["id"], **action)
        elif {name: value for name, value in before.items() if name != "id"} != action:
            exh.dispatchers.actions.update(known["id"], before["id"], **action)
    for gone in by_name.values():
        exh.dispatchers.actions.remove(known["id"], gone["id"])


def _action(file: dict[str, Any], template_ids: Mapping[str, str]) -> dict[str, Any]:
    """Return an action as the platform takes it: a mail's template by its id."""
    if "templateName" not in file:
        return file
    rest = {name: value for name, value in file.items() if name != "templateName"}
    return {**rest, "templateId": template_ids[file["templateName"]]}


def _load_settings(settings: Mapping[str, Any], exh: ExtraHorizon) -> None:
    users = settings.get("users", {})
    policy, templates = _snake(users.get("passwordPolicy", {})), _snake(users.get("emailTemplates", {}))
    verification, files = _snake(users.get("verification", {})), settings.get("files", {})
    if policy and _differs(policy, exh.users.password_policy()):
        exh.users.update_password_policy(**policy)
    if templates and _differs(templates, exh.users.get_email_templates()):
        exh.users.set_email_templates(**templates)
    if verification and _differs(verification, exh.users.settings.get_verification_settings()):
        exh.users.settings.update_verification_settings(**verification)
    if files and _differs(files, exh.files.settings.get()):
        exh.files.settings.update(**settings["files"])


def _differs(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return any(known.get(name) != value for name, value in wanted.items())


def _snake(members: Mapping[str, Any]) -> Any:
    """Convert member names to snake_case, as in the user service."""

    def name(text: str) -> str:
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in text)

    return {name(member): value for member, value in members.items()}


def _plain(value: Any) -> Any:
    """Return a schema without descriptions, which only files have; those inside `afterActions` stay."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    described = isinstance(value.get("description"), str) and "type" in value
    return {
        name: each if name in {"afterActions", "data", "value", "values", "const", "enum"} else _plain(each)
        for name, each in value.items()
        if not (described and name == "description")
    }
