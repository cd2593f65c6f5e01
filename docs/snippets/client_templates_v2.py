from extrahorizon.client import ExtraHorizon


def advice(exh: ExtraHorizon, heart_rate: int, language: str) -> str:
    """Fill in the output `body` of the template `advice`."""
    texts = exh.templates_v2.resolve("advice", inputs={"heartRate": heart_rate}, language=language)
    return texts["body"]


def report(exh: ExtraHorizon, heart_rate: int) -> str:
    """A PDF of the template `report`, made by the platform's own function; returns the token of the file."""
    data = {"templateName": "report", "inputs": {"heartRate": heart_rate}}
    answer = exh.tasks.functions.execute("html-to-pdf", data=data)
    return str(answer["result"]["fileToken"])
