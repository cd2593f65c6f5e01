"""Names of the store's collections for schemas and their documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document

SCHEMAS = "schemas"
WORK = "document_work"


def documents_of(schema: Document) -> str:
    """Return the collection of a schema's documents."""
    return f"documents:{schema['id']}"


def comments_of(schema: Document) -> str:
    """Return the collection of the comments on a schema's documents."""
    return f"comments:{schema['id']}"
