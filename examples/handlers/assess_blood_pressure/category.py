"""The categories of blood pressure, by the guideline of the American Heart Association. No call of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.errors import ExtraHorizonError

if TYPE_CHECKING:
    from handlers.documents import BloodPressureReadingCategory

SYSTOLIC, DIASTOLIC = (40, 300), (20, 200)  # mmHg; values beyond these are errors of the device


class ImplausibleMeasurementError(ExtraHorizonError):
    """The measured values cannot be a blood pressure. A retry cannot succeed."""


def classify(systolic: float, diastolic: float) -> BloodPressureReadingCategory:
    """Return the category of a blood pressure in mmHg.

    Raises:
        ImplausibleMeasurementError: no living patient has these values, or they were swapped.
    """
    # The messages name limits and no values: error messages are stored, and the values are a patient's.
    if not (SYSTOLIC[0] <= systolic <= SYSTOLIC[1] and DIASTOLIC[0] <= diastolic <= DIASTOLIC[1]):
        raise ImplausibleMeasurementError(
            f"the systolic pressure must be {SYSTOLIC[0]} to {SYSTOLIC[1]} mmHg and the diastolic {DIASTOLIC[0]} to "
            f"{DIASTOLIC[1]}; check the device and measure again"
        )
    if diastolic >= systolic:
        raise ImplausibleMeasurementError("the diastolic pressure must be below the systolic; are they swapped?")
    if systolic > 180 or diastolic > 120:  # the guideline's own numbers, here and below
        return "hypertensive-crisis"
    if systolic >= 140 or diastolic >= 90:
        return "hypertension-stage-2"
    if systolic >= 130 or diastolic >= 80:
        return "hypertension-stage-1"
    return "elevated" if systolic >= 120 else "normal"
