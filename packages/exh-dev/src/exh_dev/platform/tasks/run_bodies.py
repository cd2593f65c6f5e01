"""The bodies of a run's calls as they are stored: in one document or, where they are many, in several parts.

A part has the run's id or, from the second on, an id that begins with that and a dot; in it are bodies by the numbers
of their calls. To store, to find and to read one takes little time, however many calls there are.
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
    """Return the id and the text of a part, the first having the `number` 0; each of `bodies` is a member in JSON."""
    part_id = f"{run_id}.{number:04d}" if number else run_id
    return part_id, f'{{"id":"{part_id}","calls":{{{",".join(bodies)}}}}}'


async def of_call(store: Store, run_id: str, number: int) -> Document | None:
    """Return the two bodies of a call; None where they are not kept. There is a break before each part."""
    for part_id in store.ids(BODIES, run_id):
        await asyncio.sleep(BREAK)
        found: Document | None = store.part(BODIES, part_id, f'calls."{number}"')
        if found:
            return found
    return None


def of_run(store: Store, run_id: str, most: int) -> Document | None:
    """All bodies of a run by the numbers of their calls; None where they have more than `most` bytes."""
    parts = store.ids(BODIES, run_id)
    if sum(store.bytes_of(BODIES, each) for each in parts) > most:
        return None
    documents = [store.get(BODIES, each) or {"calls": {}} for each in parts]
    return {number: both for document in documents for number, both in document["calls"].items()}
