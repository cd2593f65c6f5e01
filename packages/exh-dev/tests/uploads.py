"""Functions as a client uploads them."""

import base64
import io
import zipfile

FUNCTION = """
import os, time

def handler(event, context):
    print("working")
    data = event.get("data") or {}
    if "error" in data:
        raise {"ValueError": ValueError, "KeyError": KeyError}[data["error"]]("as told")
    if "exit" in data:
        os._exit(data["exit"])
    if "environment" in data:
        return dict(os.environ)
    return {"version": 1, "event": event}
"""


def code(files=None):
    """A zip file in base64; names are paths, or ZipInfo objects."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ({"main.py": FUNCTION} if files is None else files).items():
            archive.writestr(name, text)
    return base64.b64encode(buffer.getvalue()).decode()


def body(name="analyze", **members):
    """What is posted to make a function."""
    made = {"name": name, "code": code(), "entryPoint": "main.handler", "runtime": "python3.13"}
    return {name: value for name, value in (made | members).items() if value is not None}


def upload(app, name="analyze", **members):
    answer = app.as_user("POST", "/tasks/v1/functions", json=body(name, **members))
    assert answer.status_code == 200, answer.text
    return answer.json()
