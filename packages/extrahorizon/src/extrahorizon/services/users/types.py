"""Request and answer types of the user service."""

from datetime import datetime
from typing import Any, Literal, Required, TypedDict

from extrahorizon.permissions import GlobalPermissionName

Mode = Literal["hash", "pin_code"]
ActivationMode = Literal["hash", "pin_code", "manual"]


class Permission(TypedDict, total=False):
    """A permission."""

    name: Required[str]
    description: str


class Role(TypedDict, total=False):
    """A global role: what its permissions allow holds everywhere."""

    id: Required[str]
    name: Required[str]
    description: Required[str]
    permissions: list[Permission]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class GroupRole(TypedDict, total=False):
    """A role of a group's staff: what its permissions, here just names, allow holds in the group."""

    id: Required[str]
    group_id: Required[str]
    name: Required[str]
    description: Required[str]
    permissions: Required[list[str]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class StaffEnlistment(TypedDict, total=False):
    """A group in which a user is staff, and with which roles."""

    group_id: Required[str]
    roles: list[GroupRole]
    creation_timestamp: int
    update_timestamp: int


class PatientEnlistment(TypedDict, total=False):
    """A group in which a user is a patient."""

    group_id: Required[str]
    expiry_timestamp: int
    expired: bool
    creation_timestamp: int


class User(TypedDict, total=False):
    """A user, as far as the caller may see. Personal data: never log it, never return all of it."""

    id: Required[str]
    first_name: Required[str]
    last_name: Required[str]
    email: Required[str]
    phone_number: Required[str]
    language: Required[str]
    time_zone: Required[str]
    profile_image: str
    activation: Required[bool]
    roles: list[Role]
    staff_enlistments: list[StaffEnlistment]
    patient_enlistments: list[PatientEnlistment]
    last_failed_timestamp: int
    failed_count: int
    oidc_links: list[dict[str, Any]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class Patient(TypedDict, total=False):
    """A patient as shown to staff. Personal data: never log it, never return all of it."""

    id: Required[str]
    first_name: Required[str]
    last_name: Required[str]
    email: Required[str]
    phone_number: str
    language: Required[str]
    time_zone: str
    profile_image: str
    activation: bool
    patient_enlistments: list[PatientEnlistment]


class StaffMember(TypedDict, total=False):
    """A staff member as shown to patients and staff. Personal data: never log it, never return all of it."""

    id: Required[str]
    first_name: Required[str]
    last_name: Required[str]
    email: Required[str]
    phone_number: str
    time_zone: str
    profile_image: str
    staff_enlistments: list[StaffEnlistment]


class Registration(TypedDict, total=False):
    """A new user; `activation_mode` is `hash` by default. Personal data: never log it."""

    first_name: Required[str]
    last_name: Required[str]
    email: Required[str]
    password: Required[str]
    phone_number: Required[str]
    language: Required[str]
    time_zone: str | None
    birthday: str | None
    gender: Literal[0, 1, 2, 9] | None
    country: str | None
    region: str | None
    activation_mode: ActivationMode | None


class UserUpdate(TypedDict, total=False):
    """Changes to a user here; the e-mail address has a method of its own."""

    first_name: str
    last_name: str
    phone_number: str
    language: str
    time_zone: str


class MailRequest(TypedDict, total=False):
    """Whom to mail, and what: a link with a hash, or a PIN code."""

    email: Required[str]
    mode: Mode | None


class EmailUpdate(TypedDict, total=False):
    """A new e-mail address, which must be activated."""

    email: Required[str]
    activation_mode: ActivationMode


class PatientEnlistmentBody(TypedDict, total=False):
    """A group to become a patient of, and until when."""

    group_id: Required[str]
    expiry_timestamp: int | datetime | None


class PasswordChange(TypedDict):
    """The old and the new password. Secrets: never log them."""

    old_password: str
    new_password: str


class Login(TypedDict):
    """Login credentials. A secret: never log it."""

    email: str
    password: str


class Password(TypedDict):
    """The calling user's password. A secret: never log it."""

    password: str


class Activation(TypedDict, total=False):
    """The mailed code: `hash`, or `pin_code` with the `email`. A secret: never log it."""

    hash: str | None
    email: str | None
    pin_code: str | None


class PasswordReset(Activation, total=False):
    """The mailed code and the new password. Secrets: never log them."""

    new_password: Required[str]


class ProfileImage(TypedDict):
    """A picture, as the hash of a file."""

    hash: str


class PasswordPolicyUpdate(TypedDict, total=False):
    """Changes to the password policy."""

    minimum_length: int
    maximum_length: int
    upper_case_required: bool
    lower_case_required: bool
    symbol_required: bool
    number_required: bool
    pattern: str
    message_format: str


class PasswordPolicy(TypedDict, total=False):
    """The password policy."""

    minimum_length: int
    maximum_length: int
    upper_case_required: bool
    lower_case_required: bool
    symbol_required: bool
    number_required: bool
    pattern: str
    message_format: str


class EmailTemplates(TypedDict, total=False):
    """The templates of the service's mails; each by id or by name, never both."""

    activation_email_template_id: str | None
    activation_email_template_name: str | None
    reactivation_email_template_id: str | None
    reactivation_email_template_name: str | None
    password_reset_email_template_id: str | None
    password_reset_email_template_name: str | None
    oidc_unlink_email_template_id: str | None
    oidc_unlink_email_template_name: str | None
    activation_pin_email_template_id: str | None
    activation_pin_email_template_name: str | None
    reactivation_pin_email_template_id: str | None
    reactivation_pin_email_template_name: str | None
    password_reset_pin_email_template_id: str | None
    password_reset_pin_email_template_name: str | None
    oidc_unlink_pin_email_template_id: str | None
    oidc_unlink_pin_email_template_name: str | None


class VerificationRequest(TypedDict, total=False):
    """An activation, or a password reset, that was begun and not completed."""

    id: Required[str]
    user_id: Required[str]
    mode: Mode
    request_count: int
    last_request_timestamp: int
    failed_attempts: int
    last_failed_attempt_timestamp: int
    expiry_timestamp: int
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class RoleCreation(TypedDict):
    """A role to make."""

    name: str
    description: str


class RoleUpdate(TypedDict, total=False):
    """Changes to a role itself."""

    name: str
    description: str


class Permissions(TypedDict):
    """Names of permissions."""

    permissions: list[GlobalPermissionName | str]


class Roles(TypedDict):
    """Ids of roles."""

    roles: list[str]


class Groups(TypedDict):
    """Ids of groups."""

    groups: list[str]


class VerificationSettingsUpdate(TypedDict, total=False):
    """Changes to the settings of e-mail verification."""

    enable_pin_code_activation_requests: bool
    enable_pin_code_forgot_password_requests: bool
    limit_hash_activation_requests: bool
    limit_hash_forgot_password_requests: bool


class VerificationSettings(TypedDict, total=False):
    """Settings of e-mail verification: whether PIN codes are enabled, and whether hash requests are limited."""

    enable_pin_code_activation_requests: Required[bool]
    enable_pin_code_forgot_password_requests: Required[bool]
    limit_hash_activation_requests: Required[bool]
    limit_hash_forgot_password_requests: Required[bool]
