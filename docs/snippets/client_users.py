from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.query import rql


def enlist(exh: ExtraHorizon, user_id: str, group_id: str) -> bool:
    """Make a user a patient of a group; False where the user is one already."""
    try:
        return exh.users.add_patient_enlistment(user_id, group_id=group_id) == 1
    except ResourceAlreadyExistsError:
        return False


def staff_ids(exh: ExtraHorizon, group_id: str) -> list[str]:
    """Ids of everybody who is staff of a group."""
    page = exh.users.staff(rql.eq("staff_enlistments.group_id", group_id).select("id"))
    ids = [member["id"] for member in page]
    while following := page.next():
        page = following
        ids += [member["id"] for member in page]
    return ids
