"""Request and answer types of the payment service."""

from typing import Any, Literal, Required, TypedDict

Reuse = Literal["offSession", "onSession"]


class Tags(TypedDict):
    """Tags to add or to remove."""

    tags: list[str]


class Price(TypedDict):
    """A price in cents."""

    amount: int


class ProductData(TypedDict, total=False):
    """The data of a product's orders: types (`string`, `boolean`, `number`) by name."""

    properties: dict[str, dict[str, Any]]
    required: list[str]


class ProductUpdate(TypedDict, total=False):
    """Changes to a product; `prices` are by currency in three lower-case letters."""

    name: str
    prices: dict[str, Price]
    appStoreProductId: str
    taskFunctionName: str
    taskPriority: int
    tags: list[str]
    schema: ProductData


class ProductCreation(TypedDict, total=False):
    """A product to offer; `prices` are by currency in three small letters, `eur` among them."""

    prices: Required[dict[str, Price]]
    name: str | None
    appStoreProductId: str | None
    taskFunctionName: str | None
    taskPriority: int | None
    tags: list[str] | None
    schema: ProductData | None


class Product(TypedDict, total=False):
    """A product; `price` and `currency` are an older form of `prices`."""

    id: str
    creatorId: str
    name: str
    prices: Required[dict[str, Price]]
    price: int
    currency: str
    appStoreProductId: str
    taskFunctionName: str
    taskPriority: int
    tags: list[str]
    schema: ProductData


class OrderEvent(TypedDict, total=False):
    """Details of an order from Stripe."""

    type: str
    eventIdStripe: str
    resourceIdStripe: str
    resourceType: str
    creationTimestamp: str


class OrderCreation(TypedDict, total=False):
    """An order to make."""

    productId: Required[str]
    currency: str | None
    tags: list[str] | None
    data: dict[str, Any] | None


class OrderUpdate(TypedDict, total=False):
    """Changes to an order."""

    status: str


class Order(TypedDict, total=False):
    """An order. Personal data: never log it, never return all of it."""

    id: Required[str]
    creatorId: str
    targetUserId: str
    status: Literal["created", "failed", "charge_created", "task_started"]
    currency: str
    product: Product
    data: dict[str, Any]
    events: list[OrderEvent]
    paymentProvider: str
    paymentId: str
    stripeClientSecret: str
    tags: list[str]
    creationTimestamp: str
    updateTimestamp: str


class PaymentIntentCreation(OrderCreation, total=False):
    """An order to make and to pay for."""

    targetUserId: str | None
    paymentMethodId: str | None
    paymentMethodType: Literal["card", "bancontact", "ideal", "giropay"] | None
    offSession: bool | None
    setupPaymentMethodReuse: Reuse | None


class SetupIntentCreation(TypedDict, total=False):
    """A payment method to set up."""

    setupPaymentMethodReuse: Reuse | None


class SetupIntent(TypedDict):
    """The app's secret to save a payment method; never log it."""

    stripeClientSecret: str


class StripePaymentMethodCreation(TypedDict, total=False):
    """A payment method to keep."""

    stripeId: Required[str]
    tags: list[str] | None


class StripePaymentMethod(TypedDict, total=False):
    """A payment method. Personal data: never log it, never return all of it."""

    id: Required[str]
    stripeId: str
    brand: str
    expirationYear: int
    expirationMonth: int
    last4Digits: str
    tags: list[str]
    creationTimestamp: str
    updateTimestamp: str


class StripeUser(TypedDict, total=False):
    """A user as Stripe's customer. Personal data: never log it, never return all of it."""

    id: str
    stripeId: str
    paymentMethods: list[StripePaymentMethod]
    creationTimestamp: str
    updateTimestamp: str


class ReceiptData(TypedDict):
    """A receipt of the App Store in Base64."""

    receiptData: str


class AppStoreTransaction(ReceiptData, total=False):
    """A transaction of a receipt; for another user or application with `ASSUME_PAYMENT_ENTITY`."""

    transactionId: Required[str]
    userId: str | None
    applicationId: str | None


class AppStoreNotification(TypedDict, total=False):
    """A notification as Apple sent it. Personal data: never log it, never return all of it."""

    id: str
    data: dict[str, Any]
    creationTimestamp: str
    updateTimestamp: str


class AppStoreReceipt(TypedDict, total=False):
    """A receipt as Apple verified it. Personal data: never log it, never return all of it."""

    id: str
    userId: str
    transactionId: str
    receiptResponse: dict[str, Any]
    creationTimestamp: str
    updateTimestamp: str


class AppStoreSharedSecretCreation(TypedDict):
    """A secret to verify an app's receipts with: never log it."""

    applicationId: str
    bundleId: str
    secret: str


