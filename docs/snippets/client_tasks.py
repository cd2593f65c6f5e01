from typing import Any

from extrahorizon.client import ExtraHorizon


def classify_later(exh: ExtraHorizon, measurement_id: str) -> str:
    """Queue a measurement for classification, and say which task it is."""
    data = {"measurementId": measurement_id}
    return exh.tasks.create(functionName="classify-ecg", data=data, tags=["ecg", measurement_id])["id"]


def classify_now(exh: ExtraHorizon, measurement_id: str) -> Any:
    """Classify a measurement, and wait for what the function returns."""
    return exh.tasks.functions.execute("classify-ecg", data={"measurementId": measurement_id})["result"]
