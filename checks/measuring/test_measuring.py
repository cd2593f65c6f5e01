"""What is measured does what it is said to do."""

import json

import pytest
import requests
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from requests_oauthlib import OAuth1Session

from benchmarks.bundles import compiled, zipped
from benchmarks.imports import lines, tree
from benchmarks.javascript_sdk import measure as measure_javascript
from benchmarks.loopback import DOCUMENTS, KEY, PAGE, SECRET, USER, loopback_server
from benchmarks.timing import Skipped


def test_the_server_answers_with_a_user():
    with loopback_server() as host:
        assert ExtraHorizon(Credentials(host, KEY, KEY, KEY, KEY)).users.me() == USER


def test_the_server_answers_as_the_secrets_extension_does():
    with loopback_server(answer="secret") as host:
        answer = requests.get(f"{host}/secretsmanager/get?secretId=exh", timeout=5).json()
    assert json.loads(answer["SecretString"]) == SECRET


def test_the_server_has_a_hundred_thousand_documents_in_pages():
    with loopback_server(answer="pages") as host:
        page = ExtraHorizon(Credentials(host, KEY, KEY, KEY, KEY)).data.documents.find("any", f"limit({PAGE},99950)")
        plain = OAuth1Session(KEY).get(f"{host}/data/v1/any/documents?limit({PAGE},50)").json()
    assert (len(page), page.offset, page.total, page.is_last) == (PAGE, 99_950, DOCUMENTS, True)
    assert plain["page"] == {"offset": 50, "limit": PAGE, "total": DOCUMENTS}


RUN = """import time: self [us] | cumulative | imported package
import time:       {alone} |       1100 |   urllib3.util
import time:      2000 |       3100 | urllib3
import time:      3000 |       6100 | requests
import time:       100 |        100 | idna
"""
NESTED = """import time:      1000 |       1000 |     b
import time:      1000 |       2000 |   a
import time:       500 |        500 |   c
import time:      1000 |       3500 | top
"""


def test_modules_stand_below_what_imported_them():
    (top,) = tree([NESTED])
    assert list(lines(top)) == ["   3.5  top", "   2.0    a", "   1.0      b"]


def test_times_of_modules_are_medians_of_the_runs():
    urllib3, *_ = tree([RUN.format(alone=alone) for alone in (1000, 1100, 9000)])
    assert urllib3.below[0].alone == 1100


def test_runs_that_imported_different_things_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        tree([NESTED, RUN])


def test_bytecode_goes_into_a_copy_and_counts_whatever_the_date_of_its_source(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "module.py").write_text("answer = 42\n")
    copy = compiled(tmp_path / "plain")
    assert not list((tmp_path / "plain").rglob("*.pyc"))
    (bytecode,) = copy.rglob("*.pyc")
    assert bytecode.read_bytes()[4:8] == b"\x01\x00\x00\x00"  # by hash, unchecked: PEP 552
    assert zipped(copy).stat().st_size > zipped(tmp_path / "plain").stat().st_size


def test_without_node_the_javascript_sdk_is_skipped(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Skipped, match="Node"):
        measure_javascript()
