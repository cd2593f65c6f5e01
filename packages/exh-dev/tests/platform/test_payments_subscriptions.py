"""How subscriptions go, in either store: their entitlements, the events of it, and who sees them."""

import base64
import json

import pytest
from people import person
from shops import BASE, BUNDLE, DAY, GOOGLE, HOUR, PACKAGE, UNKNOWN, Apple, Google, call, code, events, listed, standing

from exh_dev.platform.storage.timestamps import LATEST

# How a subscription goes


def walk(app, shop, bought, steps):
    for change, event, status in steps:
        app.now += HOUR
        shop.change(bought, change, **({"productId": "yearly"} if change == "switchProduct" else {}))
        assert (events(app)[-1], standing(app)[0]) == (event, status), change


def test_a_subscription_that_is_ended_and_taken_up_by_its_user(app, shop):
    shop.product()
    bought = shop.buy()
    shop.complete(bought)
    steps = [
        ("renew", "renewed", "active_with_renewal"),
        ("disableRenewal", "renewal_disabled", "active_without_renewal"),
        ("enableRenewal", "renewal_enabled", "active_with_renewal"),
        ("requestPriceConsent", "price_change_confirmation_requested", "awaiting_price_change_confirmation"),
        ("consentToPrice", "price_change_confirmation_requested", "active_with_renewal"),
        ("disableRenewal", "renewal_disabled", "active_without_renewal"),
        ("expire", "expired_voluntarily", "expired_voluntarily"),
    ]
    walk(app, shop, bought, steps)
    assert standing(app)[1] == "lost"


def test_a_subscription_whose_payment_fails(app, shop):
    shop.product()
    bought = shop.buy()
    shop.complete(bought)
    steps = [
        ("startGracePeriod", "grace_period_started", "in_grace_period"),
        ("startBillingRetry", "billing_retry_started", "in_billing_retry"),
        ("renew", "renewed", "active_with_renewal"),
        ("startBillingRetry", "billing_retry_started", "in_billing_retry"),
        ("expire", "expired_from_billing", "expired_from_billing"),
    ]
    walk(app, shop, bought, steps)


def test_a_price_that_the_user_does_not_confirm(app, shop):
    shop.product()
    bought = shop.buy()
    shop.complete(bought)
    shop.change(bought, "requestPriceConsent")
    walk(app, shop, bought, [("expire", "failed_to_confirm_price_change", "failed_to_confirm_price_change")])


@pytest.mark.parametrize("change", ["refund", "refundForIssue", "revoke"])
def test_an_app_store_subscription_that_is_taken_back_and_bought_again(app, apple, change):
    apple.product()
    bought = apple.buy()
    apple.complete(bought)
    word = {"refund": "refunded", "refundForIssue": "refunded_for_issue", "revoke": "revoked"}[change]
    walk(app, apple, bought, [(change, word, word), ("renew", "renewed", "active_with_renewal")])
    told = [each["data"]["notification_type"] for each in listed(app, "/appStore/receivedNotifications")]
    assert told == ["REVOKE" if change == "revoke" else "REFUND", "INTERACTIVE_RENEWAL"]


def test_a_play_store_subscription_that_is_revoked_has_to_be_bought_again(app, google):
    google.product()
    bought = google.buy()
    google.complete(bought)
    walk(app, google, bought, [("revoke", "revoked", "revoked")])
    path = f"/_dev/play_store/purchases/{bought['orderId']}/changes"
    assert app.send(None, "POST", path, json={"change": "renew"}).json()["code"] == 27


@pytest.mark.parametrize("offer", ["free_trial", "introductory_pricing", "promotion"])
def test_a_subscription_begins_with_an_offer_and_renews_without_it(app, shop, offer):
    shop.product()
    bought = shop.buy(offer=offer)
    shop.complete(bought)
    assert events(app) == [f"started_with_{offer}"]
    assert standing(app)[:2] == (f"using_{offer}", "acquiring")
    shop.change(bought, "renew")
    assert (events(app)[-1], standing(app)[0]) == ("renewed", "active_with_renewal")


