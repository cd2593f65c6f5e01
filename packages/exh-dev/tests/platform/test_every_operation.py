"""Every operation of the official SDK's catalogue is there: called with an empty body, it answers or refuses as the
platform does.
"""

import json
import re
from pathlib import Path

import pytest

CATALOGUE = json.loads((Path(__file__).parents[1] / "data" / "endpoints.json").read_text("utf-8"))
NOT_THERE = 903
#: Not the platform's: a server with sessions, which stands before it, ends one.
OF_THE_PROXY = {("POST", "/logout")}
ID = "0" * 24


def operations():
    """The method, the path with an id for each parameter, and the body, of each operation."""
    for each in CATALOGUE:
        if (each["http_method"], each["path"]) in OF_THE_PROXY:
            continue
        path = re.sub(r"\{[^}]+\}", ID, each["path"])
        label = f"{each['service']}.{each['sdk_name']}"
        yield pytest.param(each["http_method"], path, each["body"], id=f"{label} {each['http_method']} {each['path']}")


@pytest.mark.parametrize(("method", "path", "body"), list(operations()))
def test_an_operation_answers_or_refuses_with_a_code_of_the_platform(app, method, path, body):
    answer = app.as_user(method, path, **({} if body == "none" else {"json": {}}))
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 405
    if answer.status_code >= 400:
        refusal = answer.json()
        code = refusal.get("exh_error", refusal)["code"]
        assert isinstance(code, int)
        assert code != NOT_THERE, answer.text
