"""What a platform holds after any calls, and who may do what with it, told apart from how the platform does it: by the
documentation's rules, over plain Python.
"""

from __future__ import annotations

from dataclasses import dataclass, field

UNKNOWN = "0" * 24
GROUPS = ("a" * 24, "b" * 24)


@dataclass
class Person:
    """A user; one that is deleted stays in the model as one who is `gone`."""

    id: str
    email: str
    token: dict
    everything: bool = False
    gone: bool = False
    roles: set[str] = field(default_factory=set)
    staff: dict[str, set[str]] = field(default_factory=dict)
    patient: set[str] = field(default_factory=set)


@dataclass
class Document:
    """A document of the schema of this name."""

    id: str
    schema: str
    creator: str
    data: dict
    status: str = "new"
    users: list[str] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)


@dataclass
class Task:
    """A task; `start` in seconds since 1970."""

    id: str
    start: float
    status: str = "new"


@dataclass
class File:
    """A file: its content, and the access level of each of its tokens."""

    content: bytes
    tokens: dict[str, str]
    tags: list[str]


#: The relations by which a document may be seen, changed and deleted; None is everybody.
MODES = {
    "ward": {
        "readMode": ["creator", "linkedUsers", "linkedGroupStaff", "linkedGroupPatients"],
        "updateMode": ["creator", "linkedGroupStaff"],
        "deleteMode": ["linkedUsers"],
    },
    "closed": {"readMode": [], "updateMode": [], "deleteMode": []},
    "board": {"readMode": None, "updateMode": ["creator"], "deleteMode": ["creator"]},
    "shared": {
        "readMode": ["linkedGroupStaff", "linkedGroupPatients"],
        "updateMode": ["linkedUsers"],
        "deleteMode": ["creator"],
    },
}
#: The schema whose documents are linked to the groups of which their users are patients.
FOLLOWING = "shared"


class Model:
    """Everything that a platform holds."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.roles: dict[str, set[str]] = {}
        self.group_roles: dict[str, tuple[str, set[str]]] = {}
        self.documents: dict[str, Document] = {}
        self.tasks: dict[str, Task] = {}
        self.files: list[File] = []

    # Permissions

    def holds(self, person: Person, name: str, *narrowed: str) -> bool:
        """Whether a global role of theirs grants a permission."""
        held = set().union(*(self.roles[each] for each in person.roles))
        return person.everything or not held.isdisjoint(_spellings(name, narrowed))

    def holds_in(self, person: Person, group: str, name: str, *narrowed: str) -> bool:
        """Whether a role of a group where they are staff grants a permission."""
        held = set().union(*(self.group_roles[each][1] for each in person.staff.get(group, ())))
        return not held.isdisjoint(_spellings(name, narrowed))

    def holds_for(self, person: Person, document: Document, name: str, *narrowed: str) -> bool:
        """Whether a permission is theirs everywhere, or in a group of the document."""
        narrowed = (document.schema, *narrowed)
        return self.holds(person, name, *narrowed) or any(
            self.holds_in(person, group, name, *narrowed) for group in document.groups
        )

    # Documents

    def relates(self, person: Person, document: Document, mode: str) -> bool:
        """Whether a mode of the document's schema lets them."""
        relations = MODES[document.schema][mode]
        if relations is None:
            return True
        facts = {
            "creator": document.creator == person.id,
            "linkedUsers": person.id in document.users,
            "linkedGroupStaff": not person.staff.keys().isdisjoint(document.groups),
            "linkedGroupPatients": not person.patient.isdisjoint(document.groups),
        }
        return any(facts[each] for each in relations)

    def sees(self, person: Person, document: Document) -> bool:
        return self.relates(person, document, "readMode") or self.holds_for(person, document, "VIEW_DOCUMENTS")

    def seen(self, person: Person, schema: str) -> set[str]:
        """The ids of the documents of a schema that they see."""
        return {each.id for each in self.documents.values() if each.schema == schema and self.sees(person, each)}

    def reaches(self, person: Person, document: Document | None, *permissions: tuple[str, ...]) -> bool:
        """Whether there is such a document for them: they see it, or have a permission to do something with any."""
        if document is None:
            return False
        permitted = any(self.holds_for(person, document, *each) for each in permissions)
        return permitted or self.sees(person, document)

    def refusal(
        self, person: Person, document: Document | None, mode: str, *permissions: tuple[str, ...]
    ) -> int | None:
        """The code with which they are refused to do something to a document; None when they may."""
        if document is None or not self.reaches(person, document, *permissions):
            return 16
        permitted = any(self.holds_for(person, document, *each) for each in permissions)
        return None if permitted or self.relates(person, document, mode) else 10

    def link_user(self, document: Document, user_id: str) -> None:
        if user_id not in document.users:
            document.users.append(user_id)
        if document.schema == FOLLOWING:
            document.groups |= self.patient_groups(user_id)

    def unlink_user(self, document: Document, user_id: str) -> None:
        if user_id not in document.users:
            return
        document.users.remove(user_id)
        if document.schema == FOLLOWING:
            document.groups -= self.patient_groups(user_id) - self.patient_groups(*document.users)

    def patient_groups(self, *user_ids: str) -> set[str]:
        known = [self.people[each] for each in user_ids if each in self.people]
        return set().union(*(each.patient for each in known))

    def enlist_patient(self, person: Person, group: str) -> None:
        person.patient.add(group)
        for document in self.documents.values():
            if document.schema == FOLLOWING and person.id in document.users:
                document.groups.add(group)

    def leave_as_patient(self, person: Person, group: str) -> None:
        """A document stays linked to the group of which another of its users is a patient."""
        person.patient.discard(group)
        for document in self.documents.values():
            if document.schema == FOLLOWING and person.id in document.users:
                document.groups -= {group} - self.patient_groups(*document.users)

    # People

    def present(self) -> list[Person]:
        return [each for each in self.people.values() if not each.gone]

    def known_to(self, person: Person) -> set[str]:
        """The ids of the users that they find: the members of groups where they are staff, the staff of others."""
        if self.holds(person, "VIEW_USER"):
            return {each.id for each in self.present()}
        staff, patient = set(person.staff), person.patient
        return {person.id} | {
            each.id
            for each in self.present()
            if not staff.isdisjoint(each.staff.keys() | each.patient) or not patient.isdisjoint(each.staff)
        }

    def token_level(self, token: str) -> tuple[File, str] | None:
        return next(((each, each.tokens[token]) for each in self.files if token in each.tokens), None)


def entered(document: Document) -> None:
    """Move a document along its automatic transition, which leads from `new` where n is 100 at least."""
    if document.status == "new" and document.data.get("n", 0) >= 100:
        document.status = "flagged"


def fits(data: dict) -> bool:
    """Whether data fits the schemas' properties: n, a number from 0 on; tag, a text of five letters at most."""
    known = {"n": _from_0_on, "tag": _short}
    return all(name in known and known[name](value) for name, value in data.items())


def _from_0_on(value: object) -> bool:
    return type(value) in {int, float} and value >= 0


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 5


def _spellings(name: str, narrowed: tuple[str, ...]) -> set[str]:
    return {":".join((name, *narrowed[:depth])) for depth in range(len(narrowed) + 1)}