def test_an_app_store_user_switches_to_another_product(app, apple):
    apple.product()
    yearly = apple.product("yearly", subscriptionTier="best")
    bought = apple.buy()
    apple.complete(bought)
    apple.change(bought, "switchProduct", productId="yearly")
    (before,) = listed(app, "/subscriptions/entitlements")
    assert (before["status"], before["newProductId"]) == ("switching_product", yearly["id"])
    assert listed(app, "/appStore/subscriptions")[0]["newProductId"] == "yearly"
    apple.change(bought, "renew")
    before, after = listed(app, "/subscriptions/entitlements")
    assert (before["status"], before["newProductId"]) == ("switched_product", yearly["id"])
    assert (after["status"], after["subscriptionTier"]) == ("active_with_renewal", "best")
    assert events(app) == ["started", "switching_product", "switched_product", "started"]
    assert "newProductId" not in listed(app, "/appStore/subscriptions")[0]


def test_a_play_store_purchase_that_replaces_another(app, google):
    google.product()
    yearly = google.product("yearly", subscriptionTier="best")
    first = google.buy()
    linked = first["receipt"]["purchaseToken"]
    path = "/_dev/play_store/purchases"
    body = {"packageName": PACKAGE, "subscriptionId": "yearly", "linkedPurchaseToken": linked}
    assert app.send(None, "POST", path, json=body).json()["code"] == 2718  # nobody completed the first one
    first = google.buy()
    token = person(app)
    google.complete(first, token)
    second = google.buy("yearly", linkedPurchaseToken=first["receipt"]["purchaseToken"])
    (subscription,) = listed(app, "/playStore/subscriptions", token)
    assert subscription["receipt"] == second["receipt"]
    before, after = listed(app, "/subscriptions/entitlements", token)
    assert (before["status"], before["newProductId"]) == ("switched_product", yearly["id"])
    assert after["subscriptionTier"] == "best"
    google.complete(second, token)
    assert code(app, "POST", "/playStore/completePurchase", person(app), second["receipt"]) == 2720
    assert events(app, token) == ["started", "switched_product", "started"]


def test_a_replacing_purchase_that_the_app_completes_first(app, google):
    google.product()
    google.product("yearly")
    first = google.buy()
    google.complete(first)
    second = google.buy("yearly", linkedPurchaseToken=first["receipt"]["purchaseToken"], deliver=False)
    google.complete(second)
    (subscription,) = listed(app, "/playStore/subscriptions")
    assert subscription["receipt"] == second["receipt"]
    assert events(app) == ["started", "switched_product", "started"]


def test_a_paid_period_ends(app, shop):
    shop.product()
    bought = shop.buy(period=DAY)
    shop.complete(bought)
    shop.change(bought, "disableRenewal")
    app.now += DAY - 1
    assert standing(app)[0] == "active_without_renewal"
    app.now += 1
    assert standing(app) == ("expired_voluntarily", "lost", "2023-11-15T22:13:20.000Z")
    assert events(app) == ["started", "renewal_disabled", "expired_voluntarily"]


@pytest.mark.parametrize(
    ("change", "status"),
    [("requestPriceConsent", "failed_to_confirm_price_change"), ("renew", "expired_from_billing")],
)
def test_a_subscription_that_is_not_renewed_ends(app, shop, change, status):
    shop.product()
    bought = shop.buy(period=DAY)
    shop.complete(bought)
    shop.change(bought, change)
    app.now += 2 * DAY
    assert standing(app)[:2] == (status, "lost")


def test_a_grace_period_ends(app, apple):
    apple.product()
    bought = apple.buy(period=DAY)
    apple.complete(bought)
    apple.change(bought, "startGracePeriod")
    (subscription,) = listed(app, "/appStore/subscriptions")
    assert (subscription["state"], subscription["reevaluateDate"]) == (
        "GRACE_PERIOD_STARTED", "2023-11-30T22:13:20.000Z",
    )  # fmt: skip
    app.now += 16 * DAY
    assert standing(app)[0] == "in_billing_retry"
    assert listed(app, "/appStore/subscriptions")[0]["state"] == "BILLING_RETRY"


