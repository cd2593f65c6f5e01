from typing import TYPE_CHECKING

from extrahorizon.client import ExtraHorizon

if TYPE_CHECKING:
    from extrahorizon.services.mails.types import MailCreation


def remind(exh: ExtraHorizon, patient_id: str, sender: str) -> str:
    """Remind a patient of a measurement, by the template `reminder`, in the patient's language."""
    patient = exh.users.find_by_id(patient_id)
    mail: MailCreation = {
        "from": sender,  # a word of Python, so the body is a dict here
        "recipients": {"to": [patient["email"]]},
        "template_name": "reminder",
        "content": {"firstName": patient["first_name"]},
        "language": patient.get("language"),
    }
    return exh.mails.send(**mail)["id"]
