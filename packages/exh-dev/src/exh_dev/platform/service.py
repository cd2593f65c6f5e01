"""What every service of the platform is to the application that serves it."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.http.routing import Route


class Service(Protocol):
    """A service of the platform: `serve.app` serves each by its routes, and keeps its background work running.

    Attributes:
        base: where its paths begin, such as `/users/v1`; `GET {base}/health` answers for each service.
    """

    base: ClassVar[str]

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return the endpoints of the service."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Do the background work of the service for as long as the block lasts; by default there is none."""
        return nullcontext()
