"""The function `html-to-pdf`, which the platform itself provides: a template's output `body` as a PDF file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exh_dev.platform.files.service import LARGEST, keep_file
from exh_dev.platform.http.bodies import Fields
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.templates import pdf_renderer
from exh_dev.platform.templates.service import find_template, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

NAME = "html-to-pdf"


class HtmlToPdf:
    """The function, over a store and the folder of its files."""

    def __init__(self, store: Store, folder: Path, *, clock: Clock) -> None:
        """Keep the PDF files in `folder`."""
        self._store = store
        self._folder = folder
        self._clock = clock

    async def __call__(self, task: Document) -> dict[str, Any]:
        """Run for a task with the data `{templateName, language?, timeZone?, inputs?}`.

        Raises:
            ErrorAnswer: the template is unknown or cannot be rendered, or the PDF fails.
            NotInvocableError: WeasyPrint is not available.
        """
        fields = Fields(task.get("data") or {})
        name = fields.text("templateName")
        template = find_template(self._store, name)
        if template is None or template["name"] != name:
            raise ErrorAnswer(16, f"There is no template {name}")
        creator_id = task.get("createdByUserId")
        outputs = await resolve(
            self._store,
            template,
            fields.optional_object("inputs") or {},
            user=self._store.get("users", creator_id) if creator_id else None,
            language=fields.optional_text("language"),
            time_zone=fields.optional_text("timeZone"),
        )
        if "body" not in outputs:
            raise ErrorAnswer(26, f"The template {name} needs an output body to make a PDF of it")
        content = await asyncio.to_thread(pdf_renderer.renderer.render, outputs["body"])
        if len(content) > LARGEST:
            raise ErrorAnswer(2610, f"A file may have {LARGEST:,} bytes")
        file = keep_file(
            self._store,
            self._folder,
            content,
            name=f"{name}.pdf",
            mimetype="application/pdf",
            creator_id=creator_id,
            now=self._clock(),
        )
        return {"fileToken": file["tokens"][0]["token"]}