class AppStoreSharedSecret(TypedDict, total=False):
    """The app of a shared secret."""

    id: Required[str]
    applicationId: Required[str]
    bundleId: Required[str]
    creationTimestamp: Required[str]


class SubscriptionProductUpdate(TypedDict, total=False):
    """Changes to a product of a store."""

    name: str


class AppStoreSubscriptionProductCreation(TypedDict, total=False):
    """A product of the App Store, and what it entitles to."""

    name: str | None
    appStoreAppBundleId: str | None
    appStoreProductId: str | None
    subscriptionGroup: str | None
    subscriptionTier: str | None


class AppStoreSubscriptionProduct(TypedDict, total=False):
    """A product of the App Store, and what it entitles to."""

    id: Required[str]
    name: str
    appStoreAppBundleId: str
    appStoreProductId: str
    subscriptionGroup: str
    subscriptionTier: str
    creationTimestamp: str
    updateTimestamp: str


class AppStoreSubscription(TypedDict, total=False):
    """A user's subscription. Personal data: never log it, never return all of it."""

    id: Required[str]
    userId: Required[str]
    productId: Required[str]
    bundleId: Required[str]
    originalPurchaseDate: Required[str]
    originalTransactionId: Required[str]
    lastPurchaseDate: Required[str]
    expiresDate: Required[str]
    autoRenewStatus: Required[bool]
    autoRenewStatusChange: Required[str]
    latestReceipt: Required[str]
    lastTransactionId: str
    state: str
    reevaluateDate: str
    newProductId: str


class PlayStorePurchase(TypedDict):
    """A purchase, by what the Play Store gave to the app. The token is a secret: never log it."""

    packageName: str
    subscriptionId: str
    purchaseToken: str


class PlayStorePurchaseReceipt(TypedDict, total=False):
    """A purchase as an app sent it. Personal data: never log it, never return all of it."""

    id: Required[str]
    userId: Required[str]
    receipt: Required[PlayStorePurchase]
    creationTimestamp: Required[str]
    updateTimestamp: str


class PlayStoreNotification(TypedDict, total=False):
    """A notification as Google sent it. Personal data: never log it, never return all of it."""

    id: str
    version: Required[str]
    packageName: Required[str]
    eventTimeMillis: Required[int]
    subscriptionNotification: Required[dict[str, Any]]
    creationTimestamp: str


class PlayStorePurchaseInfo(TypedDict, total=False):
    """Details of a purchase from Google. Personal data: never log it, never return all of it."""

    id: Required[str]
    receipt: Required[PlayStorePurchase]
    purchaseInfo: Required[dict[str, Any]]
    creationTimestamp: Required[str]
    updateTimestamp: str


class PlayStoreSubscriptionProductCreation(TypedDict, total=False):
    """A product of the Play Store, and what it entitles to."""

    name: Required[str]
    playStorePackageName: Required[str]
    playStoreSubscriptionId: Required[str]
    subscriptionGroup: Required[str]
    subscriptionTier: Required[str]


class PlayStoreSubscriptionProduct(TypedDict, total=False):
    """A product of the Play Store, and what it entitles to."""

    id: Required[str]
    name: Required[str]
    playStorePackageName: Required[str]
    playStoreSubscriptionId: Required[str]
    subscriptionGroup: Required[str]
    subscriptionTier: Required[str]
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class PlayStoreSubscription(TypedDict, total=False):
    """A user's subscription. Personal data: never log it, never return all of it."""

    id: Required[str]
    purchaserId: Required[str]
    receipt: Required[PlayStorePurchase]
    paymentState: Required[int]
    autoRenewing: Required[bool]
    expiryTimestamp: Required[str]
    lockId: str
    lockTimestamp: str
    creationTimestamp: Required[str]
    updateTimestamp: Required[str]


class SubscriptionEntitlement(TypedDict, total=False):
    """A user's entitlement from a subscription. Personal data: never log it, never return all of it."""

    id: Required[str]
    userId: str
    source: str
    sourceProductId: str
    subscriptionGroup: str
    subscriptionTier: str
    status: str
    statusCategory: Literal["acquiring", "engaged", "active_but_losing", "inactive_and_losing", "lost"]
    expireTimestamp: str
    newProductId: str
    creationTimestamp: str


class SubscriptionEvent(TypedDict, total=False):
    """An event of a user's subscription. Personal data: never log it, never return all of it."""

    id: Required[str]
    userId: Required[str]
    source: Required[str]
    sourceProductId: Required[str]
    subscriptionGroup: Required[str]
    subscriptionTier: Required[str]
    type: str
    expireTimestamp: str
    creationTimestamp: str
