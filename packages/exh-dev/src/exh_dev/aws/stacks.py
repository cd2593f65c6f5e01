"""A stack that is deployed on AWS, and the queues that its outputs name."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError, UsageError
from exh_dev.extras import needs_extra
from exh_dev.project.cloudformation import did_you_mean

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
            DevkitError: `exh-dev[aws]` is not installed, or nothing says which region or profile.
        """
        with needs_extra(_WHAT, "aws"):
            import boto3
        with told_as_ours("use AWS"):
            return boto3.Session(profile_name=self.profile).client(service, region_name=self.region)

    def output(self, name: str) -> str:
        """Return the value of one of its outputs.

        Raises:
            UsageError: it has none of this name.
            DevkitError: there is no such stack, or it cannot be asked.
        """
        with told_as_ours(f"look at the stack {self.name}"):
            (found,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
        if name not in outputs:
            raise UsageError(
                f"the stack {self.name} has no output {name}{did_you_mean(name, outputs)}; there are: "
                f"{', '.join(sorted(outputs)) or 'none'}"
            )
        return str(outputs[name])


@contextmanager
def told_as_ours(what: str) -> Iterator[None]:
    """Do something with boto3; what it raises is told in a sentence.

    Args:
        what: is done, after "cannot".

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
