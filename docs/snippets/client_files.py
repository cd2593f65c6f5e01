from pathlib import Path

from extrahorizon.client import ExtraHorizon


def publish(exh: ExtraHorizon, report: Path, measurement_id: str) -> tuple[str, str]:
    """Upload a report; the `full` token is to be kept, the `read` one may be given to the patient."""
    file = exh.files.create(report, mimetype="application/pdf", tags=["report", measurement_id])
    full = file["tokens"][0]["token"]
    return full, exh.files.generate_token(full, accessLevel="read")["token"]


def fetch(exh: ExtraHorizon, token: str, directory: Path) -> int:
    """Download a file; it appears under its name once it is complete. Returns its size."""
    return exh.files.download(token, directory / "report.pdf").stat().st_size
