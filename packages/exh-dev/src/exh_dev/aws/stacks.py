"""A stack that is deployed on AWS, and the resources in it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError, UsageError
from exh_dev.extras import needs_extra
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHAT = "what is deployed on AWS"


@dataclass(frozen=True)
class Stack:
    """A stack, as AWS's tools reach it.

    Attributes:
        name: of the stack.
        region: where it is; None for what the environment says.
        profile: of AWS's tools; None for what the environment says.
    """

    name: str
    region: str | None = None
    profile: str | None = None

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service.

        Raises:
            DevkitError: `exh-dev[aws]` is not installed, or no region or profile is configured.
        """
        with needs_extra(_WHAT, "aws"):
            import boto3
        with as_devkit_errors("use AWS"):
            return boto3.Session(profile_name=self.profile).client(service, region_name=self.region)

    def physical_id(self, logical_id: str) -> str:
        """Return the physical id of a resource; for a queue, its URL.

        Raises:
            UsageError: the stack has no such logical id.
            DevkitError: there is no such stack, or it cannot be asked.
        """
        ids = self._physical_ids
        if not ids.get(logical_id):
            raise UsageError(
                f"the stack {self.name} has no resource {logical_id}{did_you_mean(logical_id, ids)}; there are: "
                f"{', '.join(sorted(ids)) or 'none'}"
            )
        return str(ids[logical_id])

    @cached_property
    def _physical_ids(self) -> dict[str, str | None]:
        with as_devkit_errors(f"look at the stack {self.name}"):
            pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
            found = [each for page in pages for each in page["StackResourceSummaries"]]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId") for each in found}


@contextmanager
def as_devkit_errors(what: str) -> Iterator[None]:
    """Convert boto3 errors raised in the block into a one-line DevkitError.

    Args:
        what: the action, as it reads after "cannot".

    Raises:
        DevkitError: it failed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        reason = f"AWS answered {said.get('Code', 'an error')}: {said.get('Message', 'nothing else')}"
        raise DevkitError(f"cannot {what}: {reason}") from error
    except BotoCoreError as error:
        raise DevkitError(f"cannot {what}: {error}") from error
