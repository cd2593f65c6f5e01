"""Fields of a profile."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document

COMORBIDITIES = ("HEART_FAILURE", "DIABETES", "COPD", "HYPERTENSION", "VASCULAR_DISEASE", "HISTORY_OF_TIA_STROKE")
IMPEDIMENTS = ("TREMOR", "PERNIOSIS", "CALLUS")
_ACTIVITIES = ("NOT_ACTIVE", "SLIGHTLY_ACTIVE", "MODERATELY_ACTIVE", "ACTIVE", "VERY_ACTIVE")
_GENDERS = (0, 1, 2, 9)  # ISO 5218
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

REQUIRED = ("country", "birthday", "gender")
#: What cannot be removed from a profile, or from its part for a group.
PROTECTED = ("id", *REQUIRED, "groups", "medication", "creation_timestamp", "update_timestamp")
PROTECTED_OF_GROUP = ("group_id",)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_day(value: Any) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_gender(value: Any) -> bool:
    return not isinstance(value, bool) and value in _GENDERS


def _one_of(names: Iterable[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


def _some_of(names: Iterable[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(each, str) and each in names for each in value)


OF_PROFILE: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("address_line1", "address_line2", "country", "region", "city", "postal_code", "physician"), _is_text
    ),
    "birthday": _is_day,
    "gender": _is_gender,
    **dict.fromkeys(("length", "weight"), _is_number),
    **dict.fromkeys(("af_history", "smoker"), _is_flag),
    "activity": _one_of(_ACTIVITIES),
    "comorbidities": _some_of(COMORBIDITIES),
    "impediments": _some_of(IMPEDIMENTS),
    **dict.fromkeys(("custom_fields", "fibricheck_info"), _is_object),
}
OF_GROUP: dict[str, Callable[[Any], bool]] = {"reason": _is_text, "patient_id": _is_text, "custom_fields": _is_object}


def read(fields: Fields, known: dict[str, Callable[[Any], bool]]) -> Document:
    """Return the known members that were sent; others are ignored, and so is null.

    Raises:
        ErrorAnswer: 15 for one that cannot be.
    """
    sent = {name: fields.value(name) for name in known if fields.value(name) is not None}
    for name, value in sent.items():
        if not known[name](value):
            raise ErrorAnswer(15, f"The field {name} does not fit")
    return sent


def without(record: Document, paths: Iterable[str], protected: Iterable[str]) -> Document:
    """Return a record without some of its members, or members of these: `custom_fields.shoe_size`.

    Raises:
        ErrorAnswer: 11 for a member that has to stay.
    """
    record = {name: dict(value) if isinstance(value, dict) else value for name, value in record.items()}
    for path in paths:
        name, _, inner = path.partition(".")
        if name in protected:
            raise ErrorAnswer(11, f"The field {name} cannot be removed")
        if not inner:
            record.pop(name, None)
        elif isinstance(record.get(name), dict):
            record[name].pop(inner, None)
    return record
