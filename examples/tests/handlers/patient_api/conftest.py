"""What the tests of patient-api share."""

import pytest


@pytest.fixture
def prepared(seed, exh):
    """Puts the seed on the platform: `prepared()`. A measurement stays as it was stored: nothing analyzes it."""
    schema = exh.data.schemas.find_first("eq(name,blood-pressure-reading)")
    creation = {name: value for name, value in schema["creationTransition"].items() if name != "afterActions"}
    assert exh.data.transitions.update_creation(schema["id"], **creation) == 1

    def prepare():
        seed("patient-api")

    prepare()
    return prepare
