"""Request and answer types of version 1 of the template service."""

from typing import Any, Literal, Required, TypedDict


class SizeOption(TypedDict):
    """Limits on the size of content."""

    type: Literal["min_bytes", "max_bytes"]
    value: int


class TemplateSchema(TypedDict, total=False):
    """Schema of a template's content."""

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
    """A template: texts by name, rendered with content."""

    id: Required[str]
    name: Required[str]
    description: Required[str]
    schema: Required[TemplateSchema]
    fields: Required[dict[str, str]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class Resolution(TypedDict, total=False):
    """Content, language and time zone of a rendering."""

    content: Required[dict[str, Any]]
    language: str | None
    time_zone: str | None
