"""What the auth service sends and takes."""

from typing import Literal, Required, TypedDict


class Password(TypedDict):
    """The password of the user who calls. A secret: never log it."""

    password: str


class Presence(TypedDict, total=False):
    """What proves for a while that the owner of the account is there. A secret: never log it."""

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
    """An application to make; OAuth2 needs `redirectUris`, and OAuth1 takes nothing but the first three."""

    type: Required[Literal["oauth1", "oauth2"]]
    name: Required[str]
    description: Required[str]
    redirectUris: list[str] | None
    confidential: bool | None
    logo: str | None


class ApplicationUpdate(TypedDict, total=False):
    """What can be changed of an application; its `type` is repeated as it is."""

    type: Required[Literal["oauth1", "oauth2"]]
    name: str
    description: str
    redirectUris: list[str]
    logo: str


class ApplicationVersionCreation(TypedDict):
    """A version to make."""

    name: str


class SsoToken(TypedDict, total=False):
    """What another application takes once to log the same user in. A secret: never log it."""

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
    """What an application asks of a user."""

    responseType: Required[str]
    clientId: Required[str]
    redirectUri: str | None
    state: str | None
    scope: str | None
    codeChallengeMethod: Literal["plain", "S256"] | None
    codeChallenge: str | None


class OAuth2Authorization(TypedDict, total=False):
    """What a user granted. Lists will stop showing the code and the challenge. A secret: never log it."""

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
    """What the provider gave when the user logged in there; `nonce` where the login had one.

    `presenceToken`, of `exh.auth.confirm_presence`, proves that the owner of the account is there.
    """

    authorizationCode: Required[str]
    presenceToken: Required[str]
    nonce: str | None


class LoginAttemptError(TypedDict, total=False):
    """Why a login failed, in the platform's own form."""

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
    """What can be changed of a provider."""

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
    """What was done, in words."""

    description: Required[str]


class Grant(TypedDict, total=False):
    """What a user logs in with; which members go together, `exh.auth.authenticate` says. Secrets: never log them."""

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
    """A way to prove who one is that a user has set up."""

    id: Required[str]
    name: Required[str]
    type: Required[Literal["totp", "recoveryCodes"]]


class MfaChallenge(TypedDict):
    """What a login that needs a second factor goes on with."""

    token: str
    methods: list[MfaChallengeMethod]


class MfaAnswer(TypedDict):
    """A second factor: the token of the `MfaRequiredError`, one of its methods, and what the user read there."""

    token: str
    method_id: str
    code: str


class OidcAuthenticationUrl(TypedDict):
    """Where a user logs in at a provider."""

    authenticationUrl: str
