"""Steps with documents and their comments."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from any_order.model import GROUPS, MODES, UNKNOWN, Document, entered, fits
from any_order.platform import WHICH, Calls

SCHEMA = st.sampled_from(sorted(MODES))
DATA = st.dictionaries(
    st.sampled_from(["n", "tag", "other"]),
    st.one_of(st.integers(-1, 3), st.just(150), st.text("ab", max_size=6), st.just(None), st.just([])),
    max_size=2,
)
NAMED = st.sampled_from(["begin", "end", "flag", "nothing"])


def without_nulls(data):
    """Null is how a property is left out, or cleared."""
    return {name: value for name, value in data.items() if value is not None}


class DocumentSteps(Calls):
    def document(self, which):
        """A document, or None, and the path of one."""
        document_id = self.one_of(self.model.documents, which)
        document = self.model.documents.get(document_id)
        schema = document.schema if document else "ward"
        return document, f"/data/v1/{schema}/documents/{document_id}"

    @rule(by=WHICH, schema=SCHEMA, data=DATA)
    def create_document(self, by, schema, data):
        person, kept = self.person(by), without_nulls(data)
        code = None
        if schema == "closed" and not self.model.holds(person, "CREATE_DOCUMENTS", schema):
            code = 10
        elif not fits(kept):
            code = 26
        made = self.answered(person, code, "POST", f"/data/v1/{schema}/documents", data)
        if made:
            assert (made["creatorId"], made["status"], made["data"]) == (person.id, "new", kept)
            document = self.model.documents[made["id"]] = Document(made["id"], schema, person.id, kept)
            entered(document)

    @rule(by=WHICH, which=WHICH, changes=DATA)
    def update_document(self, by, which, changes):
        person, (document, path) = self.person(by), self.document(which)
        code = self.model.refusal(person, document, "updateMode", ("UPDATE_DOCUMENTS",))
        if code is None and not fits(without_nulls(changes)):
            code = 26
        if self.affected(person, code, "PUT", path, changes):
            document.data = without_nulls({**document.data, **changes})
            entered(document)

    @rule(by=WHICH, which=WHICH, name=st.sampled_from(["n", "tag", "other"]))
    def remove_field(self, by, which, name):
        person, (document, path) = self.person(by), self.document(which)
        code = self.model.refusal(person, document, "updateMode", ("UPDATE_DOCUMENTS",))
        if self.affected(person, code, "POST", f"{path}/deleteFields", {"fields": [name]}):
            document.data.pop(name, None)

    @rule(by=WHICH, which=WHICH, name=NAMED)
    def move_document(self, by, which, name):
        person, (document, path) = self.person(by), self.document(which)
        known = "" if name == "nothing" else name
        permissions = ("TRANSITION_DOCUMENTS", known), ("UPDATE_DOCUMENTS",)
        code = self.model.refusal(person, document, "updateMode", *permissions)
        if name == "nothing" and code == 10:
            code = 16  # what is not there cannot be forbidden
        elif code is None:
            code = self.obstacle(document, name)
        if self.affected(person, code, "POST", f"{path}/transition", {"name": name}):
            document.status = {"begin": "begun", "end": "done"}[name]

    @staticmethod
    def obstacle(document, name):
        if name == "nothing":
            return 16
        if name == "begin":
            return None if document.status in {"new", "flagged"} else 26
        possible = name == "end" and document.status == "begun" and document.data.get("n", 0) >= 1
        return None if possible else 26

    @rule(by=WHICH, which=WHICH, to=WHICH, kind=st.sampled_from(["Users", "Groups"]), unlink=st.booleans())
    def link_document(self, by, which, to, kind, unlink):
        person, (document, path) = self.person(by), self.document(which)
        schema = document.schema if document else "ward"
        one = self.person(to).id if kind == "Users" else GROUPS[to % 2]
        code = 16 if document is None else None
        if not self.model.holds(person, "UPDATE_ACCESS_TO_DOCUMENT", schema):
            code = 10
        verb, member = ("unlink" if unlink else "link"), f"{kind.lower()[:-1]}Ids"
        if self.affected(person, code, "POST", f"{path}/{verb}{kind}", {member: [one]}):
            if kind == "Users":
                change = self.model.unlink_user if unlink else self.model.link_user
                change(document, one)
            else:
                document.groups = document.groups - {one} if unlink else document.groups | {one}

    @rule(by=WHICH, which=WHICH)
    def delete_document(self, by, which):
        person, (document, path) = self.person(by), self.document(which)
        code = self.model.refusal(person, document, "deleteMode", ("DELETE_DOCUMENTS",))
        if self.affected(person, code, "DELETE", path):
            del self.model.documents[document.id]

    @rule(by=WHICH, schema=SCHEMA, least=st.integers(0, 3))
    def find_documents(self, by, schema, least):
        person = self.person(by)
        found = self.answered(person, None, "GET", f"/data/v1/{schema}/documents?ge(data.n,{least})&limit(50)")
        if found:
            seen = [self.model.documents[each] for each in self.model.seen(person, schema)]
            expected = {each.id for each in seen if each.data.get("n", -1) >= least}
            assert {each["id"] for each in found["data"]} == expected
            assert found["page"]["total"] == len(expected)

    @rule(by=WHICH, which=WHICH)
    def comment(self, by, which):
        person, (document, path) = self.person(by), self.document(which)
        code = self.comment_refusal(person, document, "CREATE_DOCUMENT_COMMENTS")
        if made := self.answered(person, code, "POST", f"{path}/comments", {"text": "well"}):
            document.comments[made["id"]] = person.id

    @rule(by=WHICH, which=WHICH)
    def read_comments(self, by, which):
        person, (document, path) = self.person(by), self.document(which)
        code = self.comment_refusal(person, document, "VIEW_DOCUMENT_COMMENTS")
        if found := self.answered(person, code, "GET", f"{path}/comments?limit(50)"):
            assert {each["id"] for each in found["data"]} == set(document.comments)

    @rule(by=WHICH, which=WHICH, number=WHICH)
    def delete_comment(self, by, which, number):
        person, (document, path) = self.person(by), self.document(which)
        comment = self.one_of(document.comments if document else (), number)
        code = None
        if comment == UNKNOWN or not self.model.reaches(person, document, ("UPDATE_DOCUMENT_COMMENTS",)):
            code = 16
        elif document.comments[comment] != person.id:
            code = None if self.model.holds(person, "UPDATE_DOCUMENT_COMMENTS", document.schema) else 10
        if self.affected(person, code, "DELETE", f"{path}/comments/{comment}"):
            del document.comments[comment]

    def comment_refusal(self, person, document, permission):
        """One's own documents need no permission: those one made or is linked to."""
        if not self.model.reaches(person, document, (permission,)):
            return 16
        permitted = self.model.holds_for(person, document, permission)
        return None if permitted or person.id in {document.creator, *document.users} else 10

    def check_documents(self, person, schema):
        """What somebody sees of a schema is what the model says, to the last member."""
        found = self.answered(person, None, "GET", f"/data/v1/{schema}/documents?limit(50)")
        if found is None:
            return
        assert {each["id"] for each in found["data"]} == self.model.seen(person, schema)
        for each in found["data"]:
            document = self.model.documents[each["id"]]
            assert each["data"] == document.data
            assert (each["status"], each["creatorId"]) == (document.status, document.creator)
            assert each["userIds"] == document.users
            assert sorted(each["groupIds"]) == sorted(document.groups)
            assert each.get("commentCount", 0) == len(document.comments)
            assert "transitionLock" not in each
