"""What version 1 of the template service sends and takes."""

from typing import Any, Literal, Required, TypedDict


class SizeOption(TypedDict):
    """How small or large the content may be."""

    type: Literal["min_bytes", "max_bytes"]
    value: int


class TemplateSchema(TypedDict, total=False):
    """What content a template takes."""

    type: Literal["object"]
    fields: dict[str, dict[str, Any]]
    options: list[SizeOption]


class TemplateBody(TypedDict):
    """A template to make, or to put in the place of one."""

    name: str
    description: str
    schema: TemplateSchema
    fields: dict[str, str]


class Template(TypedDict, total=False):
    """A template: texts by name, to be filled in with content."""

    id: Required[str]
    name: Required[str]
    description: Required[str]
    schema: Required[TemplateSchema]
    fields: Required[dict[str, str]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class Resolution(TypedDict, total=False):
    """What to fill in, and for which language and time zone."""

    content: Required[dict[str, Any]]
    language: str | None
    time_zone: str | None