def test_notifications_about_what_nobody_has_and_what_is_not_sold(app, shop):
    first = shop.product()
    bought = shop.buy()
    shop.change(bought, "disableRenewal")
    assert listed(app, "/subscriptions/entitlements") == []
    shop.complete(bought)
    kind, expected = ("appStore", 2716) if isinstance(shop, Apple) else ("playStore", 2719)
    call(app, "DELETE", f"{BASE}/{kind}/subscriptions/products/{first['id']}")
    name, answer = ("app_store", "originalTransactionId") if isinstance(shop, Apple) else ("play_store", "orderId")
    path = f"/_dev/{name}/purchases/{bought[answer]}/changes"
    assert app.send(None, "POST", path, json={"change": "enableRenewal"}).json()["code"] == expected
    app.now += 40 * DAY
    assert standing(app)[0] == "active_without_renewal"  # nothing can be said of it any more; lists still answer


def test_a_notification_of_googles_console(app):
    told = {"version": "1.0", "packageName": PACKAGE, "eventTimeMillis": 1, "testNotification": {"version": "1.0"}}
    message = {"data": base64.b64encode(json.dumps({**told, "id": "x"}).encode()).decode()}
    assert call(app, "POST", f"{GOOGLE}/processDeveloperNotification", {"message": message}) == {}
    (kept,) = listed(app, "/playStore/history/notifications")
    assert len(kept["id"]) == 24
    assert kept["testNotification"] == {"version": "1.0"}


# Detaching and evaluating


def test_a_subscription_is_detached_and_belongs_to_another(app, shop):
    kind, owner = ("appStore", "userId") if isinstance(shop, Apple) else ("playStore", "purchaserId")
    word = "APP_STORE" if isinstance(shop, Apple) else "PLAY_STORE"
    shop.product()
    one, other = person(app), person(app)
    bought = shop.buy()
    shop.complete(bought, one)
    path = f"/{kind}/subscriptions/{listed(app, f'/{kind}/subscriptions')[0]['id']}"
    app.now += HOUR
    assert code(app, "DELETE", path, one) == 10
    assert call(app, "DELETE", BASE + path, token=person(app, f"DELETE_{word}_SUBSCRIPTION")) == {"affectedRecords": 1}
    assert code(app, "DELETE", path) == 16
    assert standing(app, one)[2] == "2023-11-14T23:13:20.000Z"
    shop.complete(bought, other)
    (subscription,) = listed(app, f"/{kind}/subscriptions")
    assert subscription[owner] == other["userId"]
    assert events(app, other) == ["started"]
    app.as_user("DELETE", f"/users/v1/{other['userId']}")
    assert listed(app, f"/{kind}/subscriptions") == []


def test_a_subscription_is_reevaluated(app, shop):
    kind, word = ("appStore", "APP_STORE") if isinstance(shop, Apple) else ("playStore", "PLAY_STORE")
    shop.product()
    bought = shop.buy()
    shop.complete(bought)
    shop.change(bought, "disableRenewal", deliver=False)
    assert standing(app)[0] == "active_with_renewal"
    path = f"{BASE}/{kind}/subscriptions/{listed(app, f'/{kind}/subscriptions')[0]['id']}/reevaluate"
    may = person(app, f"TRIGGER_{word}_SUBSCRIPTION_REEVALUATION")
    assert code(app, "POST", path.removeprefix(BASE), person(app), {}) == 10
    call(app, "POST", path, {"republishLatestEvent": False}, may, status=204)
    assert standing(app)[0] == "active_without_renewal"
    published = len(call(app, "GET", "/events/v1?like(type,payments)")["data"])
    call(app, "POST", path, {"republishLatestEvent": True}, may, status=204)
    again = call(app, "GET", "/events/v1?like(type,payments)")["data"]
    assert len(again) == published + (shop.__class__ is Google)
    assert again[-1]["type"] == "payments.subscriptions.renewal_disabled"
    assert code(app, "POST", f"/{kind}/subscriptions/{UNKNOWN}/reevaluate", body={}) == 16


