import copy

import pytest

from exh_dev.testing.fake_exh import FakeExtraHorizon
from extrahorizon.errors import ResourceUnknownError
from extrahorizon.paging import Page
from extrahorizon.query import rql


def test_a_fake_answers_as_programmed_and_records_its_calls(fake_exh):
    fake_exh.users.me.returns({"id": "u1"})
    fake_exh.data.documents.transition.returns(1)
    assert fake_exh.users.me() == {"id": "u1"}
    assert fake_exh.data.documents.transition("ecg", "d1", name="mark", data={"x": 1}) == 1
    assert fake_exh.calls == [
        ("users.me", {}),
        ("data.documents.transition", {"schema": "ecg", "document_id": "d1", "name": "mark", "data": {"x": 1}}),
    ]
    assert fake_exh.users.me.calls == [{}]
    assert fake_exh.data.documents.create.calls == []


def test_answers_come_one_after_another_and_the_last_stays(fake_exh):
    fake_exh.users.me.returns({"id": "u1"}, {"id": "u2"})
    assert [fake_exh.users.me()["id"] for _ in range(3)] == ["u1", "u2", "u2"]


def test_a_fake_can_raise_and_compute_answers(fake_exh):
    fake_exh.users.find_by_id.raises(ResourceUnknownError(status=404, code=16))
    fake_exh.tasks.functions.execute.answers(lambda function_name, data: {"result": [function_name, data["n"] + 1]})
    with pytest.raises(ResourceUnknownError):
        fake_exh.users.find_by_id("u1")
    assert fake_exh.tasks.functions.execute("count", data={"n": 1}) == {"result": ["count", 2]}


def test_lists_become_what_the_real_method_returns(fake_exh):
    fake_exh.data.documents.find.returns([{"id": "d1"}])
    fake_exh.data.documents.find_all.returns([{"id": "d1"}, {"id": "d2"}])
    page = fake_exh.data.documents.find("ecg", rql.eq("status", "new"))
    assert isinstance(page, Page)
    assert (page.total, page.next(), [document["id"] for document in page]) == (1, None, ["d1"])
    assert next(fake_exh.data.documents.find_all("ecg"))["id"] == "d1"
    assert len(list(fake_exh.data.documents.find_all("ecg"))) == 2


def test_a_property_is_read(fake_exh):
    inner = fake_exh.raw
    inner.program("user_id").returns("u1")
    assert fake_exh.raw.user_id == "u1"


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda exh: exh.data.documents.transition("ecg"), "missing a required argument: 'document_id'"),
        (
            lambda exh: exh.data.documents.transition("ecg", "d1", nme="mark"),
            "TransitionRequest has no member nme; did you mean name",
        ),
        (lambda exh: exh.tasks.create(data={}), "exh.tasks.create: TaskCreation needs functionName"),
        (lambda exh: exh.users.me("u1"), "too many positional arguments"),
    ],
)
def test_a_call_that_could_not_be_made_is_refused(fake_exh, call, problem):
    fake_exh.tasks.create.returns({"id": "t1"})
    fake_exh.data.documents.transition.returns(1)
    fake_exh.users.me.returns({"id": "u1"})
    with pytest.raises(TypeError, match=problem):
        call(fake_exh)


def test_what_the_real_client_does_not_have_is_not_there(fake_exh):
    with pytest.raises(AttributeError, match=r"exh\.users has no mee"):
        fake_exh.users.mee()
    with pytest.raises(AttributeError, match="userz"):
        fake_exh.userz  # noqa: B018 - the access raises
    with pytest.raises(AttributeError, match="sends no requests"):
        fake_exh.session.get("/users/v1/me")


@pytest.mark.parametrize(
    ("method", "answer", "problem"),
    [
        (lambda exh: exh.data.documents.update, {"affectedRecords": 1}, "returns int, never dict"),
        (lambda exh: exh.users.is_email_available, 1, "returns bool, never int"),
        (lambda exh: exh.users.me, None, "returns User, never NoneType"),
        (lambda exh: exh.users.me, 42, "returns User, never int"),
        (lambda exh: exh.data.schemas.find, {}, "never dict"),
        (lambda exh: exh.data.schemas.find, None, "never NoneType"),
        (lambda exh: exh.data.documents.find_all, {"id": "d1"}, "never dict"),
        (lambda exh: exh.tasks.logs.find, {"data": []}, "never dict"),
    ],
)
def test_an_answer_of_the_wrong_type_is_refused(fake_exh, method, answer, problem):
    with pytest.raises(TypeError, match=problem):
        method(fake_exh).returns(answer)


def test_what_a_method_may_return_is_taken(fake_exh):
    fake_exh.data.schemas.find_by_id.returns(None)
    fake_exh.tasks.api.get.returns([1])
    fake_exh.tasks.logs.find.returns([])
    assert (fake_exh.data.schemas.find_by_id("s"), fake_exh.tasks.api.get("f", "p")) == (None, [1])
    assert fake_exh.tasks.logs.find("t") == []


def test_a_call_nobody_expected_says_how_to_expect_it(fake_exh):
    with pytest.raises(AssertionError, match=r"fake_exh\.users\.me\.returns"):
        fake_exh.users.me()
    assert fake_exh.calls == []


def test_a_fan_out_is_one_call_after_another():
    fake = FakeExtraHorizon()
    fake.tasks.create.answers(lambda functionName, data: {"id": data["n"]})  # noqa: N803 - the platform's name
    assert fake.fan_out(lambda n: fake.tasks.create(functionName="f", data={"n": n})["id"], range(3)) == [0, 1, 2]


def test_a_fake_can_be_copied(fake_exh):
    fake_exh.users.me.returns({"id": "u1"})
    assert copy.copy(fake_exh).users.me() == {"id": "u1"}
    assert copy.copy(fake_exh.users).me() == {"id": "u1"}


def test_a_method_is_programmed_by_itself_too(fake_exh):
    fake_exh.when(fake_exh.users.me).returns({"id": "u1"})
    assert fake_exh.users.me()["id"] == "u1"
    assert fake_exh.when(fake_exh.users.me).calls == [{}]
    with pytest.raises(TypeError, match="a method of the fake client"):
        fake_exh.when(fake_exh.users.me())
