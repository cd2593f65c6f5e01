"""Every endpoint that needs a permission, by the catalogue of operations: without it 10, without a user 104."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from people import person

from exh_dev.platform.storage.store import Store
from exh_dev.serve.app import create_app

CATALOGUE = json.loads((Path(__file__).parents[1] / "data" / "endpoints.json").read_text())
with closing(Store()) as _STORE:
    BASES = tuple(service.base for service in create_app(_STORE).services)
GROUP = "67c81290fe7042cb74a5576f"
NO_PERMISSION = (401, 10)
#: Where the catalogue's permission is not the one that the platform's documentation names.
RENAMED = {"POST /tasks/v1/functions/": "CREATE_TASK_FUNCTION"}
#: Whether they need one depends on the document; `test_data_access.py` has them.
BY_DOCUMENT = ("/data/v1/{schema_id_or_name}/documents",)


def guarded():
    for entry in CATALOGUE:
        path, rows = entry["path"], entry["permission_rows"]
        if not path.startswith(BASES) or path.startswith(BY_DOCUMENT) or entry["auth"] != "required":
            continue
        if rows and all(row["permission"] for row in rows):
            name = f"{entry['http_method']} {path}"
            yield pytest.param(
                entry["http_method"],
                path,
                RENAMED.get(name, rows[0]["permission"]),
                {row["scope"] for row in rows},
                id=name,
            )


@pytest.fixture
def call(app):
    app.as_user("POST", "/data/v1", json={"name": "pulse", "description": ""})

    def call(method, path, **options):
        def value(match):
            known = {"schema_id_or_name": "pulse", "group_id": GROUP, "name": "x", "property_path": "x"}
            return known.get(match[1], app.first.user_id)

        url = re.sub(r"{(\w+)}", value, path) + "?eq(id,1)"
        body = {} if method == "GET" else {"json": {}}
        answer = app.as_user(method, url, **body, **options)
        return answer.status_code, answer.json().get("code")

    return call


@pytest.mark.parametrize(("method", "path", "permission", "scopes"), list(guarded()))
def test_an_endpoint_needs_its_permission(app, call, method, path, permission, scopes):
    assert call(method, path, token=person(app)) == NO_PERMISSION
    assert call(method, path, token=person(app, "SOME_OTHER", f"{permission}_ELSE")) == NO_PERMISSION
    assert call(method, path, token=person(app, permission)) != NO_PERMISSION
    in_group = call(method, path, token=person(app, staff={GROUP: [permission]}))
    if "staff_enlistment" not in scopes:
        assert in_group == NO_PERMISSION or "enlistments" in path  # whose body names the group: 14 comes first
    elif "{group_id}" in path:
        assert in_group != NO_PERMISSION


@pytest.mark.parametrize(("method", "path", "permission", "scopes"), list(guarded()))
def test_an_endpoint_needs_a_user(app, method, path, permission, scopes):
    url = re.sub(r"{(\w+)}", GROUP, path)
    for answer in (app.send(None, method, url, json={}), app.as_application(method, url, json={})):
        assert (answer.status_code, answer.json()["code"]) == (401, 104)
