"""The user service, `/users/v1`: users, roles, groups and permissions.

snake_case members, timestamps in epoch milliseconds.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from extrahorizon import paging
from extrahorizon.errors import InvalidResponseError
from extrahorizon.resource import Collection, Service, required, segment, string

if TYPE_CHECKING:
    from typing import Literal, Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.users.activation_requests import ActivationRequests
    from extrahorizon.services.users.forgot_password_requests import ForgotPasswordRequests
    from extrahorizon.services.users.global_roles import GlobalRoles
    from extrahorizon.services.users.group_roles import GroupRoles
    from extrahorizon.services.users.settings import Settings
    from extrahorizon.services.users.types import (
        Activation,
        EmailTemplates,
        EmailUpdate,
        Login,
        Password,
        PasswordChange,
        PasswordPolicy,
        PasswordPolicyUpdate,
        PasswordReset,
        Patient,
        PatientEnlistmentBody,
        ProfileImage,
        Registration,
        StaffMember,
        User,
        UserUpdate,
    )

BASE = "/users/v1"


def _user(user_id: str) -> str:
    return f"{BASE}/{segment(user_id)}"


class Users(Service, Collection["User"]):
    """`exh.users`.

    Patients may find the staff of their groups, staff everybody in them; `VIEW_USER` shows all users in full.
    """

    _base = BASE
    _path = f"{BASE}/"

    @cached_property
    def activation_requests(self) -> ActivationRequests:
        """Activations that were not completed."""
        from extrahorizon.services.users.activation_requests import ActivationRequests

        return ActivationRequests(self._session)

    @cached_property
    def forgot_password_requests(self) -> ForgotPasswordRequests:
        """Password resets that were not completed."""
        from extrahorizon.services.users.forgot_password_requests import ForgotPasswordRequests

        return ForgotPasswordRequests(self._session)

    @cached_property
    def global_roles(self) -> GlobalRoles:
        """Roles that hold everywhere."""
        from extrahorizon.services.users.global_roles import GlobalRoles

        return GlobalRoles(self._session)

    @cached_property
    def group_roles(self) -> GroupRoles:
        """Roles of a group's staff, and staff enlistments."""
        from extrahorizon.services.users.group_roles import GroupRoles

        return GroupRoles(self._session)

    @cached_property
    def settings(self) -> Settings:
        """Settings of e-mail verification."""
        from extrahorizon.services.users.settings import Settings

        return Settings(self._session)

    def me(self) -> User:
        """Return the user of the credentials, which also verifies them. Needs no permission.

        Raises:
            PlatformError: an `OAuth…Error` when the credentials are refused.
            PlatformUnreachableError: there was no valid answer.
        """
        return cast("User", self._object("GET", f"{BASE}/me"))

    def find_by_id(self, user_id: str) -> User:
        """Return the user with this id.

        No permission is needed for oneself and, partially, for members of one's groups. Others need `VIEW_USER`, or
        `VIEW_PATIENTS` or `VIEW_STAFF` for some members.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return cast("User", self._object("GET", _user(user_id)))

    def find_by_email(self, email: str, rql: Condition | None = None) -> User | None:
        """Return the user with this e-mail address that matches `rql` too, or None.

        Raises:
            InvalidRqlError: the query is invalid (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return self._find_where("email", email, rql)

    def update(self, user_id: str, **body: Unpack[UserUpdate]) -> User:
        """Change a user; omitted members are kept. Needs `UPDATE_USER` for other users.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return cast("User", self._object("PUT", _user(user_id), json=self._body("UserUpdate", body)))

    def remove_users(self, rql: Condition) -> int:
        """Delete the users that match; never with empty RQL. Deprecated by the platform: use `remove`, one by one.

        Needs `DELETE_USER` for other users.
        """
        return self._affected("DELETE", self._path + required(rql))

    def patients(self, rql: Condition | None = None) -> Page[Patient]:
        """Return a page of the patients that match: of one's groups as staff, or with `VIEW_PATIENTS` of all."""
        return paging.find(self._session, f"{BASE}/patients", rql)

    def staff(self, rql: Condition | None = None) -> Page[StaffMember]:
        """Return a page of the staff that matches: of one's groups as staff, or with `VIEW_STAFF` of all."""
        return paging.find(self._session, f"{BASE}/staff", rql)

    def remove(self, user_id: str) -> int:
        """Delete a user, and revoke the user's tokens. Needs `DELETE_USER` for other users.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return self._affected("DELETE", _user(user_id))

    def update_email(self, user_id: str, **body: Unpack[EmailUpdate]) -> User:
        """Change a user's e-mail address. Needs `UPDATE_USER_EMAIL` for other users.

        Raises:
            ResourceUnknownError: the user does not exist (16).
            EmailUsedError: another user has this address (203).
            PinCodesNotEnabledError: `activation_mode` is `pin_code`, which the settings do not allow (218).
        """
        return cast("User", self._object("PUT", f"{_user(user_id)}/email", json=self._body("EmailUpdate", body)))

    def add_patient_enlistment(self, user_id: str, **body: Unpack[PatientEnlistmentBody]) -> int:
        """Create a user a patient of a group. Needs `ADD_PATIENT`.

        Raises:
            ResourceAlreadyExistsError: the user is a patient already (17).
        """
        return self._affected(
            "POST", f"{_user(user_id)}/patient_enlistments", json=self._body("PatientEnlistmentBody", body)
        )

    def remove_patient_enlistment(self, user_id: str, group_id: str) -> int:
        """Remove a patient from a group. Needs `REMOVE_PATIENT`, globally or in the group, for other users.

        Raises:
            ResourceUnknownError: the user does not exist, or the user is not a patient of the group (16).
        """
        return self._affected("DELETE", f"{_user(user_id)}/patient_enlistments/{segment(group_id)}")

    def create_account(self, **body: Unpack[Registration]) -> User:
        """Register a user, who gets an activation mail unless the mode is `manual`. Needs no permission.

        Raises:
            EmailUsedError: another user has this address (203).
            PinCodesNotEnabledError: `activation_mode` is `pin_code`, which the settings do not allow (218).
        """
        return cast("User", self._object("POST", f"{BASE}/register", json=self._body("Registration", body)))

    def change_password(self, **body: Unpack[PasswordChange]) -> bool:
        """Change the calling user's password. Needs no permission.

        Raises:
            PasswordError: the old password is wrong (208).
        """
        return self._is_ok("PUT", f"{BASE}/password", json=self._body("PasswordChange", body))

    def authenticate(self, **body: Unpack[Login]) -> User:
        """Return the user with this e-mail address and password, without a token. Needs no permission.

        Raises:
            AuthenticationError: address or password is wrong (106).
            LoginTimeoutError: there was another attempt within the last second (211).
            LoginFreezeError: too many attempts failed; wait a minute (212).
            TooManyFailedAttemptsError: the account is locked until its password is reset (213).
        """
        return cast("User", self._object("POST", f"{BASE}/authenticate", json=self._body("Login", body)))

    def request_email_activation(self, email: str, mode: Literal["hash", "pin_code"] | None = None) -> bool:
        """Send a user an activation mail. Needs no permission.

        Args:
            email: the user's address.
            mode: kind of code; `hash` by default.

        Raises:
            IllegalStateError: the service is not set up for it (27).
            EmailUnknownError: no user has this address (202).
            AlreadyActivatedError: the account is active already (206).
            ActivationRequestLimitError: too many requests (222).
            ActivationRequestTimeoutError: the last request was too recent (223).
        """
        asked = self._body("MailRequest", {"email": email, "mode": mode})
        return self._is_ok("GET", f"{BASE}/activation?{urlencode(asked)}", usually_idempotent=False)

    def validate_email_activation(self, **body: Unpack[Activation]) -> bool:
        """Activate an account with the mailed code. Needs no permission.

        Raises:
            ActivationUnknownError: the hash or address is unknown or expired (205).
            TooManyFailedAttemptsError: the PIN code was wrong too often; request another (213).
            IncorrectPinCodeError: the PIN code is wrong (224).
        """
        return self._is_ok("POST", f"{BASE}/activation", json=self._body("Activation", body))

    def request_password_reset(self, email: str, mode: Literal["hash", "pin_code"] | None = None) -> bool:
        """Mail a user how to set another password. Needs no permission.

        Args:
            email: the user's address.
            mode: what to mail; `hash` by default.

        Raises:
            IllegalStateError: the service has no template for the mail (27).
            EmailUnknownError: no user has this address (202).
            NotActivatedError: the account was never activated (204).
            DisabledForOidcUsersError: the user logs in by way of a provider (215).
            PinCodesNotEnabledError: the settings do not allow PIN codes (218).
            ForgotPasswordRequestLimitError: it was asked for too often (220).
            ForgotPasswordRequestTimeoutError: it was asked for too recently (221).
        """
        asked = self._body("MailRequest", {"email": email, "mode": mode})
        return self._is_ok("GET", f"{BASE}/forgot_password?{urlencode(asked)}", usually_idempotent=False)

    def validate_password_reset(self, **body: Unpack[PasswordReset]) -> bool:
        """Set another password with what the user was mailed, and end the user's tokens. Needs no permission.

        Raises:
            NotActivatedError: the account was never activated (204).
            NewPasswordHashUnknownError: the hash is unknown or expired (207).
            TooManyFailedAttemptsError: the PIN code was wrong too often; request another (213).
            DisabledForOidcUsersError: the user logs in by way of a provider (215).
            NewPasswordPinCodeUnknownError: no PIN code was asked for, or it has expired (219).
            IncorrectPinCodeError: the PIN code is wrong (224).
        """
        return self._is_ok("POST", f"{BASE}/forgot_password", json=self._body("PasswordReset", body))

    def confirm_password(self, **body: Unpack[Password]) -> bool:
        """Check the calling user's password. Needs no permission.

        Raises:
            AuthenticationError: it is wrong (106).
            LoginTimeoutError: there was another attempt within the last second (211).
            LoginFreezeError: too many attempts failed; wait a minute (212).
            TooManyFailedAttemptsError: the account is locked until its password is reset (213).
        """
        return self._is_ok("POST", f"{BASE}/confirm_password", json=self._body("Password", body))

    def reset_failed_login_attempts(self, user_id: str) -> int:
        """Unlock a user after too many wrong passwords. Needs `RESET_FAILED_LOGIN_ATTEMPTS`.

        The official SDK has no method for this endpoint of the platform.

        Returns:
            1.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return self._affected("POST", f"{_user(user_id)}/reset_failed_login_attempts")

    def is_email_available(self, email: str) -> bool:
        """Return whether no user has this e-mail address. Needs no permission.

        Raises:
            InvalidResponseError: the answer does not say.
        """
        path = f"{BASE}/email_available?{urlencode({'email': string(email)})}"
        answer: dict[str, Any] = self._object("GET", path)
        available = answer.get("email_available")
        if not isinstance(available, bool):
            problem = "an answer that does not say whether the e-mail address is available"
            raise InvalidResponseError(problem, status=200, method="GET", url=path)
        return available

    def update_profile_image(self, user_id: str, **body: Unpack[ProfileImage]) -> User:
        """Set a user's picture. Deprecated by the platform.

        Needs `UPDATE_PROFILE_IMAGE` for other users.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return cast(
            "User", self._object("PUT", f"{_user(user_id)}/profile_image", json=self._body("ProfileImage", body))
        )

    def delete_profile_image(self, user_id: str) -> User:
        """Remove a user's picture. Needs `UPDATE_PROFILE_IMAGE` for other users.

        Raises:
            ResourceUnknownError: the user does not exist (16).
        """
        return cast("User", self._object("DELETE", f"{_user(user_id)}/profile_image"))

    def password_policy(self) -> PasswordPolicy:
        """Return the password policy. Needs no permission."""
        return cast("PasswordPolicy", self._object("GET", f"{BASE}/password_policy"))

    def update_password_policy(self, **body: Unpack[PasswordPolicyUpdate]) -> PasswordPolicy:
        """Change what passwords have to be like, and answer with all of it. Needs `UPDATE_PASSWORD_POLICY`."""
        return cast(
            "PasswordPolicy",
            self._object("PUT", f"{BASE}/password_policy", json=self._body("PasswordPolicyUpdate", body)),
        )

    def get_email_templates(self) -> EmailTemplates:
        """Return the templates of the service's mails. Needs `VIEW_USER_SERVICE_EMAIL_TEMPLATES`."""
        return cast("EmailTemplates", self._object("GET", f"{BASE}/email_templates"))

    def set_email_templates(self, **body: Unpack[EmailTemplates]) -> EmailTemplates:
        """Choose templates, and answer with all of them. Needs `UPDATE_USER_SERVICE_EMAIL_TEMPLATES`."""
        return cast(
            "EmailTemplates", self._object("PUT", f"{BASE}/email_templates", json=self._body("EmailTemplates", body))
        )
