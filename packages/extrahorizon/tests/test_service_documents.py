import gzip
import json

import pytest
import responses

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    DeadlineExceededError,
    IllegalArgumentError,
    InvalidResponseError,
    LockedDocumentError,
    ResourceUnknownError,
)
from extrahorizon.query import rql

pytestmark = pytest.mark.usefixtures("over_requests")

DOCUMENTS = "https://api.acme.io/data/v1/blood-pressure/documents"
LOCKED = {"id": "d1", "data": {}, "transitionLock": {"timestamp": "2026-01-15T10:30:12.104Z"}}
UNLOCKED = {"id": "d1", "data": {}, "status": "analyzed"}


@pytest.fixture
def http():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def documents():
    return ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret")).data.documents


def page(*items):
    return {"page": {"total": len(items), "limit": 20, "offset": 0}, "data": list(items)}


def test_a_large_document_is_sent_compressed_when_asked(http, documents):
    http.post(DOCUMENTS, json=UNLOCKED)
    data = {"samples": list(range(1000))}
    assert documents.create("blood-pressure", data, gzip=True) == UNLOCKED
    request = http.calls[0].request
    assert request.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(request.body)) == data
    assert len(request.body) < 3000


def test_a_transition_is_made_by_name_if_the_document_still_matches(http, documents):
    http.post(f"{DOCUMENTS}/d1/transition", json={"affectedRecords": 1})
    guard = rql.eq("status", "new")
    assert documents.transition("blood-pressure", "d1", name="mark", data={"by": "me"}, rql=guard) == 1
    request = http.calls[0].request
    assert request.url.endswith("/transition?eq(status,new)")
    assert json.loads(request.body) == {"name": "mark", "data": {"by": "me"}}


def test_null_clears_a_property_of_a_document_but_is_left_out_of_a_transition(http, documents):
    http.put(f"{DOCUMENTS}/d1", json={"affectedRecords": 1})
    http.post(f"{DOCUMENTS}/d1/transition", json={"affectedRecords": 1})
    documents.update("blood-pressure", "d1", {"note": None})
    documents.transition("blood-pressure", "d1", id="t1", data=None)
    assert [json.loads(call.request.body) for call in http.calls] == [{"note": None}, {"id": "t1"}]


def test_unlinking_nobody_is_not_unlinking_everybody(http, documents):
    http.post(f"{DOCUMENTS}/d1/unlinkUsers", json={"affectedRecords": 1})
    documents.unlink_users("blood-pressure", "d1", userIds=[])
    documents.unlink_all_users("blood-pressure", "d1")
    assert [json.loads(call.request.body) for call in http.calls] == [{"userIds": []}, {}]


def test_a_write_that_does_not_say_what_it_changed_is_no_success(http, documents):
    http.delete(f"{DOCUMENTS}/d1", json={"deleted": 1})
    with pytest.raises(InvalidResponseError, match="affected records.*probably been done"):
        documents.remove("blood-pressure", "d1")


def test_a_refusal_is_the_platforms_own_error(http, documents):
    http.post(DOCUMENTS, status=400, json={"code": 26, "name": "ILLEGAL_ARGUMENT_EXCEPTION", "message": "Jan is 42"})
    with pytest.raises(IllegalArgumentError) as caught:
        documents.create("blood-pressure", {"age": 42})
    assert "Jan" not in str(caught.value)


def test_waiting_ends_when_the_document_is_unlocked(http, documents, waits):
    for answer in (LOCKED, LOCKED, UNLOCKED):
        http.get(DOCUMENTS, json=page(answer))
    assert documents.wait_until_unlocked("blood-pressure", "d1") == UNLOCKED
    assert waits == [0.2, 0.4]


def test_waiting_ends_when_it_takes_too_long(http, documents, waits):
    http.get(DOCUMENTS, json=page(LOCKED))
    with pytest.raises(LockedDocumentError, match="code 415"):
        documents.wait_until_unlocked("blood-pressure", "d1", timeout=5)
    assert sum(waits) == pytest.approx(5)
    assert max(waits) <= 2


def test_waiting_never_passes_the_functions_deadline(http, documents, waits):
    http.get(DOCUMENTS, json=page(LOCKED))
    documents._session.deadline = Deadline(0.5, clock=lambda: sum(waits))
    with pytest.raises(DeadlineExceededError, match="still locked"):
        documents.wait_until_unlocked("blood-pressure", "d1")
    assert sum(waits) < 0.5


def test_waiting_for_a_document_that_is_not_there_ends_at_once(http, documents, waits):
    http.get(DOCUMENTS, json=page())
    with pytest.raises(ResourceUnknownError):
        documents.wait_until_unlocked("blood-pressure", "d1")
    assert waits == []
