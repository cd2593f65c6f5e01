"""The secrets that functions on AWS read their credentials from, in the local Secrets Manager."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from exh_dev.errors import UsageError
from extrahorizon.settings import SECRET_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.aws.platform import CredentialIssuer
    from exh_dev.project.function_spec import FunctionSpec


class SecretStore(Protocol):
    """A store of the secrets that functions read."""

    def put_secret(self, name: str, members: Mapping[str, str]) -> None:
        """Set a secret's value to a JSON object."""


def share_secrets(platform: CredentialIssuer, aws: SecretStore, specs: Sequence[FunctionSpec]) -> None:
    """Create the secrets that functions name, before the platform starts.

    Raises:
        UsageError: a function names none.
    """
    put_secrets(platform, aws, grant_for_secrets(platform, specs))


def grant_for_secrets(platform: CredentialIssuer, specs: Sequence[FunctionSpec]) -> list[str]:
    """Create a user for each secret, with the union of its functions' permissions. Raises as `share_secrets`.

    The user of the real secret is unknown here, so the local one gets only what `executionCredentials` list.

    Returns:
        The names of the secrets.
    """
    sharing: dict[str, list[FunctionSpec]] = {}
    for spec in specs:
        sharing.setdefault(_secret_id(spec), []).append(spec)
    for secret_id, users in sharing.items():
        granted = [spec.execution_credentials for spec in users if spec.execution_credentials]
        platform.grant(secret_id, sorted({name for each in granted for name in each.permissions}))
    return list(sharing)


def put_secrets(platform: CredentialIssuer, aws: SecretStore, secret_ids: Sequence[str]) -> None:
    """Create secrets with the credentials of their users, and the local SideFX credentials."""
    for secret_id in secret_ids:
        aws.put_secret(secret_id, {**platform.function_environment(secret_id), **platform.sidefx_environment()})


def _secret_id(spec: FunctionSpec) -> str:
    others = {each.name: "" for each in spec.template_variables if each.name != SECRET_ID}
    secret_id = spec.environment("aws", os.environ, overrides=others).get(SECRET_ID, "")
    if not secret_id:
        raise UsageError(f"{spec.name} has no {SECRET_ID} in template.yaml, so there is no secret to read")
    return secret_id
