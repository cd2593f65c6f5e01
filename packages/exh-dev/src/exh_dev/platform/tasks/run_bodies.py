"""Storage of the bodies of a run's calls, in one or several documents.

The first part has the run's id, later ones that id with a dot and a suffix. A part contains bodies by call number.
Parts are small, so that storing and reading one is fast for any number of calls.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from exh_dev.platform.pacing import BREAK
from exh_dev.platform.tasks.run_retention import BODIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.storage.store import Document, Store


def part(run_id: str, number: int, bodies: Sequence[str]) -> tuple[str, str]:
    """Return the id and JSON text of a part; the first has the `number` 0. Each of `bodies` is a JSON member."""
    part_id = f"{run_id}.{number:04d}" if number else run_id
    return part_id, f'{{"id":"{part_id}","calls":{{{",".join(bodies)}}}}}'


async def of_call(store: Store, run_id: str, number: int) -> Document | None:
    """Return the two bodies of a call; None if not stored. It yields to the event loop between parts."""
    for part_id in store.ids(BODIES, run_id):
        await asyncio.sleep(BREAK)
        found: Document | None = store.part(BODIES, part_id, f'calls."{number}"')
        if found:
            return found
    return None


def of_run(store: Store, run_id: str, most: int) -> Document | None:
    """Return all bodies of a run by call number; None if they exceed `most` bytes."""
    parts = store.ids(BODIES, run_id)
    if sum(store.bytes_of(BODIES, each) for each in parts) > most:
        return None
    documents = [store.get(BODIES, each) or {"calls": {}} for each in parts]
    return {number: both for document in documents for number, both in document["calls"].items()}
