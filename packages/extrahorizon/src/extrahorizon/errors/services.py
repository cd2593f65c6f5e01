"""Errors common to all services, and those of data, files, tasks, templates and the rest."""

from __future__ import annotations

from extrahorizon.errors.base import (
    BadGatewayServerError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ServiceUnavailableError,
    UnauthorizedError,
)


class ServiceUnreachableError(ServiceUnavailableError):
    codes = (4,)


class NoPermissionError(UnauthorizedError):
    """The user is known but lacks the permission; other credentials for the same user will not help."""

    codes = (10,)
    hint = "The task's user lacks a permission: see executionCredentials.permissions of the function."


class RemoveFieldError(ForbiddenError):
    codes = (11,)


class IDFormatError(BadRequestError):
    codes = (12,)


class EmptyBodyError(BadRequestError):
    codes = (13,)


class MissingRequiredFieldsError(BadRequestError):
    codes = (14,)


class FieldFormatError(BadRequestError):
    codes = (15,)


class ResourceUnknownError(NotFoundError):
    """No object has this id or name, or the caller may not see it."""

    codes = (16,)


class ResourceAlreadyExistsError(BadRequestError):
    codes = (17,)


class InvalidRqlError(BadRequestError):
    codes = (19,)


class BodyFormatError(BadRequestError):
    codes = (22,)


class IllegalArgumentError(BadRequestError):
    """The argument is not appropriate; in the data service, conditions or validation are not met."""

    codes = (26,)


class IllegalStateError(BadRequestError):
    """The object is in a state that does not allow this."""

    codes = (27,)


class ProfileAlreadyExistsError(BadRequestError):
    codes = (301,)


class StatusInUseError(BadRequestError):
    codes = (414,)


class LockedDocumentError(BadRequestError):
    """The document is in a transition; it is unlocked when all automatic transitions have run."""

    codes = (415,)


class DefaultLocalizationMissingError(BadRequestError):
    codes = (801,)


class ServiceNotFoundError(NotFoundError):
    codes = (903,)


class LocalizationKeyMissingError(BadRequestError):
    codes = (1002,)


class TemplateFillingError(BadRequestError):
    codes = (1003,)


class TemplateSyntaxError(BadRequestError):
    """`body["syntaxError"]` has the output and the message."""

    codes = (1004,)


class TemplateResolvingError(BadRequestError):
    """`body["resolveError"]` has the output and the message."""

    codes = (1005,)


class InvalidFunctionCodeError(BadRequestError):
    codes = (1401,)


class InvalidFunctionParameterError(BadRequestError):
    codes = (1402,)


class ConcurrentExecutionLimitError(BadRequestError):
    codes = (1403,)


class TimeLimitExceedsDirectExecutionMaximumError(BadRequestError):
    codes = (1404,)


class LambdaInvocationError(BadRequestError):
    codes = (1405,)


class LambdaRuntimeError(BadRequestError):
    """The called function raised; `body["runtimeError"]` has its error, `body["taskId"]` its task."""

    codes = (1406,)


class InvalidFunctionNameError(BadRequestError):
    codes = (1407,)


class NoTaskLogsFoundError(BadRequestError):
    codes = (1408,)


class InvalidApiFunctionResultError(BadRequestError):
    codes = (1409,)


class TimeLimitExceedsApiFunctionMaximumError(BadRequestError):
    codes = (1411,)


class ConcurrentApiFunctionLimitError(BadRequestError):
    codes = (1412,)


class NoApiRequestLogsFoundError(BadRequestError):
    codes = (1413,)


class InvalidTokenError(BadRequestError):
    codes = (2605,)


class UnauthorizedTokenError(UnauthorizedError):
    codes = (2606,)


class TokenNotDeleteableError(ForbiddenError):
    codes = (2607,)


class FileTooLargeError(BadRequestError):
    codes = (2610,)


class InvalidReceiptDataError(BadRequestError):
    codes = (2707,)


class UnknownReceiptTransactionError(BadRequestError):
    codes = (2708,)


class StripeRequestError(BadGatewayServerError):
    codes = (2712,)


class StripePaymentMethodError(BadRequestError):
    codes = (2713,)


class InvalidCurrencyForProductPriceError(BadRequestError):
    codes = (2714,)


class NoConfiguredAppStoreProductError(NotFoundError):
    codes = (2716,)


class AppStoreTransactionAlreadyLinkedError(BadRequestError):
    codes = (2717,)


class NoMatchingPlayStoreLinkedSubscriptionError(BadRequestError):
    codes = (2718,)


class NoConfiguredPlayStoreProductError(BadRequestError):
    codes = (2719,)


class PlayStoreTransactionAlreadyLinkedError(BadRequestError):
    codes = (2720,)


class FirebaseInvalidPlatformDataError(BadRequestError):
    """Firebase refused the notification; it exists all the same: `body["notificationId"]`, `body["errors"]`."""


class FirebaseConnectionError(BadGatewayServerError):
    """Firebase could not be reached; the notification exists all the same."""
