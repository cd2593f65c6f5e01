"""Applications: what may call the platform, in versions with a key each."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, WithName, segment
from extrahorizon.services.auth import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.auth.types import (
        Application,
        ApplicationCreation,
        ApplicationUpdate,
        ApplicationVersion,
        ApplicationVersionCreation,
    )


class Applications(WithId["Application"], WithName["Application"]):
    """`exh.auth.applications`. Without `VIEW_APPLICATIONS` only name, description, logo and type are shown."""

    _path = f"{BASE}/applications"

    def create(self, **body: Unpack[ApplicationCreation]) -> Application:
        """Create an application without a version. Needs `CREATE_APPLICATIONS`.

        Raises:
            NoPermissionError: the permission is missing (10).
            FieldFormatError: a member is not valid, such as a name of more than 100 characters (15).
        """
        return cast("Application", self._object("POST", self._path, json=self._body("ApplicationCreation", body)))

    def update(self, application_id: str, **body: Unpack[ApplicationUpdate]) -> int:
        """Change an application; omitted members are kept. Needs `UPDATE_APPLICATIONS`.

        Raises:
            NoPermissionError: the permission is missing (10).
            FieldFormatError: a member is not valid (15).
            ResourceUnknownError: the application does not exist (16).
        """
        return self._affected(
            "PUT", f"{self._path}/{segment(application_id)}", json=self._body("ApplicationUpdate", body)
        )

    def remove(self, application_id: str) -> int:
        """Delete an application. Needs `DELETE_APPLICATIONS`.

        Raises:
            NoPermissionError: the permission is missing (10).
            ResourceUnknownError: the application does not exist (16).
        """
        return self._affected("DELETE", f"{self._path}/{segment(application_id)}")

    def create_version(self, application_id: str, **body: Unpack[ApplicationVersionCreation]) -> ApplicationVersion:
        """Add a version to an application. Needs `CREATE_APPLICATIONS`.

        Returns:
            The version with its key and its secret; an OAuth2 application that is not confidential has no secret.

        Raises:
            NoPermissionError: the permission is missing (10).
            FieldFormatError: the name is not valid (15).
        """
        return cast(
            "ApplicationVersion",
            self._object(
                "POST",
                f"{self._path}/{segment(application_id)}/versions",
                json=self._body("ApplicationVersionCreation", body),
            ),
        )

    def delete_version(self, application_id: str, version_id: str) -> int:
        """Delete a version and invalidate its key. Needs `DELETE_APPLICATIONS`.

        Calls with the key then end in `OAuthKeyError` (107), renewals of OAuth2 tokens in an error 123.

        Raises:
            NoPermissionError: the permission is missing (10).
            ResourceUnknownError: the application or version does not exist (16).
        """
        return self._affected("DELETE", f"{self._path}/{segment(application_id)}/versions/{segment(version_id)}")
