"""Steps with users, roles and groups."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from any_order.model import GROUPS, UNKNOWN, Person
from any_order.platform import WHICH, Calls
from exh_dev.platform.auth.oauth1 import create_oauth1_token

BASE = "/users/v1"
PERMISSIONS = st.sampled_from([
    *("VIEW_USER", "DELETE_USER", "CREATE_ROLE", "ADD_ROLE_PERMISSION", "ADD_ROLE_TO_USER", "ADD_PATIENT"),
    *("ADD_STAFF", "REMOVE_STAFF", "REMOVE_PATIENT", "DELETE_ROLE", "VIEW_FILES"),
    *("CREATE_TASKS", "VIEW_TASKS", "CANCEL_TASKS", "CREATE_DOCUMENTS", "CREATE_DOCUMENTS:closed"),
    *("VIEW_DOCUMENTS", "VIEW_DOCUMENTS:closed", "UPDATE_DOCUMENTS", "UPDATE_DOCUMENTS:ward"),
    *("DELETE_DOCUMENTS", "DELETE_DOCUMENTS:closed", "TRANSITION_DOCUMENTS", "TRANSITION_DOCUMENTS:closed:begin"),
    *("UPDATE_ACCESS_TO_DOCUMENT", "UPDATE_ACCESS_TO_DOCUMENT:board", "CREATE_DOCUMENT_COMMENTS"),
    *("VIEW_DOCUMENT_COMMENTS:ward", "UPDATE_DOCUMENT_COMMENTS"),
])  # fmt: skip
GROUP = st.sampled_from(GROUPS)
MOST_PEOPLE = 7


class PeopleSteps(Calls):
    @rule(twice=st.booleans())
    def register(self, twice):
        if len(self.model.people) >= MOST_PEOPLE:
            return
        email = self.admin.email if twice else f"person{next(self.number)}@users.example"
        names = {"first_name": "Ada", "last_name": "Byron", "phone_number": "0", "language": "EN"}
        body = {**names, "email": email, "password": "Correct-Horse-1", "activation_mode": "manual"}
        made = self.answered(None, 203 if twice else None, "POST", f"{BASE}/register", body)
        if made:
            token = create_oauth1_token(self.store, self.app.first.application_id, made["id"], now=self.app.now)
            self.model.people[made["id"]] = Person(made["id"], email, token)

    @rule(by=WHICH, which=WHICH)
    def delete_user(self, by, which):
        person, user_id = self.person(by), self.one_of(self.model.people, which)
        if user_id == self.admin.id:
            return
        target = self.model.people.get(user_id)
        code = None
        if person.id != user_id and not self.model.holds(person, "DELETE_USER"):
            code = 10
        elif target is None or target.gone:
            code = 16
        if self.affected(person, code, "DELETE", f"{BASE}/{user_id}"):
            target.gone, target.roles, target.staff, target.patient = True, set(), {}, set()

    @rule(by=WHICH)
    def find_users(self, by):
        person = self.person(by)
        found = self.answered(person, None, "GET", f"{BASE}/?limit(50)")
        if found:
            known = self.model.known_to(person)
            assert {each["id"] for each in found["data"]} == known
            assert found["page"]["total"] == len(known)

    @rule(by=WHICH)
    def make_role(self, by):
        person = self.person(by)
        code = None if self.model.holds(person, "CREATE_ROLE") else 10
        body = {"name": f"role{next(self.number)}", "description": "d"}
        if made := self.answered(person, code, "POST", f"{BASE}/roles", body):
            self.model.roles[made["id"]] = set()

    @rule(by=WHICH, which=WHICH, permission=PERMISSIONS)
    def add_permission(self, by, which, permission):
        person, role = self.person(by), self.one_of(self.model.roles, which)
        code = 10 if not self.model.holds(person, "ADD_ROLE_PERMISSION") else None if role != UNKNOWN else 16
        path = f"{BASE}/roles/add_permissions?eq(id,{role})"
        if self.affected(person, code, "POST", path, {"permissions": [permission]}):
            self.model.roles[role].add(permission)

    @rule(which=WHICH, permission=PERMISSIONS)
    def remove_permission(self, which, permission):
        role = self.one_of(self.model.roles, which)
        path = f"{BASE}/roles/remove_permissions?eq(id,{role})"
        if self.affected(self.admin, 16 if role == UNKNOWN else None, "POST", path, {"permissions": [permission]}):
            self.model.roles[role].discard(permission)

    @rule(by=WHICH, which=WHICH)
    def delete_role(self, by, which):
        person, role = self.person(by), self.one_of(self.model.roles, which)
        code = 10 if not self.model.holds(person, "DELETE_ROLE") else None if role != UNKNOWN else 16
        if self.affected(person, code, "DELETE", f"{BASE}/roles?eq(id,{role})"):
            del self.model.roles[role]
            for each in self.model.people.values():
                each.roles.discard(role)

    @rule(by=WHICH, which=WHICH, to=WHICH, take=st.booleans())
    def give_or_take_role(self, by, which, to, take):
        person, role = self.person(by), self.one_of(self.model.roles, which)
        user_id = self.one_of(self.model.people, to)
        target = self.model.people.get(user_id)
        there = target is not None and not target.gone
        if take:
            person, verb, code = self.admin, "remove", None
        else:
            verb, code = "add", None if self.model.holds(person, "ADD_ROLE_TO_USER") else 10
        path = f"{BASE}/{verb}_roles?eq(id,{user_id})"
        if self.affected(person, code, "POST", path, {"roles": [role]}, records=int(there)) and there:
            change = target.roles.discard if take else target.roles.add
            if role in self.model.roles:
                change(role)

    @rule(by=WHICH, to=WHICH, group=GROUP, leave=st.booleans())
    def enlist_staff(self, by, to, group, leave):
        person, user_id = self.person(by), self.one_of(self.model.people, to)
        target = self.model.people.get(user_id)
        permission, path = ("REMOVE_STAFF", "remove_from_staff") if leave else ("ADD_STAFF", "add_to_staff")
        code = None
        if not self.model.holds(person, permission):
            code = 10
        elif target is None or target.gone:
            code = 16
        if self.affected(person, code, "POST", f"{BASE}/{path}?eq(id,{user_id})", {"groups": [group]}):
            if leave:
                target.staff.pop(group, None)
            else:
                target.staff.setdefault(group, set())

    @rule(by=WHICH, to=WHICH, group=GROUP)
    def enlist_patient(self, by, to, group):
        person, user_id = self.person(by), self.one_of(self.model.people, to)
        target = self.model.people.get(user_id)
        code = None
        if not (self.model.holds(person, "ADD_PATIENT") or self.model.holds_in(person, group, "ADD_PATIENT")):
            code = 10
        elif target is None or target.gone:
            code = 16
        elif group in target.patient:
            code = 17
        if self.affected(person, code, "POST", f"{BASE}/{user_id}/patient_enlistments", {"group_id": group}):
            self.model.enlist_patient(target, group)

    @rule(by=WHICH, to=WHICH, group=GROUP)
    def leave_as_patient(self, by, to, group):
        person, user_id = self.person(by), self.one_of(self.model.people, to)
        target = self.model.people.get(user_id)
        held = self.model.holds(person, "REMOVE_PATIENT") or self.model.holds_in(person, group, "REMOVE_PATIENT")
        code = None
        if person.id != user_id and not held:
            code = 10
        elif target is None or target.gone or group not in target.patient:
            code = 16
        if self.affected(person, code, "DELETE", f"{BASE}/{user_id}/patient_enlistments/{group}"):
            self.model.leave_as_patient(target, group)

    @rule(group=GROUP, permission=PERMISSIONS)
    def make_group_role(self, group, permission):
        body = {"name": f"role{next(self.number)}", "description": "d"}
        role = self.done("POST", f"{BASE}/groups/{group}/roles", body)["id"]
        path = f"{BASE}/groups/{group}/roles/add_permissions?eq(id,{role})"
        assert self.affected(self.admin, None, "POST", path, {"permissions": [permission]})
        self.model.group_roles[role] = group, {permission}

    @rule(which=WHICH, to=WHICH, group=GROUP)
    def give_group_role(self, which, to, group):
        role, user_id = self.one_of(self.model.group_roles, which), self.one_of(self.model.people, to)
        target = self.model.people.get(user_id)
        known = self.model.group_roles.get(role, (None,))[0] == group
        there = known and target is not None and group in target.staff
        path = f"{BASE}/groups/{group}/staff/add_roles?eq(id,{user_id})"
        if self.affected(self.admin, None if there else 16, "POST", path, {"roles": [role]}):
            target.staff[group].add(role)

    @rule(which=WHICH)
    def delete_group_role(self, which):
        role = self.one_of(self.model.group_roles, which)
        group, _ = self.model.group_roles.get(role, (GROUPS[0], ()))
        path = f"{BASE}/groups/{group}/roles?eq(id,{role})"
        if self.affected(self.admin, 16 if role == UNKNOWN else None, "DELETE", path):
            del self.model.group_roles[role]
            for each in self.model.people.values():
                for roles in each.staff.values():
                    roles.discard(role)
