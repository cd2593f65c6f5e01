"""Payments by Stripe: what is refused, signatures, and an order that starts a task when it is paid."""

import hashlib
import hmac
import json

import pytest
from local_app import call
from people import person
from shops import BASE, UNKNOWN, code

DEV = "/_dev/stripe"
EVENTS = f"{BASE}/stripe/events"


def dev(app, path, body=None):
    return call(app, "POST", DEV + path, body)


@pytest.fixture
def product(app):
    members = {"prices": {"eur": {"amount": 2500}, "usd": {"amount": 2600}}, "taskFunctionName": "report"}
    return call(app, "POST", f"{BASE}/products", {**members, "taskPriority": 7})


@pytest.fixture
def buy(app, product):
    def buy(token=None, **members):
        return call(app, "POST", f"{BASE}/stripe/paymentIntents", {"productId": product["id"], **members}, token)

    return buy


def found(app, order):
    return call(app, "GET", f"{BASE}/orders?eq(id,{order['id']})")["data"][0]


def tasks(app):
    return call(app, "GET", "/tasks/v1")["data"]


def deliver(app, payload, signature):
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return app.send(None, "POST", EVENTS, content=payload, headers=headers)


def own_signature(app, payload, timestamp=None, secret=None):
    """As Stripe's documentation describes it, made without the platform's own code."""
    timestamp = str(int(app.now)) if timestamp is None else timestamp
    secret = secret or app.send(None, "GET", DEV).json()["webhookSecret"]
    mac = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={mac}"


# Events


