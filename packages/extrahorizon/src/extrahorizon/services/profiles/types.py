"""Request and answer types of the profiles service."""

from typing import Any, Literal, Required, TypedDict

Gender = Literal[0, 1, 2, 9]  # ISO 5218: not known, male, female, not applicable
Activity = Literal["NOT_ACTIVE", "SLIGHTLY_ACTIVE", "MODERATELY_ACTIVE", "ACTIVE", "VERY_ACTIVE"]
Comorbidity = Literal["HEART_FAILURE", "DIABETES", "COPD", "HYPERTENSION", "VASCULAR_DISEASE", "HISTORY_OF_TIA_STROKE"]
Impediment = Literal["TREMOR", "PERNIOSIS", "CALLUS"]


class Fields(TypedDict):
    """Fields to remove."""

    fields: list[str]


class Dose(TypedDict, total=False):
    """A dose of a medicine."""

    number: float
    unit: Literal["mg", "ml", "pill"]


class Medication(TypedDict, total=False):
    """A medicine, how much of it and how often."""

    name: Required[str]
    dosis: Dose
    medication_frequency: Literal["AS_NEEDED", "EVERY_DAY", "EVERY_WEEK", "EVERY_MONTH", "BIRTH_CONTROL"]
    count: int


class GroupUpdate(TypedDict, total=False):
    """Changes to an enlistment; `patient_id` is any string that identifies the patient in another system."""

    reason: str
    patient_id: str
    custom_fields: dict[str, Any]


class GroupCreation(GroupUpdate, total=False):
    """An enlistment to make."""

    group_id: Required[str]


class Group(TypedDict, total=False):
    """An enlistment in a group. Personal data: never log it, never return all of it."""

    group_id: Required[str]
    reason: str
    patient_id: str
    custom_fields: dict[str, Any]


class Profile(TypedDict, total=False):
    """A user's medical profile. Personal data: never log it, never return all of it."""

    id: Required[str]
    address_line1: str
    address_line2: str
    postal_code: str
    city: str
    region: str
    country: Required[str]
    birthday: Required[str]
    gender: Required[Gender]
    length: float
    weight: float
    af_history: bool
    comorbidities: list[Comorbidity]
    physician: str
    smoker: bool
    activity: Activity
    impediments: list[Impediment]
    medication: list[Medication]
    groups: list[Group]
    custom_fields: dict[str, Any]
    fibricheck_info: str
    creation_timestamp: int
    update_timestamp: int


class ProfileCreation(TypedDict, total=False):
    """A profile to make: `id` is the user's, `birthday` is `YYYY-MM-DD`, `gender` a number of ISO 5218."""

    id: Required[str]
    country: Required[str]
    birthday: Required[str]
    gender: Required[Gender]
    region: str | None


class ProfileUpdate(TypedDict, total=False):
    """Changes to a profile."""

    address_line1: str
    address_line2: str
    postal_code: str
    city: str
    region: str
    country: str
    birthday: str
    gender: Gender
    length: float
    weight: float
    af_history: bool
    comorbidities: list[Comorbidity]
    physician: str
    smoker: bool
    activity: Activity
    impediments: list[Impediment]
    medication: list[Medication]
    groups: list[Group]
    custom_fields: dict[str, Any]
    fibricheck_info: str


class LogEntryBody(TypedDict):
    """The text of a note."""

    text: str


class LogEntry(TypedDict, total=False):
    """A note of staff on a profile. Personal data: never log it, never return all of it."""

    id: Required[str]
    profile_id: str
    group_id: str
    user_id: str
    text: str
    creation_timestamp: int
    update_timestamp: int
