"""What the AWS room needs of a platform: `serve.local_platform.LocalPlatform` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exh_dev.runtime import Invocation

T = TypeVar("T")


class CredentialIssuer(Protocol):
    """Gives functions users of their own."""

    def grant(self, function: str, permissions: Sequence[str], email: str | None = None) -> None:
        """Give a function a user of its own with exactly these permissions."""

    def function_environment(self, function: str) -> dict[str, str]:
        """Return the credentials of the user that a function was given, as its five `API_*` variables."""
        ...

    def sidefx_environment(self) -> dict[str, str]:
        """Return the four `SIDEFX_*` variables, for the local SideFX."""
        ...


class ServingPlatform(CredentialIssuer, Protocol):
    """A platform that is running: what functions for AWS are run beside."""

    def call(self, do: Callable[[], T]) -> T:
        """Do something on the platform's own thread, between two requests."""
        ...

    def run_on_aws(self, function: str, event: Any) -> Invocation:
        """Run a function for AWS alone, as a batch of a queue, and record the run.

        Raises:
            DevkitError: it cannot run.
        """
        ...
