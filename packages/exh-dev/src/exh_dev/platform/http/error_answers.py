"""The errors the platform answers with: code, HTTP status and name exactly as the real one prints them."""

from __future__ import annotations

from typing import Any

#: code -> (HTTP status, name), from the platform's published API descriptions. Where those print no name or no
#: status, as for 4, 115, 116, 120, 122 to 124, 126, 128, 136, 137, 206, 207, 215, 218, 219, 224, 903, 1003 to 1005,
#: 1407, 1413, 2708, 2714, 2717 and 2720, they are those of the official SDK's error classes.
KNOWN: dict[int, tuple[int, str]] = {
    1: (500, "SERVER_EXCEPTION"),
    4: (503, "SERVICE_UNREACHABLE_EXCEPTION"),
    10: (401, "NO_PERMISSION_EXCEPTION"),
    11: (403, "REMOVE_FIELD_EXCEPTION"),
    12: (400, "ID_FORMAT_EXCEPTION"),
    13: (400, "EMPTY_BODY_EXCEPTION"),
    14: (400, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
    15: (400, "FIELD_FORMAT_EXCEPTION"),
    16: (404, "RESOURCE_UNKNOWN_EXCEPTION"),
    17: (400, "RESOURCE_ALREADY_EXISTS_EXCEPTION"),
    19: (400, "INVALID_RQL_EXCEPTION"),
    20: (400, "EMPTY_RQL_EXCEPTION"),
    21: (401, "LONG_QUERY_EXCEPTION"),
    22: (400, "BODY_FORMAT_EXCEPTION"),
    26: (400, "ILLEGAL_ARGUMENT_EXCEPTION"),
    27: (400, "ILLEGAL_STATE_EXCEPTION"),
    101: (401, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION"),
    103: (400, "APPLICATION_UNKNOWN_EXCEPTION"),
    104: (401, "USER_NOT_AUTHENTICATED_EXCEPTION"),
    106: (401, "AUTHENTICATION_EXCEPTION"),
    107: (401, "OAUTH_KEY_EXCEPTION"),
    108: (401, "OAUTH_TOKEN_EXCEPTION"),
    109: (401, "OAUTH_SIGNATURE_EXCEPTION"),
    110: (401, "DUPLICATE_REQUEST_EXCEPTION"),
    113: (400, "CALLBACK_NOT_VALID"),
    114: (400, "UNSUPPORTED_RESPONSE_TYPE"),
    115: (400, "AUTHORIZATION_UNKNOWN_EXCEPTION"),
    116: (400, "AUTHORIZATION_CODE_EXPIRED_EXCEPTION"),
    117: (401, "ACCESS_TOKEN_UNKNOWN_EXCEPTION"),
    118: (401, "ACCESS_TOKEN_EXPIRED_EXCEPTION"),
    119: (400, "REFRESH_TOKEN_UNKNOWN_EXCEPTION"),
    120: (400, "REFRESH_TOKEN_EXPIRED_EXCEPTION"),
    121: (400, "UNSUPPORTED_GRANT_EXCEPTION"),
    122: (400, "INVALID_PKCE_EXCEPTION"),
    123: (401, "OAUTH2_CLIENT_ID_EXCEPTION"),
    124: (401, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
    126: (401, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
    128: (400, "MISSING_PKCEVERIFIER_EXCEPTION"),
    129: (403, "MFA_REQUIRED_EXCEPTION"),
    130: (400, "INVALID_MFA_CODE_EXCEPTION"),
    131: (400, "INVALID_MFA_TOKEN_EXCEPTION"),
    132: (400, "INVALID_PRESENCE_TOKEN_EXCEPTION"),
    133: (400, "NOT_ENOUGH_MFA_METHODS_EXCEPTION"),
    134: (400, "MFA_REATTEMPT_DELAY_EXCEPTION"),
    136: (503, "OIDC_ID_TOKEN_EXCEPTION"),
    137: (400, "OIDC_NONCE_EXCEPTION"),
    138: (400, "OIDC_PROVIDER_RESPONSE_EXCEPTION"),
    139: (400, "OIDC_INVALID_AUTHORIZATION_CODE_EXCEPTION"),
    202: (400, "EMAIL_UNKNOWN_EXCEPTION"),
    203: (400, "EMAIL_USED_EXCEPTION"),
    204: (400, "NOT_ACTIVATED_EXCEPTION"),
    205: (400, "ACTIVATION_UNKNOWN_EXCEPTION"),
    206: (400, "ALREADY_ACTIVATED_EXCEPTION"),
    207: (400, "NEW_PASSWORD_HASH_UNKNOWN_EXCEPTION"),
    208: (400, "PASSWORD_EXCEPTION"),
    211: (401, "LOGIN_TIMEOUT_EXCEPTION"),
    212: (401, "LOGIN_FREEZE_EXCEPTION"),
    213: (401, "TOO_MANY_FAILED_ATTEMPTS_EXCEPTION"),
    215: (403, "DISABLED_FOR_OIDC_USERS_EXCEPTION"),
    218: (403, "PIN_CODES_NOT_ENABLED_EXCEPTION"),
    219: (400, "NEW_PASSWORD_PIN_CODE_UNKNOWN_EXCEPTION"),
    220: (403, "FORGOT_PASSWORD_REQUEST_LIMIT_EXCEPTION"),
    221: (403, "FORGOT_PASSWORD_REQUEST_TIMEOUT_EXCEPTION"),
    222: (403, "ACTIVATION_REQUEST_LIMIT_EXCEPTION"),
    223: (403, "ACTIVATION_REQUEST_TIMEOUT_EXCEPTION"),
    224: (400, "INCORRECT_PIN_CODE_EXCEPTION"),
    301: (400, "PROFILE_ALREADY_EXISTS_EXCEPTION"),
    414: (400, "STATUS_IN_USE_EXCEPTION"),
    415: (400, "LOCKED_DOCUMENT_EXCEPTION"),
    416: (400, "INVALID_SCHEMA_PATH_PARAMETER"),
    801: (400, "DEFAULT_LOCALIZATION_MISSING"),
    903: (404, "SERVICE_NOT_FOUND_EXCEPTION"),
    1002: (400, "LOCALIZATION_KEY_MISSING_EXCEPTION"),
    1003: (400, "TEMPLATE_FILLING_EXCEPTION"),
    1004: (400, "TEMPLATE_SYNTAX_EXCEPTION"),
    1005: (400, "TEMPLATE_RESOLVING_EXCEPTION"),
    1401: (400, "INVALID_FUNCTION_CODE_EXCEPTION"),
    1402: (400, "INVALID_FUNCTION_CONFIGURATION_EXCEPTION"),
    1403: (400, "CONCURRENT_EXECUTION_LIMIT_EXCEPTION"),
    1404: (400, "TIME_LIMIT_EXCEEDS_DIRECT_EXECUTION_MAXIMUM_EXCEPTION"),
    1405: (400, "LAMBDA_INVOCATION_EXCEPTION"),
    1406: (400, "LAMBDA_RUNTIME_EXCEPTION"),
    1407: (400, "INVALID_FUNCTION_NAME_EXCEPTION"),
    1408: (400, "NO_TASK_LOGS_FOUND"),
    1409: (400, "INVALID_API_FUNCTION_RESULT"),
    1411: (400, "TIME_LIMIT_EXCEEDS_API_FUNCTION_MAXIMUM_EXCEPTION"),
    1412: (400, "CONCURRENT_API_FUNCTION_LIMIT_EXCEPTION"),
    1413: (400, "NO_API_REQUEST_LOGS_FOUND_EXCEPTION"),
    2605: (400, "INVALID_TOKEN_EXCEPTION"),
    2606: (401, "UNAUTHORIZED_TOKEN_EXCEPTION"),
    2607: (403, "TOKEN_NOT_DELETEABLE_EXCEPTION"),
    2610: (400, "FILE_TOO_LARGE_EXCEPTION"),
    2707: (400, "INVALID_RECEIPT_DATA_EXCEPTION"),
    2708: (400, "UNKNOWN_RECEIPT_TRANSACTION_EXCEPTION"),
    2713: (400, "STRIPE_PAYMENT_METHOD_EXCEPTION"),
    2714: (400, "INVALID_CURRENCY_FOR_PRODUCT_PRICE_EXCEPTION"),
    2716: (404, "NO_CONFIGURED_APP_STORE_PRODUCT"),
    2717: (400, "APP_STORE_TRANSACTION_ALREADY_LINKED_EXCEPTION"),
    2718: (404, "NO_MATCHING_PLAY_STORE_LINKED_SUBSCRIPTION"),
    2719: (404, "NO_CONFIGURED_PLAY_STORE_PRODUCT"),
    2720: (400, "PLAY_STORE_TRANSACTION_ALREADY_LINKED_EXCEPTION"),
}


class ErrorAnswer(Exception):  # noqa: N818 - the platform's errors are its answers, not ours
    """An error answer. Raised anywhere while a request is served; the gateway turns it into the response."""

    #: The failed condition of a missing right, which only the control center shows.
    check: dict[str, Any] | None = None

    def __init__(self, code: int, message: str, *, status: int | None = None, **extra: Any) -> None:
        """Answer with `code`, its status and name, `message` and the `extra` members some errors carry.

        A few endpoints use another `status` for the same code.
        """
        super().__init__(message)
        usual, name = KNOWN[code]
        self.code: int | None = code
        self.status = status or usual
        self.body = {"code": code, "name": name, "message": message, **extra}


def refused(message: str, **check: Any) -> ErrorAnswer:
    """Return the error with code 10; `check` is the condition that was not met."""
    answer = ErrorAnswer(10, message)
    answer.check = check
    return answer


class CodelessErrorAnswer(ErrorAnswer):
    """An error answer for which the platform's descriptions give no code."""

    def __init__(self, status: int, name: str, message: str) -> None:
        Exception.__init__(self, message)
        self.code = None
        self.status = status
        self.body = {"name": name, "message": message}
