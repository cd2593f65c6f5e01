"""What comes from the stores: forgeries are refused, and a completed purchase is kept as it is."""

import base64
import json

from people import person
from shops import (
    APPLE,
    BASE,
    BUNDLE,
    DAY,
    GOOGLE,
    PACKAGE,
    PRODUCT,
    UNKNOWN,
    call,
    code,
    events,
    listed,
    standing,
)

from exh_dev.platform.storage.sql import Sql

# Forged receipts and notifications


def forged(receipt_data):
    """Receipts that are almost one of the store's."""
    header, claims, mac = base64.b64decode(receipt_data).decode().split(".")
    other = json.dumps({"bundle_id": BUNDLE, "original_transaction_id": "1"}).encode()
    other = base64.urlsafe_b64encode(other).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    tokens = [
        *("", "a.b.c", f"{header}.{claims}", f"{header}.{claims}.", f"{header}.{other}.{mac}"),
        *(f"{unsigned}.{claims}.{mac}", f"{unsigned}.{claims}.", f"{header}.{claims}.{mac[::-1]}"),
    ]
    return [*(base64.b64encode(each.encode()).decode() for each in tokens), "not base64", "é", f"{receipt_data}*"]


def test_a_forged_receipt_is_refused_everywhere(app, apple, refused):
    apple.product()
    bought = apple.buy()
    notification = apple.change(bought, "disableRenewal", deliver=False)["notification"]
    for data in forged(bought["receiptData"]):
        body = {"receiptData": data, "transactionId": bought["transactionId"]}
        for path in ("completeTransaction", "verifyReceipt"):
            answer = app.as_user("POST", f"{APPLE}/{path}", json=body)
            refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
        forgery = {**notification, "unified_receipt": {**notification["unified_receipt"], "latest_receipt": data}}
        answer = app.send(None, "POST", f"{APPLE}/processServerNotification", json=forgery)
        refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
    for forgery in ({}, {"unified_receipt": 1}, {"unified_receipt": {}}):
        answer = app.send(None, "POST", f"{APPLE}/processServerNotification", json=forgery)
        assert answer.json()["code"] in {15, 2707}
    assert listed(app, "/appStore/receivedNotifications") == listed(app, "/appStore/receivedReceipts") == []


def test_a_notification_is_believed_in_nothing_but_its_receipt(app, apple):
    apple.product()
    bought = apple.buy()
    apple.complete(bought)
    notification = apple.change(bought, "disableRenewal", deliver=False)["notification"]
    lie = {**notification, "notification_type": "REFUND", "auto_renew_status": "true"}
    lie["unified_receipt"] = {"latest_receipt": bought["receiptData"], "latest_receipt_info": []}
    assert app.send(None, "POST", f"{APPLE}/processServerNotification", json=lie).status_code == 200
    assert standing(app)[0] == "active_without_renewal"


def test_a_notification_carries_the_secret_of_its_bundle(app, apple, refused):
    apple.product()
    bought = apple.buy()
    secret = {"applicationId": app.first.application_id, "bundleId": BUNDLE, "secret": "s3cret"}
    call(app, "POST", f"{APPLE}/sharedSecrets", secret)
    notification = apple.change(bought, "renew", deliver=False)["notification"]
    assert notification["password"] == "s3cret"
    for password in ("other", None, 5):
        answer = app.send(
            None, "POST", f"{APPLE}/processServerNotification", json={**notification, "password": password}
        )
        refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
    answer = app.send(None, "POST", f"{APPLE}/processServerNotification", json=notification)
    assert (answer.status_code, answer.content) == (202, b"")  # nobody has this subscription
    (kept,) = listed(app, "/appStore/receivedNotifications")
    assert kept["data"] == {name: value for name, value in notification.items() if name != "password"}
    assert listed(app, "/appStore/receivedNotifications?like(data.password,s)") == []
    assert not app.store.matching("app_store_notifications", Sql("instr(body, 's3cret')"))


