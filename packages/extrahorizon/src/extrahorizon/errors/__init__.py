"""The exceptions of the client, as a tree.

ExtraHorizonError
├── ConfigurationError            credentials or settings are missing, partial or unusable; nothing was sent
├── SecretUnreachableError        the secret with the credentials cannot be read at the moment; nothing was done
├── InvalidEventError             the event is not what this kind of function receives
├── DeadlineExceededError         the call could not finish before the function's time is up
├── RequestAbortedError           a call was aborted on this side: its body could not be read
├── PlatformUnreachableError      no usable answer came back
└── PlatformError                 the platform answered with an error: a class per HTTP status, below it one per code
    ├── BadRequestError           400  such as IllegalArgumentError (26), LockedDocumentError (415)
    ├── UnauthorizedError         401  such as NoPermissionError (10), UserNotAuthenticatedError (104)
    │   └── CredentialsRejectedError   OAuthKeyError (107), OAuthTokenError (108), OAuthSignatureError (109),
    │                                  DuplicateRequestError (110)
    ├── ForbiddenError            403
    ├── NotFoundError             404  such as ResourceUnknownError (16), ServiceNotFoundError (903)
    ├── TooManyRequestsError      429
    ├── ServerError               500
    ├── BadGatewayServerError     502
    ├── ServiceUnavailableError   503
    ├── GatewayTimeoutServerError 504
    ├── OAuth2LoginError          the OAuth2 token endpoint, such as InvalidGrantError; `exh_error` is the one behind it
    └── InvalidResponseError      success, but the body is not what the platform documents

Names are the official SDK's (`OAuth` for its `Oauth`, `Error` always at the end). A class name is a wire contract: a
function's `retryPolicy.errorsToRetry` matches it. The text of an error (`str(error)`) is stored and mailed by the
platform, so it holds no secret, no query value and none of the platform's own prose, which may quote a record; that
prose is in `PlatformError.message`.
"""

from extrahorizon.errors.answer import parse_retry_after as parse_retry_after
from extrahorizon.errors.answer import platform_error as platform_error
from extrahorizon.errors.base import *  # noqa: F403 - this module is the list
from extrahorizon.errors.identity import *  # noqa: F403 - each module's `__all__`
from extrahorizon.errors.services import *  # noqa: F403 - each module's `__all__`
