"""Users, groups, documents, tasks and files, called in any order and by anybody, wrongly too: after each step the
platform holds what a model of it says, shows everybody what is theirs to see, and never fails.

`make any-order` takes 10,000 steps that are not those of the last time (`ROW=10 STEPS=84000`: 10,000 rows of ten); here
it is a few hundred that always are.
"""

import os
import sys

import pytest
from any_order.documents import DocumentSteps
from any_order.model import FOLLOWING, GROUPS, MODES
from any_order.people import PERMISSIONS, PeopleSteps
from any_order.platform import TAKEN
from any_order.tasks_and_files import FileSteps, TaskSteps
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

#: Read when the file is, for a test sees nothing of the environment.
STEPS = int(os.environ.get("EXH_ANY_ORDER_STEPS", "400"))
STEPS_IN_A_ROW = int(os.environ.get("EXH_ANY_ORDER_ROW", "50"))


class AnyOrder(PeopleSteps, DocumentSteps, TaskSteps, FileSteps):
    def __init__(self):
        super().__init__()
        self.turn = 0
        TAKEN["rows"] += 1

    @initialize(data=st.data())
    def begin_with_some(self, data):
        """Each step needs something to be about: users with roles and in groups, a document, a file."""
        for _ in range(3):
            self.register(twice=False)
            self.make_role(by=0)
        for number in range(3):
            for _ in range(3):
                self.add_permission(by=0, which=number, permission=data.draw(PERMISSIONS))
            self.give_or_take_role(by=0, which=number, to=number + 1, take=False)
            self.enlist_staff(by=0, to=number + 1, group=GROUPS[number % 2], leave=False)
            self.enlist_patient(by=0, to=number + 1, group=GROUPS[0])
            self.create_document(by=number + 1, schema=("ward", FOLLOWING)[number % 2], data={"n": number})
            self.link_document(by=0, which=number, to=number, kind="Users", unlink=False)
            self.link_document(by=0, which=number, to=number + 1, kind="Users", unlink=False)
            self.upload(by=number, content=b"abc", tags=[])
            self.create_task(by=0, later=number == 0)

    @invariant()
    def what_is_there_is_what_the_model_says(self):
        TAKEN["steps"] += 1
        self.turn += 1
        people = list(self.model.people.values())
        self.check_documents(people[self.turn % len(people)], sorted(MODES)[self.turn % len(MODES)])
        self.check_documents(self.admin, sorted(MODES)[(self.turn + 1) % len(MODES)])
        if self.turn % 5 == 0:
            self.check_tasks()
            self.check_files()


@pytest.mark.slow
@pytest.mark.timeout(400 + STEPS // 10)  # Hypothesis looks for the fewest steps for five minutes at most
def test_calls_in_any_order_come_to_what_the_model_says(capsys):
    # A row of steps may be shorter than that; five in six of them hardly ever are.
    rows = STEPS * 6 // (STEPS_IN_A_ROW * 5) + 1
    chosen = settings(max_examples=rows, stateful_step_count=STEPS_IN_A_ROW)
    run_state_machine_as_test(AnyOrder, settings=chosen)
    with capsys.disabled():
        if STEPS > 400:
            sys.stdout.write(f"\n{TAKEN['steps']:,} steps in any order, in {TAKEN['rows']:,} rows\n")
    assert TAKEN["steps"] >= STEPS