def test_a_forged_purchase_token_is_refused_everywhere(app, google, refused):
    google.product()
    bought = google.buy()
    receipt = bought["receipt"]
    header, _, mac = receipt["purchaseToken"].split(".")
    claims = base64.urlsafe_b64encode(b'{"orderId":"GPA.1"}').rstrip(b"=").decode()
    for change in (
        *({"purchaseToken": "x"}, {"purchaseToken": f"{header}.{claims}.{mac}"}, {"purchaseToken": "é"}),
        *({"packageName": "other"}, {"subscriptionId": "other"}),
    ):
        answer = app.as_user("POST", f"{GOOGLE}/completePurchase", json=receipt | change)
        refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
        answer = app.send(None, "POST", f"{GOOGLE}/processDeveloperNotification", json=push(**(receipt | change)))
        refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
    for data in (None, 5, "*", "é", base64.b64encode(b"[]").decode(), base64.b64encode(b"\xff").decode()):
        answer = app.send(None, "POST", f"{GOOGLE}/processDeveloperNotification", json={"message": {"data": data}})
        refused(answer, 400, 2707, "INVALID_RECEIPT_DATA_EXCEPTION")
    for body in ({}, {"message": {}}, push(subscriptionId=5)):
        assert app.send(None, "POST", f"{GOOGLE}/processDeveloperNotification", json=body).json()["code"] == 2707
    assert listed(app, "/playStore/history/notifications") == listed(app, "/playStore/subscriptions") == []


def push(notification_type=3, packageName=PACKAGE, **about):  # noqa: N803 - Google's spelling
    told = {"version": "1.0", "packageName": packageName, "eventTimeMillis": 1}
    told["subscriptionNotification"] = {"version": "1.0", "notificationType": notification_type, **about}
    return {"message": {"data": base64.b64encode(json.dumps(told).encode()).decode()}, "subscription": "s"}


# Completing


def test_transactions_that_cannot_be_completed(app, apple):
    bought = apple.buy()
    body = {name: bought[name] for name in ("receiptData", "transactionId")}
    path, token = "/appStore/completeTransaction", person(app)
    for change, expected in (
        ({"receiptData": None}, 14),
        ({"receiptData": 1}, 15),
        ({"transactionId": None}, 14),
        ({"transactionId": "1"}, 2708),
        ({"userId": UNKNOWN}, 10),
        ({"userId": "x"}, 12),
        ({"applicationId": UNKNOWN}, 10),
        ({}, 2716),
    ):
        assert code(app, "POST", path, token, {**body, **change}) == expected, change
    assert code(app, "POST", path, body={**body, "userId": UNKNOWN}) == 16
    for path in ("completeTransaction", "verifyReceipt"):
        assert app.send(None, "POST", f"{APPLE}/{path}", json=body).json()["code"] == 104
    assert code(app, "POST", "/appStore/verifyReceipt", token, {}) == 14
    assert code(app, "POST", "/appStore/verifyReceipt", token, {**body, "applicationId": UNKNOWN}) == 10
    apple.product()
    apple.complete(bought, token)
    assert code(app, "POST", "/appStore/completeTransaction", person(app), body) == 2717
    assert events(app) == ["started"]


def test_purchases_that_cannot_be_completed(app, google):
    bought, token = google.buy(), person(app)
    body, path = bought["receipt"], "/playStore/completePurchase"
    for change, expected in (
        ({"packageName": None}, 14),
        ({"purchaseToken": 1}, 15),
        ({"userId": UNKNOWN}, 10),
        ({"userId": "x"}, 12),
        ({}, 2719),
    ):
        assert code(app, "POST", path, token, {**body, **change}) == expected, change
    assert code(app, "POST", path, body={**body, "userId": UNKNOWN}) == 16
    assert app.send(None, "POST", BASE + path, json=body).json()["code"] == 104
    google.product()
    assert google.complete(bought, token) == {}
    assert code(app, "POST", path, person(app), body) == 2720
    assert events(app) == ["started"]


def test_a_purchase_is_completed_once_for_another_user_with_a_permission(app, shop):
    shop.product()
    bought, may, target = shop.buy(), person(app, "ASSUME_PAYMENT_ENTITY"), person(app)
    for _ in range(2):
        shop.complete(bought, may, userId=target["userId"])
    assert events(app, target) == ["started"]
    assert len(listed(app, "/subscriptions/entitlements", target)) == 1
    assert listed(app, "/subscriptions/entitlements", may) == []


