"""The form of answers with a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.paging import Page
    from extrahorizon.services.data.types import Document


def listed(page: Page[Document], shown: Callable[[Document], dict[str, Any]]) -> dict[str, Any]:
    """Return a page of documents, each as it is `shown` to a caller."""
    return {
        "items": [shown(document) for document in page],
        "page": {"total": page.total, "offset": page.offset, "limit": page.limit},
    }
