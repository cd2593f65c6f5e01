"""Request and answer types of the template service."""

from typing import Any, Literal, Required, TypedDict


class InputType(TypedDict, total=False):
    """Type of an input: an object has `properties`, an array has `items`."""

    type: Required[Literal["object", "array", "string", "number", "boolean"]]
    properties: "dict[str, InputType]"
    items: "InputType"


class TemplateCreation(TypedDict, total=False):
    """A template to make."""

    name: Required[str]
    outputs: Required[dict[str, str]]
    description: str | None
    inputs: dict[str, InputType] | None


class TemplateUpdate(TypedDict, total=False):
    """Changes to a template; null removes a description or inputs."""

    name: str
    outputs: dict[str, str]
    description: str | None
    inputs: dict[str, InputType] | None


class Template(TypedDict, total=False):
    """A template: outputs by name, to be filled in with inputs."""

    id: Required[str]
    name: Required[str]
    description: str
    inputs: Required[dict[str, InputType]]
    outputs: Required[dict[str, str]]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class Resolution(TypedDict, total=False):
    """Inputs, language and time zone of a rendering."""

    inputs: dict[str, Any] | None
    language: str | None
    timeZone: str | None