def test_what_the_app_store_answers_and_the_platform_keeps(app, apple):
    product, token = apple.product(), person(app)
    bought = apple.buy(period=DAY)
    told = apple.complete(bought, token)
    assert (told["status"], told["environment"], told["receipt"]["bundle_id"]) == (0, "Sandbox", BUNDLE)
    (payment,) = told["latest_receipt_info"]
    assert payment["transaction_id"] == payment["original_transaction_id"] == bought["transactionId"]
    assert (payment["expires_date"], payment["expires_date_ms"]) == ("2023-11-15 22:13:20 Etc/GMT", "1700086400000")
    assert told["pending_renewal_info"][0]["auto_renew_status"] == "1"
    assert call(app, "POST", f"{APPLE}/verifyReceipt", {"receiptData": bought["receiptData"]}, token) == told
    (receipt,) = listed(app, "/appStore/receivedReceipts")
    assert (receipt["userId"], receipt["transactionId"]) == (token["userId"], bought["transactionId"])
    assert receipt["receiptResponse"] == told
    (subscription,) = listed(app, "/appStore/subscriptions", token)
    now, ends = "2023-11-14T22:13:20.000Z", "2023-11-15T22:13:20.000Z"
    assert subscription == {
        "id": subscription["id"],
        "userId": token["userId"],
        "productId": "monthly",
        "bundleId": BUNDLE,
        "originalPurchaseDate": now,
        "originalTransactionId": bought["originalTransactionId"],
        "lastPurchaseDate": now,
        "expiresDate": ends,
        "autoRenewStatus": True,
        "autoRenewStatusChange": now,
        "latestReceipt": bought["receiptData"],
        "lastReceiptTimestamp": now,
        "lastTransactionId": bought["transactionId"],
        "lastWebOrderId": payment["web_order_line_item_id"],
        "reevaluateDate": ends,
        "state": "STARTED",
    }
    (entitlement,) = listed(app, "/subscriptions/entitlements", token)
    assert entitlement == {
        "id": entitlement["id"],
        "userId": token["userId"],
        "source": "appStore",
        "sourceProductId": product["id"],
        **PRODUCT,
        "status": "active_with_renewal",
        "statusCategory": "engaged",
        "expireTimestamp": ends,
        "creationTimestamp": now,
    }
    (event,) = listed(app, "/subscriptions/events", token)
    assert set(event) - set(entitlement) == {"type", "eventTimestamp"}
    (published,) = call(app, "GET", "/events/v1?eq(type,payments.subscriptions.started)")["data"]
    assert published["content"] == event


def test_what_the_play_store_answers_and_the_platform_keeps(app, google):
    product, token = google.product(), person(app)
    bought = google.buy(period=DAY, offer="introductory_pricing")
    google.complete(bought, token)
    (subscription,) = listed(app, "/playStore/subscriptions", token)
    now, ends = "2023-11-14T22:13:20.000Z", "2023-11-15T22:13:20.000Z"
    assert {**subscription, "introductoryPriceInfo": None} == {
        "id": subscription["id"],
        "purchaserId": token["userId"],
        "receipt": bought["receipt"],
        "expiryTimestamp": ends,
        "autoRenewing": True,
        "paymentState": 1,
        "introductoryPriceInfo": None,
        "creationTimestamp": now,
        "updateTimestamp": now,
    }
    (receipt,) = listed(app, "/playStore/history/purchaseReceipts")
    assert (receipt["receipt"], receipt["userId"]) == (bought["receipt"], token["userId"])
    (info,) = listed(app, "/playStore/history/purchaseInfos")
    assert info["purchaseInfo"]["expiryTimeMillis"] == "1700086400000"
    assert info["purchaseInfo"]["acknowledgementState"] == 1
    (entitlement,) = listed(app, "/subscriptions/entitlements", token)
    assert (entitlement["source"], entitlement["sourceProductId"]) == ("playStore", product["id"])
    assert entitlement["status"] == "using_introductory_pricing"
    google.change(bought, "disableRenewal")
    (kept,) = listed(app, "/playStore/history/notifications")
    about = {"version": "1.0", "notificationType": 3, "subscriptionId": "monthly"}
    token = bought["receipt"]["purchaseToken"]
    assert kept["subscriptionNotification"] == {**about, "purchaseToken": token}
