"""The payment service as the typed client calls it, over real sockets: every operation of it, and a paid task."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from callers import operations
from people import person
from waiting import wait_for

from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.remote.client import client_of
from exh_dev.runtime import Function
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import (
    AppStoreTransactionAlreadyLinkedError,
    BadRequestError,
    InvalidCurrencyForProductPriceError,
    InvalidReceiptDataError,
    NoConfiguredAppStoreProductError,
    NoConfiguredPlayStoreProductError,
    NoMatchingPlayStoreLinkedSubscriptionError,
    NoPermissionError,
    PlayStoreTransactionAlreadyLinkedError,
    StripePaymentMethodError,
    UnknownReceiptTransactionError,
)
from extrahorizon.query import rql

ROOT = Path(__file__).parents[2]
BUNDLE = "io.acme.app"
ENTITLING = {"subscriptionGroup": "acme", "subscriptionTier": "premium"}
PURCHASE = {"packageName": BUNDLE, "subscriptionId": "monthly"}


@pytest.fixture
def served():
    """A running platform with the function that marks orders, a client of it, and one of a user with no rights."""
    with LocalPlatform() as platform:
        environment = {"PYTHONPATH": str(ROOT), **platform.environment()}
        folder = ROOT / "tests" / "functions"
        function = Function("deliver-order", "deliver_order.handler", folder, memory=512, environment=environment)
        platform.start([OwnFunction(function)])
        first = platform.credentials
        app = SimpleNamespace(store=platform._store, first=first, now=time.time())
        token = platform.call(lambda: person(app))
        theirs = (first.consumer_key, first.consumer_secret, token["token"], token["tokenSecret"])
        yield platform, client_of(platform.environment()), ExtraHorizon(Credentials(platform.url, *theirs))


def dev(platform, path, **body):
    answer = requests.post(f"{platform.url}/_dev/{path}", json=body, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def called(exh, *sections):
    """The names of the operations in parts of `exh.payments`."""
    names = {name for name, _, _ in operations(exh.payments)}
    return {name for name in names if name.partition(".")[0] in sections}


def test_the_client_manages_products_and_orders(served):
    _, exh, nobody = served
    products, orders = exh.payments.products, exh.payments.orders
    assert exh.payments.health() is True
    for refused in (
        lambda: nobody.payments.products.create(prices={"eur": {"amount": 1}}),
        lambda: nobody.payments.products.update("0" * 24, name="x"),
        lambda: nobody.payments.products.remove("0" * 24),
        lambda: nobody.payments.products.add_tags_to_product(rql=rql.eq("id", "1"), tags=["a"]),
        lambda: nobody.payments.products.remove_tags_from_product(rql=rql.eq("id", "1"), tags=["a"]),
        lambda: nobody.payments.orders.update("0" * 24, status="x"),
        lambda: nobody.payments.orders.add_tags_to_order(rql=rql.eq("id", "1"), tags=["a"]),
        lambda: nobody.payments.orders.remove_tags_from_order(rql=rql.eq("id", "1"), tags=["a"]),
    ):
        with pytest.raises(NoPermissionError):
            refused()
    product = products.create(name="Report", prices={"eur": {"amount": 1000}}, tags=["a"])
    one = rql.eq("id", product["id"])
    assert products.update(product["id"], name="Other") == 1
    assert products.add_tags_to_product(rql=one, tags=["b"]) == 1
    assert products.remove_tags_from_product(rql=one, tags=["a"]) == 1
    with pytest.raises(BadRequestError) as raised:
        exh.session.call("POST", "/payments/v1/products/addTags", json={"tags": ["b"]})
    assert raised.value.code == 20
    expected = {**product, "name": "Other", "tags": ["b"]}
    assert products.find_by_id(product["id"]) == nobody.payments.products.find_first() == expected
    assert products.find().items == list(products.find_all()) == [expected]
    with pytest.raises(InvalidCurrencyForProductPriceError):
        orders.create(productId=product["id"], currency="usd")
    order = orders.create(productId=product["id"], tags=["t"])
    assert orders.update(order["id"], status="completed") == 1
    assert orders.add_tags_to_order(rql=rql.eq("id", order["id"]), tags=["u"]) == 1
    assert orders.remove_tags_from_order(rql=rql.eq("id", order["id"]), tags=["t"]) == 1
    with pytest.raises(BadRequestError) as raised:
        exh.session.call("POST", "/payments/v1/orders/removeTags", json={"tags": ["b"]})
    assert raised.value.code == 20
    found = orders.find_by_id(order["id"])
    assert (found["status"], found["tags"]) == ("completed", ["u"])
    assert orders.find().items == list(orders.find_all()) == [orders.find_first()] == [found]
    assert nobody.payments.orders.find().items == []
    assert products.remove(product["id"]) == 1
    assert called(exh, "health", "products", "orders") == {
        "health",
        *(
            f"products.{name}"
            for name in ("create", "find", "find_all", "find_by_id", "find_first", "remove", "update")
        ),
        *("products.add_tags_to_product", "products.remove_tags_from_product"),
        *(f"orders.{name}" for name in ("create", "find", "find_all", "find_by_id", "find_first", "update")),
        *("orders.add_tags_to_order", "orders.remove_tags_from_order"),
    }


@pytest.mark.slow
def test_an_order_is_paid_and_its_function_runs(served):
    platform, exh, nobody = served
    me = nobody.users.me()["id"]
    stripe = nobody.payments.stripe
    product = exh.payments.products.create(prices={"eur": {"amount": 1000}}, taskFunctionName="deliver-order")
    with pytest.raises(NoPermissionError):
        stripe.get_user(exh.users.me()["id"])
    with pytest.raises(NoPermissionError):
        stripe.create_payment_intent(productId=product["id"], targetUserId=exh.users.me()["id"])
    with pytest.raises(StripePaymentMethodError):
        stripe.save_payment_method(me, stripeId="pm_made_up")
    with pytest.raises(BadRequestError):
        stripe.subscribe_to_events()  # without Stripe's signature
    setup = stripe.create_setup_intent(setupPaymentMethodReuse="offSession")
    set_up = dev(platform, f"stripe/setup_intents/{setup['stripeClientSecret']}/succeed")["intent"]["payment_method"]
    method = stripe.save_payment_method(me, stripeId=set_up, tags=["a"])
    assert stripe.add_tags_to_payment_method(me, method["id"], tags=["default"]) == 1
    assert stripe.remove_tags_to_payment_method(me, method["id"], tags=["a"]) == 1
    (known,) = exh.payments.stripe.get_user(me)["paymentMethods"]
    assert (known["id"], known["tags"]) == (method["id"], ["default"])
    order = stripe.create_payment_intent(productId=product["id"], paymentMethodId=method["id"], offSession=True)
    assert order["status"] == "task_started"
    done = rql.eq("functionName", "deliver-order").eq("status", "complete")
    task = wait_for(lambda: exh.tasks.find_first(done))
    assert (task["createdByUserId"], task["data"]) == (me, {"orderId": order["id"]})
    assert nobody.payments.orders.find_by_id(order["id"])["tags"] == ["delivered"]
    assert stripe.remove_payment_method(me, method["id"]) == 1
    assert called(exh, "stripe") == {
        *("stripe.get_user", "stripe.save_payment_method", "stripe.add_tags_to_payment_method"),
        *("stripe.remove_tags_to_payment_method", "stripe.remove_payment_method", "stripe.create_payment_intent"),
        *("stripe.create_setup_intent", "stripe.subscribe_to_events"),
    }


def test_the_client_completes_purchases_of_the_app_store(served):
    platform, exh, nobody = served
    store, subscriptions = nobody.payments.app_store, exh.payments.app_store_subscriptions
    bought = dev(platform, "app_store/purchases", bundleId=BUNDLE, productId="monthly")
    receipt = {name: bought[name] for name in ("receiptData", "transactionId")}
    for refused in (
        store.get_notifications,
        store.get_receipts,
        store.get_shared_secrets,
        lambda: store.create_shared_secret(applicationId="0" * 24, bundleId=BUNDLE, secret="s"),
        lambda: store.remove_shared_secret("0" * 24),
        lambda: nobody.payments.app_store_subscriptions.products.create(name="x"),
        lambda: nobody.payments.app_store_subscriptions.products.update("0" * 24, name="x"),
        lambda: nobody.payments.app_store_subscriptions.products.remove("0" * 24),
        lambda: store.complete_transaction(**receipt, userId=exh.users.me()["id"]),
    ):
        with pytest.raises(NoPermissionError):
            refused()
    with pytest.raises(InvalidReceiptDataError):
        store.verify_transaction(receiptData="Zm9yZ2Vk")
    with pytest.raises(UnknownReceiptTransactionError):
        store.complete_transaction(receiptData=bought["receiptData"], transactionId="1")
    with pytest.raises(NoConfiguredAppStoreProductError):
        store.complete_transaction(**receipt)
    product = subscriptions.products.create(
        name="Monthly", appStoreAppBundleId=BUNDLE, appStoreProductId="monthly", **ENTITLING
    )
    told = store.complete_transaction(**receipt)
    assert (
        store.verify_transaction(receiptData=bought["receiptData"])["latest_receipt_info"]
        == told["latest_receipt_info"]
    )
    with pytest.raises(AppStoreTransactionAlreadyLinkedError):
        exh.payments.app_store.complete_transaction(**receipt)
    secret = exh.payments.app_store.create_shared_secret(
        applicationId=platform.credentials.application_id, bundleId=BUNDLE, secret="s"
    )
    assert exh.payments.app_store.get_shared_secrets(rql.eq("bundleId", BUNDLE)).items == [secret]
    change = dev(
        platform, f"app_store/purchases/{bought['originalTransactionId']}/changes", change="renew", deliver=False
    )
    assert nobody.payments.app_store.process_notification(change["notification"]) is True
    assert exh.payments.app_store.get_notifications().total == 1
    (kept,) = exh.payments.app_store.get_receipts()
    assert kept["userId"] == nobody.users.me()["id"]
    found = subscriptions.subscriptions.find(rql.eq("productId", "monthly")).items
    assert found == list(subscriptions.subscriptions.find_all()) == [subscriptions.subscriptions.find_first()]
    assert found == nobody.payments.app_store_subscriptions.subscriptions.find().items
    entitlements, events = nobody.payments.subscriptions.entitlements, nobody.payments.subscriptions.events
    assert entitlements.find().items == list(entitlements.find_all()) == [entitlements.find_first()]
    assert [each["type"] for each in events.find_all()] == ["started", "renewed"]
    assert events.find(rql.eq("type", "renewed")).items == [events.find_first(rql.eq("type", "renewed"))]
    assert subscriptions.products.find().items == list(subscriptions.products.find_all()) == [product]
    assert subscriptions.products.update(product["id"], name="M") == 1
    assert subscriptions.products.find_first()["name"] == "M"
    assert subscriptions.products.remove(product["id"]) == 1
    assert exh.payments.app_store.remove_shared_secret(secret["id"]) == 1
    assert called(exh, "app_store", "app_store_subscriptions", "subscriptions") == {
        *(f"app_store.{name}" for name in ("complete_transaction", "verify_transaction", "process_notification")),
        *(f"app_store.{name}" for name in ("get_notifications", "get_receipts", "get_shared_secrets")),
        *("app_store.create_shared_secret", "app_store.remove_shared_secret"),
        *(f"app_store_subscriptions.products.{name}" for name in ("create", "update", "remove")),
        *(
            f"{group}.{name}"
            for group in (
                *("app_store_subscriptions.products", "app_store_subscriptions.subscriptions"),
                *("subscriptions.entitlements", "subscriptions.events"),
            )
            for name in ("find", "find_all", "find_first")
        ),
    }


def test_the_client_completes_purchases_of_the_play_store(served):
    platform, exh, nobody = served
    history, subscriptions = exh.payments.play_store_history, exh.payments.play_store_subscriptions
    bought = dev(platform, "play_store/purchases", **PURCHASE)
    for refused in (
        nobody.payments.play_store_history.notifications,
        nobody.payments.play_store_history.purchase_infos,
        nobody.payments.play_store_history.purchase_receipts,
        lambda: nobody.payments.play_store_subscriptions.products.create(
            name="x", playStorePackageName=BUNDLE, playStoreSubscriptionId="x", **ENTITLING
        ),
        lambda: nobody.payments.play_store_subscriptions.products.update("0" * 24, name="x"),
        lambda: nobody.payments.play_store_subscriptions.products.remove("0" * 24),
    ):
        with pytest.raises(NoPermissionError):
            refused()
    with pytest.raises(InvalidReceiptDataError):
        nobody.payments.play_store.complete(**PURCHASE, purchaseToken="forged")
    with pytest.raises(NoConfiguredPlayStoreProductError):
        nobody.payments.play_store.complete(**bought["receipt"])
    product = subscriptions.products.create(
        name="Monthly", playStorePackageName=BUNDLE, playStoreSubscriptionId="monthly", **ENTITLING
    )
    linked = bought["receipt"]["purchaseToken"]
    other = dev(platform, "play_store/purchases", **PURCHASE, linkedPurchaseToken=linked, deliver=False)
    with pytest.raises(NoMatchingPlayStoreLinkedSubscriptionError):
        nobody.payments.play_store.process_developer_notification(other["notification"])
    nobody.payments.play_store.complete(**bought["receipt"])
    with pytest.raises(PlayStoreTransactionAlreadyLinkedError):
        exh.payments.play_store.complete(**bought["receipt"])
    nobody.payments.play_store.process_developer_notification(other["notification"])
    found = subscriptions.subscriptions.find().items
    assert found == list(subscriptions.subscriptions.find_all()) == [subscriptions.subscriptions.find_first()]
    assert found == nobody.payments.play_store_subscriptions.subscriptions.find().items
    assert found[0]["receipt"] == other["receipt"]
    assert history.notifications(rql.eq("packageName", BUNDLE)).total == 2
    assert history.purchase_receipts().total == 1
    assert history.purchase_infos().total == 3
    assert subscriptions.products.find().items == list(subscriptions.products.find_all()) == [product]
    assert subscriptions.products.update(product["id"], name="M") == 1
    assert subscriptions.products.find_first()["name"] == "M"
    assert subscriptions.products.remove(product["id"]) == 1
    assert called(exh, "play_store", "play_store_history", "play_store_subscriptions") == {
        *("play_store.complete", "play_store.process_developer_notification"),
        *(f"play_store_history.{name}" for name in ("notifications", "purchase_infos", "purchase_receipts")),
        *(f"play_store_subscriptions.products.{name}" for name in ("create", "update", "remove")),
        *(
            f"play_store_subscriptions.{group}.{name}"
            for group in ("products", "subscriptions")
            for name in ("find", "find_all", "find_first")
        ),
    }


@pytest.mark.slow
def test_a_subscription_ends_by_itself_and_dispatchers_hear_of_it(served):
    platform, exh, _ = served
    subscriptions = exh.payments.play_store_subscriptions
    subscriptions.products.create(
        name="Monthly", playStorePackageName=BUNDLE, playStoreSubscriptionId="monthly", **ENTITLING
    )
    bought = dev(platform, "play_store/purchases", **PURCHASE, period=1)
    exh.payments.play_store.complete(**bought["receipt"])
    ended = rql.eq("type", "payments.subscriptions.expired_from_billing")
    event = wait_for(lambda: exh.events.find_first(ended))
    assert event["content"]["subscriptionGroup"] == "acme"
