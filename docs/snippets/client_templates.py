from pathlib import Path

from extrahorizon.client import ExtraHorizon


def report(exh: ExtraHorizon, template: str, heart_rate: int, path: Path) -> int | None:
    """Write a report as a PDF by a version 1 template; its size, None where there is no such template."""
    found = exh.templates.find_by_name(template)
    if found is None:
        return None
    pdf = exh.templates.resolve_as_pdf(found["id"], content={"heart_rate": heart_rate}, language="NL")
    return path.write_bytes(pdf)
