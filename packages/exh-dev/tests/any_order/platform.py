"""The platform in this process, and how a step calls it: by whom, with which outcome."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from functools import cache
from itertools import count
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from local_app import LocalApp

from any_order.model import FOLLOWING, MODES, UNKNOWN, Model, Person
from exh_dev.platform.storage.store import Store

#: Which of several a step takes; the last one is one that does not exist.
NONE_OF_THEM = 11
WHICH = st.integers(0, NONE_OF_THEM)
#: How many steps were taken, by name.
TAKEN: Counter[str] = Counter()


_PROPERTIES = {"n": {"type": "number", "minimum": 0}, "tag": {"type": "string", "maxLength": 5}}


def _n_from(minimum):
    data = {"type": "object", "required": ["n"], "properties": {"n": {"type": "number", "minimum": minimum}}}
    return [{"type": "document", "configuration": {"type": "object", "properties": {"data": data}}}]


_TRANSITIONS = (
    {"type": "manual", "name": "begin", "fromStatuses": ["new", "flagged"], "toStatus": "begun"},
    {"type": "manual", "name": "end", "fromStatuses": ["begun"], "toStatus": "done", "conditions": _n_from(1)},
    {"type": "automatic", "name": "flag", "fromStatuses": ["new"], "toStatus": "flagged", "conditions": _n_from(100)},
)


@cache
def prepared() -> bytes:
    """What a platform holds that has the three schemas, and nothing else."""
    store = Store()
    app = LocalApp(store)

    def do(path, body):
        answer = app.as_user("POST", f"/data/v1{path}", json=body)
        assert answer.status_code == 200, answer.text

    for name, chosen in MODES.items():
        modes = {each: "allUsers" if mode is None else mode or "permissionRequired" for each, mode in chosen.items()}
        modes |= {"createMode": "permissionRequired" if name == "closed" else "allUsers"}
        modes |= {"groupSyncMode": "linkedUsersPatientEnlistments" if name == FOLLOWING else "disabled"}
        do("", {"name": name, "description": "d", **modes})
        for each, configuration in _PROPERTIES.items():
            do(f"/{name}/properties", {"name": each, "configuration": configuration})
        for status in ("begun", "done", "flagged"):
            do(f"/{name}/statuses", {"name": status})
        for each in _TRANSITIONS:
            do(f"/{name}/transitions", each)
    image = store.image()
    store.close()
    return image


class Calls(RuleBasedStateMachine):
    """A platform with its first user, and three schemas of the same properties and statuses, each with other modes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        self.store = Store(image=prepared())
        self.app = LocalApp(self.store, folder=self.folder)
        self.model = Model()
        self.number = count(1)
        first = self.app.first
        token = {"token": first.token, "tokenSecret": first.token_secret}
        self.admin = Person(first.user_id, first.email, token, everything=True)
        self.model.people[self.admin.id] = self.admin

    def teardown(self) -> None:
        self.app.close()
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Calls

    def done(self, method, path, body=None):
        """What the first user's call answers, which must be done."""
        return self.answered(self.admin, None, method, path, body)

    def answered(self, person, code, method, path, body=None, **options):
        """The body of an answer, after it was held against the code that is expected; None when it is done.

        A user who is gone is refused whatever is asked; then, and when it is refused otherwise, None is answered.
        """
        if person is not None and person.gone:
            code = 108
        options |= {} if body is None else {"json": body}
        if person is None:
            answer = self.app.send(None, method, path, **options)
        else:
            answer = self.app.as_user(method, path, token=person.token, **options)
        assert answer.status_code < 500, answer.text
        told = answer.json() if answer.content and "json" in answer.headers["content-type"] else answer.content
        found = told["code"] if answer.status_code >= 400 else None
        assert found == code, f"{method} {path} {body}: {code} expected, {answer.status_code} {answer.text} found"
        return None if code is not None else told

    def affected(self, person, code, method, path, body=None, *, records=1):
        """Whether a change is done, which affects so many records."""
        told = self.answered(person, code, method, path, body)
        if told is None:
            return False
        assert told.get("affectedRecords", told.get("records_affected")) == records, told
        return True

    # Choices

    def person(self, which):
        people = list(self.model.people.values())
        return people[which % len(people)]

    @staticmethod
    def one_of(known, which):
        """One of some keys; sometimes, or where there are none, an id that is none of them."""
        keys = list(known)
        return UNKNOWN if which == NONE_OF_THEM or not keys else keys[which % len(keys)]