def test_an_event_that_stripe_did_not_sign_changes_nothing(app, buy, refused):
    order = buy()
    about = {"id": order["paymentId"], "object": "payment_intent"}
    signed = dev(app, "/events", {"type": "payment_intent.succeeded", "object": about, "deliver": False})
    payload, genuine = signed["payload"], signed["signature"]
    other = own_signature(app, payload, secret="whsec_made_up")
    for signature in (
        *(None, "", "t=1", "v1=ab", "t=x,v1=ab", "t=,v1=", "t=" + "9" * 50 + ",v1=ab", genuine[:-1] + "é"),
        genuine.replace("v1=", "v0="),
        genuine[:-1] + ("0" if genuine[-1] != "0" else "1"),
        other,
        own_signature(app, payload, str(int(app.now) - 301)),
        own_signature(app, payload, str(int(app.now) + 301)),
    ):
        encoded = signature.encode("latin-1") if signature else signature
        refused(deliver(app, payload, encoded), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    refused(deliver(app, payload.replace("succeeded", "failed"), genuine), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    refused(deliver(app, "", genuine), 400, 13, "EMPTY_BODY_EXCEPTION")
    assert found(app, order) == order
    assert tasks(app) == []
    answer = deliver(app, payload, f"{genuine},v1=ab,v0=cd")  # while a secret is rolled, Stripe signs with both
    assert (answer.status_code, answer.content) == (200, b"")
    assert found(app, order)["status"] == "task_started"


@pytest.mark.parametrize(
    "payload",
    [
        "no json",
        "[]",
        "{}",
        '{"id":"e","type":"t"}',
        '{"id":"e","type":"t","data":{"object":1}}',
        '{"id":1,"type":"t"}',
    ],
)
def test_a_signed_body_that_is_not_an_event_is_refused(app, refused, payload):
    refused(deliver(app, payload, own_signature(app, payload)), 400, 22, "BODY_FORMAT_EXCEPTION")


def test_events_about_something_else_are_taken_and_do_nothing(app, buy):
    order = buy()
    for event_type, about in (
        ("payment_intent.created", {"id": order["paymentId"], "object": "payment_intent"}),
        ("payment_intent.succeeded", {"id": "pi_other", "object": "payment_intent"}),
        ("charge.succeeded", {"id": "ch_1", "object": "charge", "metadata": {"orderId": {}}}),
        ("charge.succeeded", {"id": "ch_1", "object": "charge", "metadata": 1, "payment_intent": None}),
    ):
        dev(app, "/events", {"type": event_type, "object": about})
    assert found(app, order) == order


def test_a_paid_order_starts_its_task_once(app, buy):
    token = person(app)
    order = buy(token)
    assert (order["status"], order["paymentProvider"]) == ("created", "stripe")
    concluded = dev(app, f"/payment_intents/{order['paymentId']}/succeed")
    paid = found(app, order)
    assert paid["status"] == "task_started"
    assert [each["type"] for each in paid["events"]] == ["charge.succeeded", "payment_intent.succeeded"]
    assert paid["events"][1]["resourceIdStripe"] == order["paymentId"]
    assert {name for each in paid["events"] for name in each} == {
        *("type", "eventIdStripe", "resourceIdStripe", "resourceType", "creationTimestamp"),
    }
    (task,) = tasks(app)
    assert (task["functionName"], task["data"], task["priority"]) == ("report", {"orderId": order["id"]}, 7)
    assert task["createdByUserId"] == token["userId"]
    assert task["createdByApplicationId"] == app.first.application_id
    for event in concluded["events"]:  # Stripe delivers at least once
        assert deliver(app, event["payload"], event["signature"]).status_code == 200
    late = {"id": order["paymentId"], "object": "payment_intent"}
    dev(app, "/events", {"type": "payment_intent.payment_failed", "object": late})
    assert found(app, order)["status"] == "task_started"
    assert len(tasks(app)) == 1
    assert app.as_user("POST", f"{DEV}/payment_intents/{order['paymentId']}/succeed").json()["code"] == 27


def test_a_payment_may_fail_and_then_succeed(app, buy):
    order = buy()
    secret = order["stripeClientSecret"]  # what the app has
    dev(app, f"/payment_intents/{secret}/process")
    assert found(app, order)["status"] == "charge_created"
    dev(app, f"/payment_intents/{secret}/fail")
    assert found(app, order)["status"] == "failed"
    assert tasks(app) == []
    dev(app, f"/payment_intents/{secret}/succeed", {"paymentMethod": "pm_card_mastercard"})
    assert found(app, order)["status"] == "task_started"


def test_an_order_that_starts_nothing_stays_charged(app):
    made = call(app, "POST", f"{BASE}/products", {"prices": {"eur": {"amount": 1}}})
    order = call(app, "POST", f"{BASE}/stripe/paymentIntents", {"productId": made["id"]})
    dev(app, f"/payment_intents/{order['paymentId']}/succeed")
    dev(app, "/events", {"type": "charge.failed", "object": {"object": "charge", "payment_intent": order["paymentId"]}})
    assert found(app, order)["status"] == "charge_created"
    assert tasks(app) == []


def test_the_older_api_finds_the_order_by_its_metadata(app, product):
    order = call(app, "POST", f"{BASE}/orders", {"productId": product["id"]})
    about = {"id": "src_1", "object": "source", "metadata": {"orderId": order["id"]}}
    for event_type, status in (
        ("source.chargeable", "charge_created"),
        ("source.canceled", "failed"),
        ("source.failed", "failed"),
        ("charge.pending", "charge_created"),
        ("charge.failed", "failed"),
        ("charge.succeeded", "task_started"),
    ):
        dev(app, "/events", {"type": event_type, "object": about})
        assert found(app, order)["status"] == status
    assert len(tasks(app)) == 1


# Intents


def test_an_invalid_payment_intent_is_refused(app, buy, product):
    body = {"productId": product["id"]}
    path = "/stripe/paymentIntents"
    for members, expected in (
        ({"offSession": True}, 26),
        ({"offSession": 1}, 15),
        ({"setupPaymentMethodReuse": "never"}, 15),
        ({"paymentMethodType": "cash"}, 15),
        ({"paymentMethodType": "ideal", "currency": "usd"}, 26),
        ({"paymentMethodId": UNKNOWN}, 16),
        ({"paymentMethodId": "x"}, 12),
        ({"targetUserId": "x"}, 12),
        ({"targetUserId": UNKNOWN}, 16),
    ):
        assert code(app, "POST", path, body={**body, **members}) == expected, members
    assert app.send(None, "POST", BASE + path, json=body).json()["code"] == 104
    assert call(app, "GET", f"{BASE}/orders")["data"] == []
    assert buy(paymentMethodType="bancontact")["status"] == "created"


def test_an_intent_for_somebody_else_needs_a_permission(app, buy, product):
    me, target = person(app), person(app)["userId"]
    body = {"productId": product["id"], "targetUserId": target}
    assert code(app, "POST", "/stripe/paymentIntents", me, body) == 10
    may = person(app, "CREATE_PAYMENT_INTENTS")
    order = buy(may, targetUserId=target)
    assert (order["creatorId"], order["targetUserId"]) == (may["userId"], target)
    assert buy(me, targetUserId=me["userId"])["targetUserId"] == me["userId"]


def save(app, token, stripe_id, **members):
    path = f"{BASE}/stripe/users/{token['userId']}/paymentMethods"
    return app.as_user("POST", path, token=token, json={"stripeId": stripe_id, **members}).json()


def test_a_saved_method_pays_while_the_user_is_away(app, buy, product):
    token = person(app)
    saved, declining = save(app, token, "pm_card_visa"), save(app, token, "pm_card_chargeCustomerFail")
    order = buy(token, paymentMethodId=saved["id"])
    assert order["status"] == "created"  # the app confirms it
    assert buy(token, paymentMethodId=saved["id"], offSession=True)["status"] == "task_started"
    body = {"productId": product["id"], "offSession": True}
    path = "/stripe/paymentIntents"
    assert code(app, "POST", path, token, {**body, "paymentMethodId": declining["id"]}) == 2713
    assert code(app, "POST", path, token, {**body, "paymentMethodId": saved["id"], "paymentMethodType": "ideal"}) == 26
    assert code(app, "POST", path, person(app), {**body, "paymentMethodId": saved["id"]}) == 16
    assert len(call(app, "GET", f"{BASE}/orders")["data"]) == 2


# Users and payment methods


def test_payment_methods_that_stripe_does_not_save(app, buy):
    token = person(app)
    used_once = dev(app, f"/payment_intents/{buy(token)['paymentId']}/succeed")["intent"]["payment_method"]
    for stripe_id in ("pm_none", "pm_card_chargeDeclined", used_once):
        assert save(app, token, stripe_id)["code"] == 2713
    assert save(app, token, None)["code"] == 14
    assert save(app, token, 5)["code"] == 15
    assert save(app, token, "pm_card_visa", tags=5)["code"] == 15
    assert call(app, "GET", f"{BASE}/stripe/users/{token['userId']}", token=token)["paymentMethods"] == []


def test_methods_that_were_set_up_for_reuse_are_saved(app, buy):
    token = person(app)
    bought = buy(token, setupPaymentMethodReuse="offSession")
    of_payment = dev(app, f"/payment_intents/{bought['paymentId']}/succeed")["intent"]["payment_method"]
    setup = call(app, "POST", f"{BASE}/stripe/setupIntents", {"setupPaymentMethodReuse": "onSession"}, token)
    assert set(setup) == {"stripeClientSecret"}
    of_setup = dev(app, f"/setup_intents/{setup['stripeClientSecret']}/succeed")["intent"]["payment_method"]
    made = dev(app, "/payment_methods", {"brand": "amex", "last4": "0005", "declines": True})
    saved = [save(app, token, each, tags=["t"]) for each in (of_payment, of_setup, made["id"])]
    assert saved[2] == {
        "id": saved[2]["id"],
        "stripeId": made["id"],
        "brand": "amex",
        "last4Digits": "0005",
        "expirationMonth": 12,
        "expirationYear": 2033,
        "tags": ["t"],
        "creationTimestamp": "2023-11-14T22:13:20.000Z",
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    user = call(app, "GET", f"{BASE}/stripe/users/{token['userId']}", token=token)
    assert user["paymentMethods"] == saved
    assert user["stripeId"].startswith("cus_")
    assert code(app, "POST", "/stripe/setupIntents", token, {"setupPaymentMethodReuse": "x"}) == 15
    assert code(app, "POST", "/stripe/setupIntents", token) == 13


def test_payment_methods_are_seen_and_changed_by_their_user_or_with_permissions(app):
    token, stranger = person(app), person(app)
    method = save(app, token, "pm_card_visa")["id"]
    user = f"/stripe/users/{token['userId']}"
    one = f"{user}/paymentMethods/{method}"
    calls = [
        ("GET", user, None, "VIEW_STRIPE_USERS"),
        ("POST", f"{user}/paymentMethods", {"stripeId": "pm_card_visa"}, "UPDATE_STRIPE_USERS"),
        ("POST", f"{one}/addTags", {"tags": ["a", "b"]}, "UPDATE_STRIPE_USERS"),
        ("POST", f"{one}/removeTags", {"tags": ["b"]}, "UPDATE_STRIPE_USERS"),
        ("DELETE", one, None, "UPDATE_STRIPE_USERS"),
    ]
    for method_name, path, body, permission in calls:
        assert code(app, method_name, path, stranger, body) == 10
        assert app.send(None, method_name, BASE + path, json=body).json()["code"] == 104
        call(app, method_name, BASE + path, body, token if permission.startswith("VIEW") else person(app, permission))
        if path.endswith("removeTags"):
            assert call(app, "GET", BASE + user, token=token)["paymentMethods"][0]["tags"] == ["a"]
    (left,) = call(app, "GET", BASE + user, token=person(app, "VIEW_STRIPE_USERS"))["paymentMethods"]
    assert left["id"] != method


def test_payment_methods_and_users_that_are_not_there(app):
    token = person(app)
    user = f"/stripe/users/{token['userId']}/paymentMethods"
    for path, expected in ((f"{user}/{UNKNOWN}", 16), (f"{user}/x", 12)):
        assert code(app, "DELETE", path, token) == expected
        for action in ("addTags", "removeTags"):
            assert code(app, "POST", f"{path}/{action}", token, {"tags": []}) == expected
            assert code(app, "POST", f"{path}/{action}", token, {}) == 14
    assert code(app, "GET", f"/stripe/users/{UNKNOWN}") == 16
    assert code(app, "GET", "/stripe/users/x") == 12


# The paths of the local Stripe


def test_unsupported_calls_of_the_local_stripe_are_refused(app, buy):
    order = buy()
    for path, body, expected in (
        ("/payment_intents/pi_none/succeed", None, 16),
        (f"/setup_intents/{order['paymentId']}/succeed", None, 16),
        (f"/payment_intents/{order['paymentId']}/explode", None, 15),
        (f"/payment_intents/{order['paymentId']}/succeed", {"paymentMethod": "pm_none"}, 2713),
        (f"/payment_intents/{order['paymentId']}/succeed", {"paymentMethod": "pm_card_chargeDeclined"}, 2713),
        ("/events", {"type": "charge.failed"}, 14),
        ("/payment_methods", {"brand": 1}, 15),
    ):
        answer = app.as_user("POST", DEV + path, **({} if body is None else {"json": body}))
        assert answer.json()["code"] == expected, path
    assert found(app, order) == order


def test_events_do_not_contain_the_client_secret(app, buy):
    order = buy()
    concluded = dev(app, f"/payment_intents/{order['paymentId']}/succeed")
    assert order["stripeClientSecret"] not in json.dumps(concluded)
