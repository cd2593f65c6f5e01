"""Transitions of documents: conditions, actions, and automatic transitions.

A document is locked while automatic transitions remain: creation, a transition and an update take the lock, and the
`after` actions run when it is released. Pending work is stored with the lock, so that it is done after a crash.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data import history
from exh_dev.platform.data.collections import SCHEMAS, WORK, documents_of
from exh_dev.platform.data.configuration import mismatch
from exh_dev.platform.data.fields import add_items, assign, remove_items, unset
from exh_dev.platform.data.group_sync import add_groups
from exh_dev.platform.dev import effects
from exh_dev.platform.http.access import Rights, rights_of_user
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import DuplicateError
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.records import create_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

MOST_HOPS = 100  # automatic transitions in a row

log = logging.getLogger("exh_dev.platform")


class Engine:
    """Moves the documents of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def enter(
        self, schema: Document, document: Document, transition: Document, data: Mapping[str, Any], rights: Rights
    ) -> None:
        """Perform an allowed transition, and lock the document if automatic ones follow.

        Args:
            schema: the document's.
            document: modified and stored.
            transition: the transition.
            data: merged into the document's.
            rights: the caller's rights.

        Raises:
            ErrorAnswer: 26 when the data does not fit the schema.
        """
        assign(schema, document, data)
        self._move(schema, document, transition, data, rights)
        self._settle(schema, document, _after(schema, transition), rights)

    def touch(self, schema: Document, document: Document, rights: Rights) -> None:
        """Store a document that was updated, and lock it if an automatic transition follows from that."""
        document["updateTimestamp"] = iso(self._clock())
        status = document["status"]
        history.note(self._store, document, rights, change="update", now=self._clock(), from_status=status)
        self._settle(schema, document, [], rights)

    async def finish(self, document_id: str) -> None:
        """Perform the automatic transitions of a locked document, and release it.

        Raises:
            ErrorAnswer: 26 when one fails or there are too many; the document keeps its status and is released.
        """
        for _ in range(MOST_HOPS + 1):
            if not self._step(document_id):
                return
            await asyncio.sleep(0)  # others may look at it meanwhile

    def resume(self) -> None:
        """Finish what a crash left locked."""
        for work in self._store.matching(WORK, EVERYTHING):
            try:
                while self._step(work["id"]):
                    pass
            except ErrorAnswer as answer:
                log.error("document %s was released where it was: %s", work["id"], answer)  # noqa: TRY400 - no bug

    def allowed(self, transition: Document, document: Document | None, data: Mapping[str, Any], rights: Rights) -> bool:
        """Return whether a transition's conditions hold."""
        return self.unmet(transition, document, data, rights) is None

    def unmet(
        self, transition: Document, document: Document | None, data: Mapping[str, Any], rights: Rights
    ) -> str | None:
        """Return the first of a transition's conditions that does not hold, and why; None when all do."""
        for number, condition in enumerate(transition.get("conditions", ()), 1):
            reason = self.obstacle(condition, document, data, rights)
            if reason is not None:
                return f"condition {number} ({condition['type']}): {reason}"
        return None

    def _step(self, document_id: str) -> bool:
        """Perform one automatic transition of a locked document, or release it; return whether more remain.

        Raises:
            ErrorAnswer: 26 when there are too many transitions, so that the document was released before the end.
        """
        work = self._store.get(WORK, document_id)
        if work is None:
            return False
        schema = self._schema(work["schemaId"])
        document = schema and self._store.get(documents_of(schema), document_id)
        if schema is None or document is None:  # deleted meanwhile
            self._store.delete(WORK, document_id)
            return False
        rights = self._initiator(work)
        transition = self._next(schema, document, rights)
        if transition is None or work["hops"] >= MOST_HOPS:
            with self._store.transaction():
                self._release(schema, document, work, rights)
            if transition is not None:
                raise ErrorAnswer(26, f"There are more than {MOST_HOPS} automatic transitions in a row")
            return False
        try:
            with self._store.transaction():
                moved = copy.deepcopy(document)
                self._move(schema, moved, transition, {}, rights)
                self._store.put(documents_of(schema), moved)
                after = [*work["afterActions"], *_after(schema, transition)]
                self._store.put(WORK, {**work, "hops": work["hops"] + 1, "afterActions": after})
        except (ErrorAnswer, DuplicateError) as error:
            with self._store.transaction():  # else it would stay locked for ever
                self._release(schema, document, work, rights)
            reason = str(error) or "another document has the same values, and an index is unique"
            raise ErrorAnswer(26, f"The automatic transition {transition['name']} cannot be made: {reason}") from None
        return True

    def _settle(self, schema: Document, document: Document, after: list[Document], rights: Rights) -> None:
        """Store a changed document: locked if an automatic transition follows, else with everything done."""
        work = {
            "id": document["id"],
            "schemaId": schema["id"],
            "afterActions": after,
            "hops": 0,
            "userId": rights.user_id,
            "applicationId": rights.application_id,
        }
        if self._next(schema, document, rights) is None:
            self._release(schema, document, work, rights)
        else:
            document["transitionLock"] = {"timestamp": iso(self._clock())}
            self._store.put(documents_of(schema), document)
            self._store.put(WORK, work)

    def _release(self, schema: Document, document: Document, work: Document, rights: Rights) -> None:
        document.pop("transitionLock", None)
        self._store.put(documents_of(schema), document)
        self._store.delete(WORK, document["id"])
        for action in work["afterActions"]:
            if action["type"] == "task":
                with effects.inside(document["id"], action.get("transition", "")):
                    self._start_task(schema, document, action, rights)

    def _next(self, schema: Document, document: Document, rights: Rights) -> Document | None:
        """Return the first automatic transition that the document's status and conditions allow."""
        for transition in schema["transitions"]:
            if (
                transition["type"] == "automatic"
                and document["status"] in transition["fromStatuses"]
                and self.allowed(transition, document, {}, rights)
            ):
                found: Document = transition
                return found
        return None

    def _move(
        self, schema: Document, document: Document, transition: Document, data: Mapping[str, Any], rights: Rights
    ) -> None:
        now = iso(self._clock())
        change = _name(schema, transition)
        before = None if change == "creation" else document["status"]
        effects.moved(effects.Move(document["id"], schema["name"], change, before, transition["toStatus"], now))
        document |= {"status": transition["toStatus"], "statusChangedTimestamp": now, "updateTimestamp": now}
        for action in transition.get("actions", ()):
            self._act(schema, document, action, data, rights)
        history.note(self._store, document, rights, change=change, now=self._clock(), from_status=before)

    def _act(
        self, schema: Document, document: Document, action: Document, data: Mapping[str, Any], rights: Rights
    ) -> None:
        match action["type"]:
            case "set":
                assign(schema, document, {action["field"]: copy.deepcopy(action["value"])})
            case "unset":
                unset(document, action.get("fields") or [action["field"]])
            case "addItems":
                add_items(schema, document, action["field"], copy.deepcopy(action["values"]))
            case "removeItems":
                remove_items(document, action["field"], action["values"])
            case "linkCreator":
                self._link_users(schema, document, [document["creatorId"]])
            case "linkUserFromData":
                self._link_users(schema, document, _ids(data, action["userIdField"]))
            case "linkGroupFromData":
                link(document, "groupIds", _ids(data, action["groupIdField"]))
            case "linkEnlistedGroups":
                link(document, "groupIds", self._enlisted(document["creatorId"], active=bool(action.get("onlyActive"))))
            case "task":
                self._start_task(schema, document, action, rights)

    def _link_users(self, schema: Document, document: Document, ids: list[str]) -> None:
        link(document, "userIds", ids)
        add_groups(self._store, schema, document, ids)

    def _start_task(self, schema: Document, document: Document, action: Document, rights: Rights) -> None:
        create_task(
            self._store,
            function_name=action["functionName"],
            data={**action.get("data", {}), "schemaId": schema["id"], "documentId": document["id"]},
            priority=action.get("priority"),
            now=self._clock(),
            created_by_user_id=rights.user_id,
            created_by_application_id=rights.application_id,
        )

    def _enlisted(self, user_id: str, *, active: bool) -> list[str]:
        now = self._clock() * 1000
        enlistments = (self._store.get("users", user_id) or {"patient_enlistments": ()})["patient_enlistments"]
        return [each["group_id"] for each in enlistments if not active or each.get("expiry_timestamp", now + 1) > now]

    def obstacle(
        self, condition: Document, document: Document | None, data: Mapping[str, Any], rights: Rights
    ) -> str | None:
        """Return why a condition fails, without any value; None if it holds."""
        match condition["type"]:
            case "input":
                return mismatch({"type": "object", **condition["configuration"]}, dict(data))
            case "document":
                if document is None:
                    return "there is no document yet"
                return mismatch({"type": "object", **condition["configuration"]}, document)
            case "initiatorHasRelationToUserInData":
                target = self._store.get("users", str(_at(data, condition["userIdField"])))
                groups = {each["group_id"] for each in (target or {}).get("patient_enlistments", ())}
                if not groups.isdisjoint(rights.staff_groups):
                    return None
                return f"the caller is not staff of a group of the patient that {condition['userIdField']} names"
            case _:
                return _unrelated(condition, _at(data, condition["groupIdField"]), rights)

    def _schema(self, schema_id: str) -> Document | None:
        return self._store.remembered(("schema id", schema_id), lambda: self._store.get(SCHEMAS, schema_id), SCHEMAS)

    def _initiator(self, work: Document) -> Rights:
        user = self._store.get("users", work["userId"]) if work["userId"] else None
        if user is None:
            return Rights(application_id=work["applicationId"])
        return rights_of_user(user, self._store, application_id=work["applicationId"])


