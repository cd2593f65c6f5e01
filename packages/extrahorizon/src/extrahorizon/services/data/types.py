"""Request and answer types of the data service."""

from typing import Any, Literal, NotRequired, Required, TypedDict

Relation = Literal["creator", "linkedUsers", "linkedGroupStaff", "linkedGroupPatients"]


class TransitionLock(TypedDict):
    """Set while the platform still works on a document."""

    timestamp: str


class Document(TypedDict, total=False):
    """A document. Health data: never log it, never return all of it."""

    id: Required[str]
    creatorId: str
    userIds: Required[list[str]]
    groupIds: Required[list[str]]
    status: Required[str]
    statusChangedTimestamp: Required[str]
    data: Required[dict[str, Any]]
    transitionLock: TransitionLock
    commentCount: int
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class ArrayItem(TypedDict):
    """An object in a list of a document, with its id."""

    id: str


class Comment(TypedDict, total=False):
    """A remark on a document."""

    id: Required[str]
    creatorId: Required[str]
    schemaId: Required[str]
    documentId: Required[str]
    text: Required[str]
    commentedTimestamp: str
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class CommentBody(TypedDict):
    """A remark to make."""

    text: str


class TransitionRequest(TypedDict, total=False):
    """The transition, by `id` or by `name`, and data to merge into the document."""

    id: str | None
    name: str | None
    data: dict[str, Any] | None


class Fields(TypedDict):
    """Properties, as dot paths."""

    fields: list[str]


class Groups(TypedDict):
    """Groups to link."""

    groupIds: list[str]


class Users(TypedDict):
    """Users to link."""

    userIds: list[str]


class IndexField(TypedDict):
    """A property and how it is indexed."""

    name: str
    type: Literal["asc", "desc", "text"]


class IndexOptions(TypedDict, total=False):
    """Options of an index."""

    background: bool
    unique: bool
    sparse: bool


class IndexCreation(TypedDict):
    """An index to make."""

    name: NotRequired[str]
    fields: list[IndexField]
    options: NotRequired[IndexOptions]


class Index(TypedDict, total=False):
    """An index."""

    id: Required[str]
    name: Required[str]
    fields: Required[list[IndexField]]
    options: IndexOptions
    system: bool


class StatusBody(TypedDict, total=False):
    """A status to make."""

    name: Required[str]
    data: dict[str, str] | None


class StatusUpdate(TypedDict):
    """Labels of a status; null removes one."""

    data: dict[str, str | None]


class Condition(TypedDict, total=False):
    """A condition of a transition; its members depend on the `type`."""

    type: Required[
        Literal["input", "document", "initiatorHasRelationToUserInData", "initiatorHasRelationToGroupInData"]
    ]
    configuration: dict[str, Any]
    userIdField: str
    groupIdField: str
    relation: Literal["isStaffOfTargetPatient", "staff", "patient"]
    requiredPermission: str


class Action(TypedDict, total=False):
    """An action of a transition; its members depend on the `type`."""

    type: Required[
        Literal[
            "set",
            "unset",
            "addItems",
            "removeItems",
            "linkCreator",
            "linkUserFromData",
            "linkEnlistedGroups",
            "linkGroupFromData",
            "task",
            "delay",
            "measurementReviewedNotification",
            "notifyAlgoQueueManager",
        ]
    ]
    field: str
    fields: list[str]
    value: Any
    values: list[Any]
    userIdField: str
    groupIdField: str
    onlyActive: bool
    functionName: str
    data: dict[str, Any]
    priority: int
    time: int


class CreationTransition(TypedDict, total=False):
    """The creation transition of documents."""

    type: Required[Literal["manual", "automatic"]]
    toStatus: Required[str]
    conditions: list[Condition]
    actions: list[Action]
    afterActions: list[Action]


class TransitionBody(TypedDict, total=False):
    """A way from one status to another."""

    name: Required[str]
    type: Required[Literal["manual", "automatic"]]
    fromStatuses: Required[list[str]]
    toStatus: Required[str]
    conditions: list[Condition]
    actions: list[Action]
    afterActions: list[Action]


class Transition(TransitionBody, total=False):
    """A transition with its id."""

    id: Required[str]


class SchemaSettings(TypedDict, total=False):
    """Access modes and page limits of a schema's documents."""

    createMode: Literal["default", "allUsers", "permissionRequired"] | None
    readMode: str | list[Relation] | None
    updateMode: str | list[Relation] | None
    deleteMode: str | list[Relation] | None
    groupSyncMode: Literal["disabled", "creatorPatientEnlistments", "linkedUsersPatientEnlistments"] | None
    defaultLimit: int | None
    maximumLimit: int | None


class SchemaUpdate(SchemaSettings, total=False):
    """Changes to a schema itself."""

    name: str
    description: str


class SchemaCreation(SchemaSettings, total=False):
    """A schema to make."""

    name: Required[str]
    description: Required[str]


class Schema(TypedDict, total=False):
    """A schema with all it defines."""

    id: Required[str]
    name: Required[str]
    description: Required[str]
    properties: Required[dict[str, dict[str, Any]]]
    statuses: Required[dict[str, dict[str, str]]]
    creationTransition: Required[CreationTransition]
    transitions: Required[list[Transition]]
    indexes: Required[list[Index]]
    createMode: Required[str]
    readMode: Required[str | list[Relation]]
    updateMode: Required[str | list[Relation]]
    deleteMode: Required[str | list[Relation]]
    groupSyncMode: Required[str]
    defaultLimit: int
    maximumLimit: int
    disabled: bool
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]
