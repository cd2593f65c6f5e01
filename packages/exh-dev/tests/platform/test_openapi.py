"""The local platform against the published OpenAPI descriptions, with generated requests.

They are not part of this project: `EXH_OPENAPI_DIR` names the folder that holds them; without it these tests are
skipped.
"""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from extrahorizon.oauth1 import OAuth1Signer

FOLDER = os.environ.get("EXH_OPENAPI_DIR")
SERVICES = {"openapi-auth-2.0.4.yaml": "/auth/v2", "openapi-tasks-1.4.0.yaml": "/tasks/v1"}
#: Codes that the descriptions do not list for each endpoint, though every endpoint may answer with them: the platform's
#: documentation has them as common to all, and generated requests meet them all the time.
EVERYWHERE = {
    10: "a permission is missing",
    12: "an id in the path has not the form of one",
    13: "there is no body",
    14: "a required member is missing",
    15: "a member is of another kind",
    16: "what the path names does not exist",
    19: "the query is no RQL",
    22: "the body is no JSON object",
    104: "there is no user",
}
#: What is not done as described: operation -> why.
DIFFERENT = {"POST /authenticate": "is for the gateway, which asks it who sent a request; no client calls it"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

pytestmark = pytest.mark.skipif(FOLDER is None, reason="EXH_OPENAPI_DIR is not set")


def operations():
    for name, base in SERVICES.items():
        path = Path(FOLDER or ".") / name
        if path.exists():
            schema = schemathesis.openapi.from_path(path)
            for found in schema.get_all_operations():
                operation = found.ok()
                yield pytest.param(operation, base, id=f"{base} {operation.label}")


@pytest.fixture(scope="module")
def running():
    from exh_dev.serve.local_platform import LocalPlatform

    with LocalPlatform() as platform:
        platform.start()
        yield platform


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("operation", "base"), list(operations()) if FOLDER else [])
def test_no_answer_breaks_the_description(operation, base, running):
    first = running.credentials
    signer = OAuth1Signer(first.consumer_key, first.consumer_secret, first.token, first.token_secret)
    found = {}

    @settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy())
    def check(case):
        answer = case.call(base_url=running.url + base, auth=signer)
        code = json.loads(answer.text).get("code") if answer.text.startswith('{"code"') else None
        for each in CHECKS:
            if each is status_code_conformance and (code in EVERYWHERE or operation.label in DIFFERENT):
                continue
            try:
                case.validate_response(answer, checks=[each])
            except (Failure, FailureGroup) as failure:
                found[each.__name__] = f"{answer.status_code} {answer.text[:200]} {failure}"

    check()
    assert not found, found
