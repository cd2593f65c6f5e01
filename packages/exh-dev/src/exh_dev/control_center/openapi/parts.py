"""Shared parts of the OpenAPI description."""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
OBJECT: dict[str, Any] = {"type": "object"}


def operation(
    summary: str,
    answer: dict[str, Any] | None,
    *path_names: str,
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    status: str = "200",
    is_body_required: bool = True,
) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": answer}}} if answer else {}
    refusal = {"content": {"application/json": {"schema": ref("Fault")}}}
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": [*(in_path(name, TEXT) for name in path_names), *(parameters or [])],
        "responses": {status: {"description": summary, **content}, "default": {"description": "A refusal", **refusal}},
    }
    if body:
        found["requestBody"] = {"required": is_body_required, "content": {"application/json": {"schema": body}}}
    return found


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> dict[str, Any]:
    return object_of({"total": NUMBER, "data": {"type": "array", "items": ref(name)}}, "data")


def object_of(members: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": members, **({"required": list(required)} if required else {})}


def in_query(name: str, meaning: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": meaning, "schema": schema or TEXT}


def in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}
