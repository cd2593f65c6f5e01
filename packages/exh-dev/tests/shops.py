"""A test's hand at the local App Store and Play Store, and what it asks the platform about subscriptions."""

from __future__ import annotations

from local_app import call

BASE = "/payments/v1"
APPLE, GOOGLE = f"{BASE}/appStore", f"{BASE}/playStore"
BUNDLE, PACKAGE = "io.acme.app", "io.acme.android"
UNKNOWN = "0" * 24
HOUR, DAY = 3600, 86_400
PRODUCT = {"subscriptionGroup": "acme", "subscriptionTier": "premium"}


def code(app, method, path, token=None, body=None):
    return app.as_user(method, BASE + path, token=token, json=body).json().get("code")


def listed(app, path, token=None):
    return call(app, "GET", BASE + path, token=token)["data"]


def events(app, token=None):
    return [each["type"] for each in listed(app, "/subscriptions/events", token)]


def standing(app, token=None):
    """Status, category and expiry of the latest entitlement."""
    latest = listed(app, "/subscriptions/entitlements", token)[-1]
    return latest["status"], latest["statusCategory"], latest["expireTimestamp"]


class Apple:
    """A test's hand at the local App Store, and a product of it."""

    def __init__(self, app):
        self.app = app

    def product(self, product_id="monthly", **members):
        body = {"appStoreAppBundleId": BUNDLE, "appStoreProductId": product_id, **PRODUCT, **members}
        return call(self.app, "POST", f"{APPLE}/subscriptions/products", body)

    def buy(self, product_id="monthly", **members):
        body = {"bundleId": BUNDLE, "productId": product_id, **members}
        return call(self.app, "POST", "/_dev/app_store/purchases", body)

    def change(self, bought, change, **members):
        path = f"/_dev/app_store/purchases/{bought['originalTransactionId']}/changes"
        return call(self.app, "POST", path, {"change": change, **members})

    def complete(self, bought, token=None, **members):
        body = {name: bought[name] for name in ("receiptData", "transactionId")} | members
        return call(self.app, "POST", f"{APPLE}/completeTransaction", body, token)


class Google:
    """A test's hand at the local Play Store, and a product of it."""

    def __init__(self, app):
        self.app = app

    def product(self, product_id="monthly", **members):
        body = {"playStorePackageName": PACKAGE, "playStoreSubscriptionId": product_id, **PRODUCT, **members}
        return call(self.app, "POST", f"{GOOGLE}/subscriptions/products", body)

    def buy(self, product_id="monthly", **members):
        body = {"packageName": PACKAGE, "subscriptionId": product_id, **members}
        return call(self.app, "POST", "/_dev/play_store/purchases", body)

    def change(self, bought, change, **members):
        path = f"/_dev/play_store/purchases/{bought['orderId']}/changes"
        return call(self.app, "POST", path, {"change": change, **members})

    def complete(self, bought, token=None, **members):
        return call(self.app, "POST", f"{GOOGLE}/completePurchase", bought["receipt"] | members, token)
