"""Request and answer types of the auth service."""

from typing import Literal, Required, TypedDict


class Password(TypedDict):
    """The password of the user who calls. A secret: never log it."""

    password: str


class Presence(TypedDict, total=False):
    """A short-lived proof of the user's presence. A secret: never log it."""

    token: Required[str]
    expiryTimestamp: str
    creationTimestamp: Required[str]
    updateTimestamp: str


class PresenceToken(TypedDict):
    """The token that `exh.auth.confirm_presence` gave."""

    presenceToken: str


class ApplicationVersion(TypedDict, total=False):
    """A version of an application with its keys, by the application's type. Holds a secret: never log it."""

    id: Required[str]
    name: Required[str]
    consumerKey: str
    consumerSecret: str
    clientId: str
    clientSecret: str
    creationTimestamp: Required[str]


class Application(TypedDict, total=False):
    """An application; `redirectUris`, `confidential` and `logo` are those of OAuth2. Its versions hold secrets."""

    id: Required[str]
    type: Literal["oauth1", "oauth2"]
    name: Required[str]
    description: str
    versions: list[ApplicationVersion]
    redirectUris: list[str]
    confidential: bool
    logo: str
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class ApplicationCreation(TypedDict, total=False):
    """A new application; OAuth2 requires `redirectUris`, and OAuth1 accepts only the first three members."""

    type: Required[Literal["oauth1", "oauth2"]]
    name: Required[str]
    description: Required[str]
    redirectUris: list[str] | None
    confidential: bool | None
    logo: str | None


class ApplicationUpdate(TypedDict, total=False):
    """Changes to an application; `type` must be repeated unchanged."""

    type: Required[Literal["oauth1", "oauth2"]]
    name: str
    description: str
    redirectUris: list[str]
    logo: str


class ApplicationVersionCreation(TypedDict):
    """A version to make."""

    name: str


class SsoToken(TypedDict, total=False):
    """A single-use token with which another application logs in the same user. A secret: never log it."""

    id: Required[str]
    ssoToken: Required[str]
    userId: Required[str]
    createdByApplicationId: Required[str]
    expiryTimestamp: Required[str]
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class OAuth1Token(TypedDict, total=False):
    """An OAuth1 token. Lists will stop showing `tokenSecret`. A secret: never log it."""

    id: Required[str]
    applicationId: Required[str]
    userId: Required[str]
    token: Required[str]
    tokenSecret: Required[str]
    lastUsedTimestamp: str
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class OAuth2AuthorizationCreation(TypedDict, total=False):
    """An application's request for authorization."""

    responseType: Required[str]
    clientId: Required[str]
    redirectUri: str | None
    state: str | None
    scope: str | None
    codeChallengeMethod: Literal["plain", "S256"] | None
    codeChallenge: str | None


class OAuth2Authorization(TypedDict, total=False):
    """A user's authorization. Lists will stop including the code and the challenge. A secret: never log it."""

    id: Required[str]
    clientId: Required[str]
    userId: Required[str]
    redirectUri: Required[str]
    state: str
    codeChallengeMethod: str
    codeChallenge: str
    authorizationCode: str
    expiryTimestamp: Required[str]
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class OAuth2Token(TypedDict, total=False):
    """An OAuth2 access token. Lists will stop showing `accessToken`. A secret: never log it."""

    id: Required[str]
    applicationId: Required[str]
    userId: Required[str]
    refreshTokenId: Required[str]
    accessToken: Required[str]
    expiryTimestamp: Required[str]
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class OAuth2RefreshToken(TypedDict, total=False):
    """An OAuth2 refresh token, without the token itself."""

    id: Required[str]
    applicationId: Required[str]
    userId: Required[str]
    expiryTimestamp: Required[str]
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class OidcLink(TypedDict, total=False):
    """The result of a login at the provider, with the login's `nonce`, if any.

    `presenceToken` is from `exh.auth.confirm_presence`.
    """

    authorizationCode: Required[str]
    presenceToken: Required[str]
    nonce: str | None


class LoginAttemptError(TypedDict, total=False):
    """Reason of a failed login, in the platform's error format."""

    code: int
    name: str
    message: str


class LoginAttempt(TypedDict, total=False):
    """A login by way of a provider. Personal data: never log it, never return all of it."""

    id: Required[str]
    status: Required[Literal["success", "failed"]]
    providerId: str
    providerName: str
    providerSubjectId: str
    userId: str
    error: LoginAttemptError
    creationTimestamp: Required[str]


class OidcProviderCreation(TypedDict):
    """A provider to make; the endpoints, the issuer and the client are what the provider's own registration says."""

    name: str
    description: str
    clientId: str
    clientSecret: str
    issuerId: str
    authorizationEndpoint: str
    tokenEndpoint: str
    userinfoEndpoint: str
    redirectUri: str


class OidcProviderUpdate(TypedDict, total=False):
    """Changes to a provider."""

    name: str
    description: str
    clientId: str
    clientSecret: str
    issuerId: str
    authorizationEndpoint: str
    tokenEndpoint: str
    userinfoEndpoint: str
    redirectUri: str


class OidcProvider(TypedDict, total=False):
    """A provider; of its secret only the last four characters are shown."""

    id: Required[str]
    name: Required[str]
    description: Required[str]
    clientId: Required[str]
    clientSecretHint: Required[str]
    issuerId: Required[str]
    authorizationEndpoint: Required[str]
    tokenEndpoint: Required[str]
    userinfoEndpoint: Required[str]
    redirectUri: Required[str]
    enabled: Required[bool]
    updateTimestamp: Required[str]
    creationTimestamp: Required[str]


class MfaMethod(TypedDict, total=False):
    """A second factor: `secret` is that of `totp`, `codes` those of `recoveryCodes`. A secret: never log it."""

    id: Required[str]
    type: Required[Literal["totp", "recoveryCodes"]]
    name: str
    tags: list[str]
    verified: bool
    secret: str
    codes: list[str]
    updateTimestamp: str
    creationTimestamp: str


class MfaMethodCreation(TypedDict, total=False):
    """A second factor to add."""

    presenceToken: Required[str]
    type: Required[Literal["totp", "recoveryCodes"]]
    name: str | None
    tags: list[str] | None


class MfaMethodVerification(TypedDict):
    """A code that the second factor shows now."""

    presenceToken: str
    code: str


class MfaSetting(TypedDict, total=False):
    """A user's second factors, and whether a login asks for one. Holds secrets: never log it."""

    id: Required[str]
    enabled: Required[bool]
    methods: Required[list[MfaMethod]]
    updateTimestamp: str


class Description(TypedDict, total=False):
    """A description of the result."""

    description: Required[str]


class Grant(TypedDict, total=False):
    """Login credentials; `exh.auth.authenticate` lists the valid combinations. Secrets: never log them."""

    email: str
    password: str
    token: str
    token_secret: str
    skip_token_check: bool
    username: str
    code: str
    redirect_uri: str
    code_verifier: str
    refresh_token: str


class MfaChallengeMethod(TypedDict, total=False):
    """A user's verified second factor."""

    id: Required[str]
    name: Required[str]
    type: Required[Literal["totp", "recoveryCodes"]]


class MfaChallenge(TypedDict):
    """A pending login that needs a second factor."""

    token: str
    methods: list[MfaChallengeMethod]


class MfaAnswer(TypedDict):
    """A second factor: the token of the `MfaRequiredError`, one of its methods, and its code."""

    token: str
    method_id: str
    code: str


class OidcAuthenticationUrl(TypedDict):
    """The URL where a user logs in at a provider."""

    authenticationUrl: str
