from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import ResourceUnknownError
from extrahorizon.query import rql

CLASSIFIED = rql.eq("status", "classified")


def review_newest(exh: ExtraHorizon, patient_id: str, conclusion: str) -> str | None:
    """Review a patient's newest measurement and return its id; None if there is none, or if another user was faster."""
    newest = exh.data.documents.find_first("ecg", CLASSIFIED.eq("creatorId", patient_id).sort("-creationTimestamp"))
    if newest is None:
        return None
    document = exh.data.documents.wait_until_unlocked("ecg", newest["id"])
    try:
        changed = exh.data.documents.transition(
            "ecg", document["id"], name="review", data={"conclusion": conclusion}, rql=CLASSIFIED
        )
    except ResourceUnknownError:
        return None
    return document["id"] if changed else None
