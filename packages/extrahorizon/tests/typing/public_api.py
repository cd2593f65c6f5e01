"""The types of what users call, as a type checker sees them. `make lint` reads this file; nothing runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, assert_type

from extrahorizon import RQL, ExtraHorizon, Task, logger, rql, task_handler
from extrahorizon.api import ApiFunction, ApiRequest
from extrahorizon.credentials import Credentials
from extrahorizon.paging import Page
from extrahorizon.permissions import GlobalPermissionName  # noqa: TC001 - like the others
from extrahorizon.services.data.types import Document
from extrahorizon.services.users.types import User

exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "token secret"))

assert_type(exh.users.me(), User)
assert_type(exh.users.find(), Page[User])
assert_type(exh.users.find_all(), Iterator[User])
assert_type(exh.data.documents.find("pulse", rql.gt("data.beats", 120)), Page[Document])
assert_type(rql, RQL)
assert_type(rql.eq("a", 1) & rql.eq("b", 2), RQL)
assert_type(rql.eq("a", 1) | "eq(b,2)", RQL)


@task_handler
def handler(task: Task, client: ExtraHorizon) -> dict[str, int | None]:
    assert_type(task.data, Mapping[str, Any])
    assert_type(task.text("patientId"), str)
    logger.info("counted", extra={"task_id": task.id})
    return {"count": client.users.find().total}


@task_handler(poison=(ValueError,))
def worker(task: Task, client: ExtraHorizon) -> None:
    del task, client


# What Lambda calls takes the event and its context, and gives what the function gives.
lambda_handler: Callable[[dict[str, Any], Any], dict[str, int | None]] = handler

app = ApiFunction()


@app.get("/patients/<patient_id>")
def patient(request: ApiRequest, client: ExtraHorizon, patient_id: str) -> dict[str, str]:
    del request, client
    return {"id": patient_id}


# Names of permissions are completed by an editor; one that is narrowed is a string like any other.
exh.users.global_roles.add_permissions(rql.eq("name", "nurse"), permissions=["VIEW_PATIENTS", "VIEW_DOCUMENTS:pulse"])
permission: GlobalPermissionName = "VIEW_PATIENT"  # type: ignore[assignment]

# Wrong calls are found: where one is not, its `ignore` is unused, which is an error too.
exh.users.find(5)  # type: ignore[arg-type]
exh.tasks.create(function_name="hello-world")  # type: ignore[call-arg]
rql.eq("a", object())  # type: ignore[arg-type]
exh.session.get("/users/v1/me", timeuot=5)  # type: ignore[call-arg]
exh.session.call("GET", "/users/v1/me", timeout="5")  # type: ignore[arg-type]
exh.session.verfiy = "ca.pem"  # type: ignore[attr-defined]
exh.notifications.remove()  # type: ignore[call-arg]
