"""The interface of a platform service."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exh_dev.platform.http.routing import Route


class Service(Protocol):
    """A service of the platform: `serve.app` adds its routes and runs its background work.

    Attributes:
        base: prefix of its paths, such as `/users/v1`, with `GET {base}/health`.
    """

    base: ClassVar[str]

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return the endpoints of the service."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Run the service's background work during the block; by default none."""
        return nullcontext()