def _name(schema: Document, transition: Document) -> str:
    return "creation" if transition is schema["creationTransition"] else str(transition["name"])


def _after(schema: Document, transition: Document) -> list[Document]:
    """Return a transition's `afterActions`, each with the transition's name. They run once the document is unlocked."""
    return [{**action, "transition": _name(schema, transition)} for action in transition.get("afterActions", ())]


def _unrelated(condition: Document, group: Any, rights: Rights) -> str | None:
    """Return why the caller lacks a condition's relation to a group; None if the caller has it."""
    if condition["relation"] == "patient":
        groups, who = rights.patient_groups, "a patient"
    elif permission := condition.get("requiredPermission"):
        groups, who = rights.groups_with(permission), f"staff with the permission {permission}"
    else:
        groups, who = rights.staff_groups, "staff"
    if isinstance(group, str) and group in groups:
        return None
    return f"the caller is not {who} of the group that {condition['groupIdField']} names"


def link(document: Document, name: str, ids: Iterable[str]) -> None:
    """Add users or groups that a document is not linked to yet."""
    document[name] = list(dict.fromkeys([*document[name], *ids]))


def _ids(data: Mapping[str, Any], path: str) -> list[str]:
    """Return the id, or the ids, in a field of a transition's data."""
    value = _at(data, path)
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise ErrorAnswer(26, "An action of the transition needs an id in its data")


def _at(data: Mapping[str, Any], path: str) -> Any:
    """Return the value of a field in a transition's data; None if missing."""
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
