"""`/_dev/api/overview`: activity of the last hour, and totals."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.collections import SCHEMAS, documents_of
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.sending import COLLECTION as MAILS
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.timestamps import epoch_seconds, iso
from exh_dev.platform.tasks.run_list import Wanted

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_MINUTES = 60  # a bar each: as many as fit beside each other
_MOST_RUNS = 2_000  # of the last hour that are looked at, the newest
_MOST_MAILS = 5  # the view of mails has the others
_MOST_FUNCTIONS = 20  # those that failed most, then the slowest; the view of functions has all
_MOST_COUNTED = 10_000  # of each kind; as many may be more


@dataclass
class _Tally:
    """Runs of a minute, or of a function."""

    runs: int = 0
    failed: int = 0
    durations: list[float] = field(default_factory=list)

    def add(self, run: Document) -> None:
        self.runs += 1
        self.failed += run["status"] == "FAILED"
        if "duration_ms" in run:
            self.durations.append(run["duration_ms"])


def route(base: str, context: Context, *, clock: Clock) -> Route:
    async def show(_: Request) -> JsonAnswer:
        start = (math.floor(clock() / 60) - _MINUTES + 1) * 60
        runs, _total, _is_exact = context.runner.runs.list.page(Wanted(since=start), _MOST_RUNS)
        minutes = [_Tally() for _ in range(_MINUTES)]
        functions: defaultdict[str, _Tally] = defaultdict(_Tally)
        for run in runs:
            index = int((epoch_seconds(run["started"]) - start) // 60)
            minutes[min(index, _MINUTES - 1)].add(run)
            functions[run["function"]].add(run)
        return JsonAnswer({
            "minutes": [
                {"timestamp": iso(start + 60 * index), "runs": each.runs, "failed": each.failed}
                for index, each in enumerate(minutes)
            ],
            "is_cut": len(runs) == _MOST_RUNS,
            "functions": _ranked(functions),
            "mails": _latest_mails(context.store),
            "counts": _counts(context.store),
            "reloads": context.project.reloads() if context.project else [],
        })  # fmt: skip

    return Route(f"{base}/overview", show, methods=["GET"])


def _ranked(functions: dict[str, _Tally]) -> list[dict[str, Any]]:
    """Return the functions, those with most failures first, then the slowest."""
    slowest = {name: _percentile(each.durations, 0.95) for name, each in functions.items()}
    order = sorted(functions, key=lambda name: (-functions[name].failed, -(slowest[name] or 0)))
    return [
        {
            "name": name,
            "runs": functions[name].runs,
            "failed": functions[name].failed,
            "p50_ms": _percentile(functions[name].durations, 0.5),
            "p95_ms": slowest[name],
        }
        for name in order[:_MOST_FUNCTIONS]
    ]


def _percentile(values: list[float], part: float) -> float | None:
    return sorted(values)[min(len(values) - 1, math.floor(len(values) * part))] if values else None


def _latest_mails(store: Store) -> list[Document]:
    found = (json.loads(text) for text in store.page(MAILS, EVERYTHING, ("id DESC",), _MOST_MAILS, 0))
    return [{name: each.get(name) for name in ("id", "subject", "recipients", "creation_timestamp")} for each in found]


def _counts(store: Store) -> dict[str, int]:
    schemas = store.matching(SCHEMAS, EVERYTHING)
    documents = sum(store.count_up_to(_MOST_COUNTED, documents_of(schema), EVERYTHING) for schema in schemas)
    others = {name: store.count_up_to(_MOST_COUNTED, name, EVERYTHING) for name in ("users", "files", MAILS)}
    return {"documents": min(documents, _MOST_COUNTED), **others}