# Who sees what


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/subscriptions/entitlements", "VIEW_SUBSCRIPTION_ENTITLEMENTS"),
        ("/subscriptions/events", "VIEW_SUBSCRIPTION_EVENTS"),
        ("/appStore/subscriptions", "VIEW_APP_STORE_SUBSCRIPTIONS"),
        ("/playStore/subscriptions", "VIEW_PLAY_STORE_SUBSCRIPTIONS"),
    ],
)
def test_a_user_lists_their_own_subscriptions_and_with_a_permission_all(app, apple, google, path, permission):
    first = person(app)
    buyers = [first, person(app), person(app)]
    for shop in (apple, google):
        shop.product()
        for token in buyers:
            shop.complete(shop.buy(), token)
    everybody = person(app, permission)
    number = 6 if path.startswith("/subscriptions") else 3
    assert app.send(None, "GET", BASE + path).json()["code"] == 104
    assert listed(app, path, person(app)) == []
    assert {each.get("userId", each.get("purchaserId")) for each in listed(app, path, first)} == {first["userId"]}
    assert len(listed(app, path, everybody)) == number
    page = call(app, "GET", f"{BASE}{path}?limit(2,2)&sort(-id)", token=everybody)
    assert (len(page["data"]), page["page"]) == (min(2, number - 2), {"total": number, "offset": 2, "limit": 2})
    assert code(app, "GET", f"{path}?eq(") == 19
    assert not any(name.startswith("_") for each in listed(app, path, everybody) for name in each)


@pytest.mark.slow
def test_a_receipt_has_the_latest_payments(app, apple):
    apple.product()
    bought = apple.buy(period=HOUR)
    apple.complete(bought)
    for _ in range(110):
        renewed = apple.change(bought, "renew")
    told = apple.complete(renewed)
    newest, oldest = told["latest_receipt_info"][0], told["receipt"]["in_app"][0]
    assert [len(told["latest_receipt_info"]), len(told["receipt"]["in_app"])] == [100, 100]
    assert newest["transaction_id"] == renewed["transactionId"]
    assert int(newest["expires_date_ms"]) == (app.now + 111 * HOUR) * 1000
    assert oldest["original_purchase_date_ms"] == newest["original_purchase_date_ms"] == str(int(app.now * 1000))
    kept = listed(app, "/appStore/receivedNotifications?sort(-creationTimestamp)&limit(100)")
    assert max(len(each["data"]["unified_receipt"]["latest_receipt_info"]) for each in kept) == 100


@pytest.mark.parametrize("change", ["renew", "startGracePeriod"])
def test_nothing_is_paid_for_after_the_year_9999(app, shop, change, refused):
    shop.product()
    bought = shop.buy(period=DAY)
    app.now = LATEST - HOUR
    key = bought.get("originalTransactionId") or bought["orderId"]
    store = "app_store" if "originalTransactionId" in bought else "play_store"
    path = f"/_dev/{store}/purchases"
    answer = app.send(None, "POST", f"{path}/{key}/changes", json={"change": change})
    refused(answer, 400, 27, "ILLEGAL_STATE_EXCEPTION")
    body = {"bundleId": BUNDLE, "productId": "monthly", "packageName": PACKAGE, "subscriptionId": "monthly"}
    refused(app.send(None, "POST", path, json=body), 400, 27, "ILLEGAL_STATE_EXCEPTION")


@pytest.mark.parametrize(
    "query", ["_reevaluateDate>2000-01-01", "contains(_reevaluateDate)", "or(like(_reevaluateDate,20),eq(id,none))"]
)
def test_the_platforms_own_members_are_not_found(app, google, query):
    google.product()
    google.complete(google.buy())
    assert listed(app, f"/playStore/subscriptions?{query}") == []
    assert len(listed(app, "/playStore/subscriptions?ne(_reevaluateDate,1)&sort(-_reevaluateDate)")) == 1
    assert listed(app, "/playStore/subscriptions?select(_reevaluateDate)")[0].keys() == {"id"}
