"""Protocols of the platform that the AWS room uses; `serve.local_platform.LocalPlatform` implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exh_dev.runtime import Invocation

T = TypeVar("T")


class CredentialIssuer(Protocol):
    """Creates users for functions."""

    def grant(self, function: str, permissions: Sequence[str], email: str | None = None) -> None:
        """Create a user for a function with exactly these permissions."""

    def function_environment(self, function: str) -> dict[str, str]:
        """Return the credentials of a function's user as its five `API_*` variables."""
        ...

    def sidefx_environment(self) -> dict[str, str]:
        """Return the four `SIDEFX_*` variables, for the local SideFX."""
        ...


class ServingPlatform(CredentialIssuer, Protocol):
    """A running platform for functions that target AWS."""

    def call(self, do: Callable[[], T]) -> T:
        """Do something on the platform's own thread, between two requests."""
        ...

    def run_on_aws(self, function: str, event: Any) -> Invocation:
        """Run a function for AWS alone, as a batch of a queue, and record the run.

        Raises:
            DevkitError: it cannot run.
        """
        ...
