"""The event service, `/events/v1`: what happened, for dispatchers to act on.

snake_case members, timestamps in epoch milliseconds; what is inside `content` is the sender's own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Service, WithId

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.events.subscriptions import Subscriptions
    from extrahorizon.services.events.types import Event, EventCreation

BASE = "/events/v1"


class Events(Service, WithId["Event"]):
    """`exh.events`. Finding needs `VIEW_EVENTS`."""

    _base = BASE
    _path = f"{BASE}/"

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Subscriptions of services to events."""
        from extrahorizon.services.events.subscriptions import Subscriptions

        return Subscriptions(self._session)

    def create(self, **body: Unpack[EventCreation]) -> Event:
        """Publish an event: something happened. Needs `CREATE_EVENTS`.

        Args:
            body: `type`, for which dispatchers look; `content`, which is sent with its keys as they are.
        """
        return cast("Event", self._object("POST", f"{BASE}/", json=self._body("EventCreation", body)))
