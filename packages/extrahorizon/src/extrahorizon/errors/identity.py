"""Errors of the auth and user services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.errors.base import (
    BadRequestError,
    CredentialsRejectedError,
    ForbiddenError,
    OAuth2LoginError,
    ServiceUnavailableError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from extrahorizon.services.auth.types import MfaChallenge


class ApplicationNotAuthenticatedError(UnauthorizedError):
    """The call needs an application and none, or one of the wrong kind, was identified."""

    codes = (101,)


class ApplicationUnknownError(BadRequestError):
    codes = (103,)


class UserNotAuthenticatedError(UnauthorizedError):
    """The call needs a user and none was identified."""

    codes = (104,)


class AuthenticationError(UnauthorizedError):
    """E-mail address or password is wrong."""

    codes = (106,)


class OAuthKeyError(CredentialsRejectedError):
    """The consumer key is unknown to this host."""

    codes = (107,)
    hint = "Check API_OAUTH_CONSUMER_KEY, and that API_HOST is its cluster."


class OAuthTokenError(CredentialsRejectedError):
    """The token is unknown for this consumer key: mistyped, deleted, or ended by a password reset."""

    codes = (108,)
    hint = "Check API_OAUTH_TOKEN; a password reset or the removal of the user ends its tokens."


class OAuthSignatureError(CredentialsRejectedError):
    """The signature or its timestamp was refused: a wrong secret, or a clock that is off."""

    codes = (109,)
    hint = "Check API_OAUTH_CONSUMER_SECRET and API_OAUTH_TOKEN_SECRET, and the clock of this machine."


class DuplicateRequestError(CredentialsRejectedError):
    """A request with this nonce was seen before.

    On a call that is not safe to repeat it means that something on the way delivered it twice: the first delivery may
    have been done. Check before sending it again.
    """

    codes = (110,)


class CallbackNotValidError(BadRequestError):
    codes = (113,)


class UnsupportedResponseTypeError(BadRequestError):
    codes = (114,)


class AuthorizationUnknownError(BadRequestError):
    codes = (115,)


class AuthorizationCodeExpiredError(BadRequestError):
    codes = (116,)


class AccessTokenUnknownError(UnauthorizedError):
    """The OAuth2 access token is unknown."""

    codes = (117,)


class AccessTokenExpiredError(UnauthorizedError):
    """The OAuth2 access token has expired."""

    codes = (118,)


class RefreshTokenUnknownError(BadRequestError):
    codes = (119,)


class RefreshTokenExpiredError(BadRequestError):
    codes = (120,)


class UnsupportedGrantError(BadRequestError):
    codes = (121,)


class InvalidPKCEError(BadRequestError):
    codes = (122,)


class OAuth2ClientIdError(UnauthorizedError):
    codes = (123,)


class OAuth2ClientSecretError(UnauthorizedError):
    codes = (124,)


class OAuth2MissingClientCredentialsError(BadRequestError):
    codes = (126,)


class MissingPKCEVerifierError(BadRequestError):
    codes = (128,)


class MfaRequiredError(OAuth2LoginError):
    """A second factor is needed; `mfa` has the token and the methods to go on with."""

    codes = (129,)

    @property
    def mfa(self) -> MfaChallenge:
        """The arguments of `confirm_mfa`: `token`, and `methods`, each with an `id`, a `name` and a `type`."""
        challenge: MfaChallenge = self.body["mfa"]
        return challenge


class InvalidMfaCodeError(BadRequestError):
    codes = (130,)


class InvalidMfaTokenError(BadRequestError):
    codes = (131,)


class InvalidPresenceTokenError(BadRequestError):
    codes = (132,)


class NotEnoughMfaMethodsError(BadRequestError):
    codes = (133,)


class MfaReattemptDelayError(BadRequestError):
    """A second factor was tried too soon; `body["remainingDelay"]` says how long to wait."""

    codes = (134,)


class OidcIdTokenError(ServiceUnavailableError):
    codes = (136,)


class InvalidNonceError(BadRequestError):
    codes = (137,)


class OidcProviderResponseError(BadRequestError):
    codes = (138,)


class OidcInvalidAuthorizationCodeError(BadRequestError):
    codes = (139,)


class EmailUnknownError(BadRequestError):
    codes = (202,)


class EmailUsedError(BadRequestError):
    codes = (203,)


class NotActivatedError(BadRequestError):
    codes = (204,)


class ActivationUnknownError(BadRequestError):
    codes = (205,)


class AlreadyActivatedError(BadRequestError):
    codes = (206,)


class NewPasswordHashUnknownError(BadRequestError):
    codes = (207,)


class PasswordError(BadRequestError):
    codes = (208,)


class LoginTimeoutError(UnauthorizedError):
    """Only one login attempt per second is allowed."""

    codes = (211,)


class LoginFreezeError(UnauthorizedError):
    """Ten failed logins freeze the next for a minute."""

    codes = (212,)


class TooManyFailedAttemptsError(UnauthorizedError):
    """Fifty failed logins lock the account until its password is reset."""

    codes = (213,)


class DisabledForOidcUsersError(ForbiddenError):
    codes = (215,)


class PinCodesNotEnabledError(ForbiddenError):
    codes = (218,)


class NewPasswordPinCodeUnknownError(BadRequestError):
    codes = (219,)


class ForgotPasswordRequestLimitError(ForbiddenError):
    codes = (220,)


class ForgotPasswordRequestTimeoutError(ForbiddenError):
    codes = (221,)


class ActivationRequestLimitError(ForbiddenError):
    codes = (222,)


class ActivationRequestTimeoutError(ForbiddenError):
    codes = (223,)


class IncorrectPinCodeError(BadRequestError):
    codes = (224,)


class NewMFARequiredError(ForbiddenError):
    """HTTP 403 where a second factor must be set up first."""


class InvalidGrantError(OAuth2LoginError):
    """`invalid_grant`: the password, code or refresh token is not accepted; `exh_error` says why."""


class InvalidClientError(OAuth2LoginError):
    """`invalid_client`: the client id or secret is not accepted."""


class InvalidRequestError(OAuth2LoginError):
    """`invalid_request`: something is missing or malformed."""


class UnauthorizedClientError(OAuth2LoginError):
    """`unauthorized_client`: this client may not use this grant."""


class UnsupportedGrantTypeError(OAuth2LoginError):
    """`unsupported_grant_type`: the platform has no such grant."""
