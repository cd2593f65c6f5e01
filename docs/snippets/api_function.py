"""An API function: notes, one list per user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.api import ApiError, ApiFunction, ApiRequest, Response

if TYPE_CHECKING:
    from extrahorizon.client import ExtraHorizon

app = ApiFunction(origins=["https://app.example.com"])


@app.get("/notes")
def notes(request: ApiRequest, exh: ExtraHorizon) -> dict[str, Any]:
    page = exh.data.documents.find("note", f"eq(data.owner,{request.user_id})")
    return {"items": [{"id": each["id"], "text": each["data"]["text"]} for each in page]}


@app.post("/notes")
def add_note(request: ApiRequest, exh: ExtraHorizon) -> tuple[dict[str, Any], int]:
    body = request.json()
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise ApiError(400, "the request is not valid", [("text", "expected a text")])
    note = exh.data.documents.create("note", {"owner": request.user_id, "text": text})
    return {"id": note["id"]}, 201


@app.get("/notes/<note_id>/picture")
def picture(request: ApiRequest, exh: ExtraHorizon, note_id: str) -> Response[bytes]:
    note = exh.data.documents.find_by_id("note", note_id, f"eq(data.owner,{request.user_id})")
    if note is None or "picture" not in note["data"]:
        raise ApiError(404, "there is no such picture")
    return Response(200, "image/png", exh.files.retrieve(note["data"]["picture"]))


@app.get("/health", public=True)
def health(request: ApiRequest, exh: ExtraHorizon) -> None:
    """Nothing: 204."""


handler = app.handler
