"""The caller of a request, and the caller's permissions.

A permission of a global role applies everywhere; that of a staff role applies within the group. `NAME:schema` (or
function, or template) limits `NAME` to one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exh_dev.platform.dev.effects import checked
from exh_dev.platform.http.error_answers import ErrorAnswer, refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.oauth1 import Caller as Identity
    from exh_dev.platform.storage.store import Document, Store


@dataclass(frozen=True)
class Rights:
    """The rights of a request's caller.

    Attributes:
        user: the calling user's record; None for an application or an anonymous caller.
        application_id: the calling application; None for an anonymous caller.
        everywhere: the permissions of the user's global roles.
        in_groups: group id -> the permissions of the user's staff roles there.
    """

    user: Document | None = None
    application_id: str | None = None
    everywhere: frozenset[str] = frozenset()
    in_groups: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def user_id(self) -> str | None:
        return None if self.user is None else str(self.user["id"])

    @property
    def staff_groups(self) -> frozenset[str]:
        """The groups in which the user is staff."""
        return frozenset(self.in_groups)

    @property
    def patient_groups(self) -> frozenset[str]:
        """The groups in which the user is a patient."""
        return frozenset(entry["group_id"] for entry in (self.user or {}).get("patient_enlistments", ()))

    def has(self, name: str, *narrowed: str) -> bool:
        """Return whether the permission is granted everywhere, as it is or narrowed: `has("VIEW_DOCUMENTS", "ecg")`."""
        granted = not self.everywhere.isdisjoint(_spellings(name, narrowed))
        checked(name, narrowed, granted=granted)
        return granted

    def groups_with(self, name: str, *narrowed: str) -> frozenset[str]:
        """Return the groups in which a staff role grants the permission."""
        spellings = _spellings(name, narrowed)
        groups = frozenset(group for group, granted in self.in_groups.items() if not granted.isdisjoint(spellings))
        checked(name, narrowed, granted=False, groups=groups)
        return groups

    def require(self, name: str, *narrowed: str, group: str | None = None) -> None:
        """Require a permission, globally or in `group`.

        Raises:
            ErrorAnswer: 104 without a user, 10 without the permission.
        """
        self.require_user()
        if not (self.has(name, *narrowed) or (group is not None and group in self.groups_with(name, *narrowed))):
            raise refused(
                f"This call needs the permission {name}",
                permission=sorted(_spellings(name, narrowed)),
                group=group,
                held=self.held(),
            )

    def held(self) -> dict[str, list[str]]:
        """Return the caller's permissions: global ones as `everywhere`, and those in each group."""
        groups = {group: sorted(names) for group, names in self.in_groups.items()}
        return {"everywhere": sorted(self.everywhere), **groups}

    def require_user(self) -> str:
        """Return the calling user's id.

        Raises:
            ErrorAnswer: 104 without a user.
        """
        if self.user is None:
            raise ErrorAnswer(104, "This call needs an authenticated user")
        return str(self.user["id"])


def rights_of(request: Request, store: Store) -> Rights:
    """Return the rights of a request's caller; none for an anonymous one.

    Raises:
        ErrorAnswer: 104 when the user of the credentials was deleted.
    """
    identity: Identity | None = request.state.caller
    if identity is None:
        return Rights()
    if identity.user_id is None:
        return Rights(application_id=identity.application_id)
    user_id, application_id = identity.user_id, identity.application_id
    rights = store.remembered(
        ("rights", user_id, application_id),
        lambda: _rights_of_id(user_id, store, application_id),
        *("users", "roles", "group_roles"),
    )
    if rights is None:
        raise ErrorAnswer(104, "The user of these credentials does not exist any more")
    return rights


def _rights_of_id(user_id: str, store: Store, application_id: str) -> Rights | None:
    user = store.get("users", user_id)
    return None if user is None else rights_of_user(user, store, application_id=application_id)


def rights_of_user(user: Document, store: Store, *, application_id: str | None = None) -> Rights:
    """Return a user's rights.

    Roles are read on each request, so that a change applies to all users immediately.
    """
    everywhere = {
        permission["name"]
        for role_id in user["role_ids"]
        for permission in (store.get("roles", role_id) or {"permissions": ()})["permissions"]
    }
    in_groups = {
        enlistment["group_id"]: frozenset(
            name
            for role_id in enlistment["role_ids"]
            for name in (store.get("group_roles", role_id) or {"permissions": ()})["permissions"]
        )
        for enlistment in user["staff_enlistments"]
    }
    return Rights(user, application_id, frozenset(everywhere), in_groups)


def _spellings(name: str, narrowed: tuple[str, ...]) -> set[str]:
    """Return the names that grant a permission: `NAME`, `NAME:first`, `NAME:first:second`."""
    return {":".join((name, *narrowed[:depth])) for depth in range(len(narrowed) + 1)}
