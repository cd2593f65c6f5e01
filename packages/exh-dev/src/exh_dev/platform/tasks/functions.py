"""`/functions`: uploading, changing, listing, enabling and deleting functions.

A record holds, besides what is answered, `version`, which each change renews, and for an uploaded function `code`, the
folder it was unpacked into. A function without `code` is the served project's own: changes to it last until the
platform stops, and an upload under its name takes its place.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import single_page
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.code import unpack
from exh_dev.platform.tasks.records import FUNCTIONS, OWN_FUNCTIONS, find_function
from exh_dev.platform.tasks.settings import PERMISSION_MODES, settings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from starlette.requests import Request

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.runner import OwnFunction, Runner

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_HIDDEN = ("id", "version", "code")


def routes(base: str, store: Store, runner: Runner, *, clock: Clock) -> list[Route]:
    """Return the endpoints under `/functions`, without those that run one or show its logs."""
    functions = _Functions(store, runner, clock)
    return [
        Route(f"{base}/functions", functions.find, methods=["GET"]),
        Route(f"{base}/functions", functions.create, methods=["POST"]),
        Route(f"{base}/functions/{{name}}", functions.details, methods=["GET"]),
        Route(f"{base}/functions/{{name}}", functions.update, methods=["PUT"]),
        Route(f"{base}/functions/{{name}}", functions.remove, methods=["DELETE"]),
        Route(f"{base}/functions/{{name}}/enable", functions.switch, methods=["POST"]),
        Route(f"{base}/functions/{{name}}/disable", functions.switch, methods=["POST"]),
    ]


class _Functions:
    def __init__(self, store: Store, runner: Runner, clock: Clock) -> None:
        self._store = store
        self._runner = runner
        self._clock = clock

    async def create(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("CREATE_TASK_FUNCTION")
        fields = await read_json(request)
        name = fields.text("name")
        if not _NAME.fullmatch(name):
            raise ErrorAnswer(1407, "A function name has 1 to 64 letters, digits and hyphens")
        code, entry_point, runtime = fields.text("code"), fields.text("entryPoint"), fields.text("runtime")
        if self._store.get(FUNCTIONS, name):
            raise ErrorAnswer(17, f"There is a function {name} already")
        function = {"id": name, "name": name, **settings(fields, {}), "entryPoint": entry_point, "runtime": runtime}
        function |= {"enabled": True, "updateTimestamp": iso(self._clock()), "version": object_id()}
        function["code"] = await self._unpacked(code)
        if self._store.get(FUNCTIONS, name):  # made meanwhile
            self._runner.retire(function, with_code=True)
            raise ErrorAnswer(17, f"There is a function {name} already")
        self._store.put(FUNCTIONS, function)
        return JsonAnswer(_shown(function))

    async def find(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("VIEW_TASK_FUNCTIONS")
        functions = {
            each["name"]: each for kind in (OWN_FUNCTIONS, FUNCTIONS) for each in self._store.matching(kind, EVERYTHING)
        }
        listed = ("name", "description", "updateTimestamp")
        shown = [{key: each[key] for key in listed if key in each} for _, each in sorted(functions.items())]
        return JsonAnswer(single_page(shown))

    async def details(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("VIEW_TASK_FUNCTION_DETAILS")
        return JsonAnswer(_shown(function_of(request, self._store)))

    async def update(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("UPDATE_TASK_FUNCTION")
        name = function_of(request, self._store)["name"]
        fields = await read_json(request)
        settings(fields, function_of(request, self._store))  # refuses what cannot be, before the code is unpacked
        code = fields.optional_text("code")
        folder = {} if code is None else {"code": await self._unpacked(code)}
        before = find_function(self._store, name)
        if before is None:  # deleted meanwhile
            self._runner.retire({"version": "", **folder}, with_code=True)
            raise ErrorAnswer(16, f"There is no function {name}")
        changes = settings(fields, before) | folder
        after = {**before, **changes, "updateTimestamp": iso(self._clock()), "version": object_id()}
        self._store.put(FUNCTIONS if "code" in after else OWN_FUNCTIONS, after)
        if "code" in before or code is None:
            self._runner.retire(before, with_code=code is not None)
        return JsonAnswer({"affectedRecords": 1})

    async def remove(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("DELETE_TASK_FUNCTION")
        function = function_of(request, self._store)
        if "code" not in function:
            own = self._store.get(OWN_FUNCTIONS, function["name"]) is not None
            owner = "belongs to the served project" if own else "is the platform's own"
            raise ErrorAnswer(27, f"The function {function['name']} {owner}; it cannot be deleted")
        self._store.delete(FUNCTIONS, function["name"])
        self._runner.retire(function, with_code=True)
        return JsonAnswer({"affectedRecords": 1})

    async def switch(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("UPDATE_TASK_FUNCTION")
        function = function_of(request, self._store)
        enabled = request.url.path.endswith("/enable")
        if function["enabled"] == enabled:
            return JsonAnswer({"affectedRecords": 0})
        function |= {"enabled": enabled, "updateTimestamp": iso(self._clock())}
        self._store.put(FUNCTIONS if "code" in function else OWN_FUNCTIONS, function)
        return JsonAnswer({"affectedRecords": 1})

    async def _unpacked(self, code: str) -> str:
        folder = object_id()
        await asyncio.to_thread(unpack, code, self._runner.code / folder)
        return folder


def keep_own(
    store: Store,
    functions: Sequence[OwnFunction],
    *,
    now: float,
    before: Mapping[str, Document] | None = None,
    changed: Collection[str] = (),
) -> list[str]:
    """Replace all function records by those of the served project.

    A record equal to one in `before` keeps its version and its workers, unless it is named in `changed`.

    Returns:
        The names of the functions with a new version.
    """
    renewed = []
    with store.transaction():
        store.drop(OWN_FUNCTIONS)
        for own in functions:
            function = own.function
            record = {
                "id": function.name,
                "name": function.name,
                **({"description": own.description} if own.description else {}),
                "entryPoint": function.handler,
                "runtime": function.runtime,
                "timeLimit": round(function.timeout),
                "memoryLimit": function.memory,
                "environmentVariables": {name: {"value": text} for name, text in function.environment.items()},
                "executionOptions": {"permissionMode": PERMISSION_MODES[0], **own.execution_options},
                "retryPolicy": {"enabled": False, **own.retry_policy},
                "enabled": True,
                "updateTimestamp": iso(now),
                "version": object_id(),
            }
            old = (before or {}).get(function.name)
            if old is not None:
                record["enabled"] = old["enabled"]
            if old is not None and function.name not in changed and _says_the_same(old, record):
                record = old
            else:
                renewed.append(function.name)
            store.put(OWN_FUNCTIONS, record)
    return renewed


def _says_the_same(old: Document, new: Document) -> bool:
    own = {"version": "", "updateTimestamp": ""}
    return {**old, **own} == {**new, **own}


def function_of(request: Request, store: Store) -> Document:
    """Return the function that the path names.

    Raises:
        ErrorAnswer: 16 when there is none.
    """
    name = request.path_params["name"]
    function = find_function(store, name)
    if function is None:
        raise ErrorAnswer(16, f"There is no function {name}")
    return function


def _shown(function: Document) -> Document:
    return {name: value for name, value in function.items() if name not in _HIDDEN}
