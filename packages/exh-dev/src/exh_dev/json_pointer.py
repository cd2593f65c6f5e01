"""JSON pointers (RFC 6901), by which a value in a file is named: `/transitions/0/name`."""

from __future__ import annotations


def step(name: str | int) -> str:
    """Return a member name or index, escaped for a pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")


def steps(pointer: str) -> list[str]:
    """Return the names of the members and items along a pointer."""
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
