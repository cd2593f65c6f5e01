"""Steps with tasks and with files."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule

from any_order.model import UNKNOWN, File, Task
from any_order.platform import WHICH, Calls

TASKS, FILES = "/tasks/v1", "/files/v1"
NO_TOKEN = f"{UNKNOWN}-00000000-0000-4000-8000-000000000000"
HOUR = 3600


class TaskSteps(Calls):
    @rule(by=WHICH, later=st.booleans())
    def create_task(self, by, later):
        person = self.person(by)
        code = None if self.model.holds(person, "CREATE_TASKS") else 10
        start = self.app.now + (HOUR if later else 0)
        body = {"functionName": "nothing", "data": {"a": 1}}
        if later:
            body["startTimestamp"] = datetime.fromtimestamp(start, UTC).isoformat()
        if made := self.answered(person, code, "POST", TASKS, body):
            assert (made["status"], made["createdByUserId"]) == ("new", person.id)
            self.model.tasks[made["id"]] = Task(made["id"], start)

    @rule(by=WHICH, which=WHICH)
    def cancel_task(self, by, which):
        person, task_id = self.person(by), self.one_of(self.model.tasks, which)
        task = self.model.tasks.get(task_id)
        code = None
        if not self.model.holds(person, "CANCEL_TASKS"):
            code = 10
        elif task is None:
            code = 16
        elif task.status != "new":
            code = 27
        if self.affected(person, code, "POST", f"{TASKS}/{task_id}/cancel"):
            task.status = "canceled"

    @rule(hours=st.integers(0, 2))
    def run_what_is_due(self, hours):
        """Time passes, and what is due is tried; it fails, for there is no function of that name."""
        self.app.now += hours * HOUR
        self.app.settle()
        for task in self.model.tasks.values():
            if task.status == "new" and task.start <= self.app.now:
                task.status = "failed"

    @rule(by=WHICH, status=st.sampled_from(["new", "failed", "canceled", "complete"]))
    def find_tasks(self, by, status):
        person = self.person(by)
        code = None if self.model.holds(person, "VIEW_TASKS") else 10
        if found := self.answered(person, code, "GET", f"{TASKS}?eq(status,{status})&limit(50)"):
            expected = {each.id for each in self.model.tasks.values() if each.status == status}
            assert found["page"]["total"] == len(expected)
            assert {each["id"] for each in found["data"]} <= expected

    def check_tasks(self):
        total = self.done("GET", f"{TASKS}?limit(1)")["page"]["total"]
        assert total == len(self.model.tasks)


class FileSteps(Calls):
    def token(self, which):
        token = self.one_of([each for file in self.model.files for each in file.tokens], which)
        return NO_TOKEN if token == UNKNOWN else token

    @rule(by=WHICH, content=st.binary(max_size=40), tags=st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True))
    def upload(self, by, content, tags):
        form = {"name": "a name.bin", "tags[]": tags}
        files = [("file", ("a name.bin", content, "application/x-test"))]
        made = self.answered(self.person(by), None, "POST", FILES, files=files, data=form)
        if made:
            (token,) = made["tokens"]
            assert (made["size"], made["tags"], token["accessLevel"]) == (len(content), tags, "full")
            self.model.files.append(File(content, {token["token"]: "full"}, tags))

    @rule(which=WHICH)
    def download(self, which):
        token = self.token(which)
        known = self.model.token_level(token)
        told = self.answered(None, None if known else 2605, "GET", f"{FILES}/{token}/file")
        if known:
            assert told == known[0].content

    @rule(which=WHICH)
    def tell_details(self, which):
        token = self.token(which)
        known = self.model.token_level(token)
        told = self.answered(None, None if known else 2605, "GET", f"{FILES}/{token}/details")
        if known:
            file, level = known
            assert (told["size"], told["tags"]) == (len(file.content), file.tags)
            shown = {each["token"]: each["accessLevel"] for each in told.get("tokens", ())}
            assert shown == (file.tokens if level == "full" else {})

    @rule(which=WHICH, level=st.sampled_from(["full", "read", "other"]))
    def add_token(self, which, level):
        token = self.token(which)
        code = self.file_refusal(token) or (15 if level == "other" else None)
        if made := self.answered(None, code, "POST", f"{FILES}/{token}/tokens", {"accessLevel": level}):
            self.model.token_level(token)[0].tokens[made["token"]] = level

    @rule(which=WHICH, number=WHICH)
    def remove_token(self, which, number):
        token, other = self.token(which), self.token(number)
        code = self.file_refusal(token)
        if code is None:
            tokens = self.model.token_level(token)[0].tokens
            full = [each for each, level in tokens.items() if level == "full"]
            code = 2605 if other not in tokens else 2607 if full == [other] else None
        if self.answered(None, code, "DELETE", f"{FILES}/{token}/tokens/{other}") is not None:
            del tokens[other]

    @rule(which=WHICH)
    def remove_file(self, which):
        token = self.token(which)
        known = self.model.token_level(token)
        if self.answered(None, self.file_refusal(token), "DELETE", f"{FILES}/{token}") is not None:
            self.model.files.remove(known[0])

    @rule(by=WHICH)
    def find_files(self, by):
        person = self.person(by)
        code = None if self.model.holds(person, "VIEW_FILES") else 10
        if found := self.answered(person, code, "GET", f"{FILES}?limit(50)"):
            shown = [{each["token"]: each["accessLevel"] for each in file["tokens"]} for file in found["data"]]
            assert found["page"]["total"] == len(self.model.files)
            assert all(each in [file.tokens for file in self.model.files] for each in shown)

    def file_refusal(self, token):
        known = self.model.token_level(token)
        return 2605 if known is None else None if known[1] == "full" else 2606

    def check_files(self):
        """No content is left that no file has."""
        folder = self.folder / "files"
        contents = sorted(path.read_bytes() for path in folder.iterdir()) if folder.is_dir() else []
        assert contents == sorted(each.content for each in self.model.files)
