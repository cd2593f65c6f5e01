from typing import Any

from extrahorizon.client import ExtraHorizon


def patient_settings(exh: ExtraHorizon, user_id: str, group_id: str) -> dict[str, Any]:
    """What holds for a patient of a group: everybody's settings, over them the group's, over them the patient's own."""
    everybody = exh.configurations.general.get().get("patientConfiguration", {})
    group = exh.configurations.groups.get(group_id).get("patientConfiguration", {})
    user = exh.configurations.users.get(user_id)
    settings = {**everybody, **group}
    for enlistment in user.get("patientConfigurations", []):
        if enlistment["groupId"] == group_id:
            settings |= enlistment.get("data", {})
    return settings


def remind_at(exh: ExtraHorizon, user_id: str, group_id: str, hour: int) -> int:
    """Set the hour at which a patient of a group is reminded."""
    return exh.configurations.patients.update(user_id, group_id, {"data": {"reminderHour": hour}})
