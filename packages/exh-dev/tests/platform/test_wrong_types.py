"""A JSON value of a wrong type, wherever in a body it stands, is answered with an error, never a 5xx."""

import base64
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_app import LocalApp
from shops import BUNDLE, PACKAGE, PRODUCT

from exh_dev.platform.storage.store import Store

PAYMENTS = "/payments/v1"
ID = "a" * 24
TYPES = {
    "customer": {"type": "string"},
    "items": {"type": "array", "items": {"type": "number", "options": [{"type": "min", "value": 1}]}},
    "place": {"type": "object", "fields": {"at": {"type": "date"}}, "options": [{"max_bytes": 100}]},
}
CONTENT = {"customer": "Ann", "items": [1, 2], "place": {"at": "2026-01-15T10:30:00Z"}}
INPUTS = {
    "customer": {"type": "string"},
    "items": {"type": "array", "items": {"type": "number"}},
    "place": {"type": "object", "properties": {"at": {"type": "string"}}},
}
PUSHED = {
    "packageName": PACKAGE,
    "eventTimeMillis": "1700000000000",
    "subscriptionNotification": {
        "version": "1.0",
        "notificationType": 4,
        "purchaseToken": "t",
        "subscriptionId": "monthly",
    },
}
RECEIPT = {"latest_receipt": "bm90aGluZw==", "latest_receipt_info": [], "status": 0}
BUYING = {"productId": "monthly", "period": 3600, "offer": "free_trial"}
PERIODS = {"change": "renew", "deliver": True, "offer": "promotion", "productId": "yearly"}
#: Method, path and a body that is right; `{...}` in a path is made first.
CALLS = {
    "schemas": (
        "POST",
        "/data/v1",
        {"name": "new", "description": "d", "readMode": ["creator"], "createMode": "default"},
    ),
    "properties": (
        "POST",
        "/data/v1/ecg/properties",
        {
            "name": "x",
            "configuration": {
                "type": "array",
                "items": {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}},
            },
        },
    ),
    "creation transitions": (
        "PUT",
        "/data/v1/ecg/creationTransition",
        {
            "type": "manual",
            "toStatus": "new",
            "actions": [{"type": "task", "functionName": "f", "data": {"a": 1}}],
            "conditions": [
                {"type": "input", "configuration": {"type": "object", "properties": {"n": {"type": "number"}}}}
            ],
        },
    ),
    "transitions": (
        "POST",
        "/data/v1/ecg/transitions",
        {
            "type": "manual",
            "name": "m",
            "fromStatuses": ["new"],
            "toStatus": "new",
            "actions": [{"type": "set", "field": "n", "value": 1}],
        },
    ),
    "indexes": (
        "POST",
        "/data/v1/ecg/indexes",
        {"fields": [{"name": "n", "type": "asc"}], "options": {"unique": False}},
    ),
    "documents": ("POST", "/data/v1/ecg/documents", {"n": 1}),
    "templates v1": (
        "POST",
        "/templates/v1",
        {
            "name": "order",
            "description": "d",
            "schema": {"type": "object", "fields": TYPES},
            "fields": {"subject": "s", "body": "$content.customer {{k, 1}}"},
        },
    ),
    "templates v1, changed": (
        "PUT",
        "/templates/v1/{template_v1}",
        {"schema": {"fields": TYPES}, "fields": {"body": "b"}},
    ),
    "templates v1, resolved": (
        "POST",
        "/templates/v1/{template_v1}/resolve",
        {
            "content": CONTENT,
            "language": "EN",
            "time_zone": "UTC",
        },
    ),
    "templates v2": (
        "POST",
        "/templates/v2",
        {
            "name": "other",
            "description": "d",
            "inputs": INPUTS,
            "outputs": {"body": "{{@inputs.customer}}"},
        },
    ),
    "templates v2, changed": ("PUT", "/templates/v2/{template_v2}", {"inputs": INPUTS, "outputs": {"body": "b"}}),
    "templates v2, resolved": (
        "POST",
        "/templates/v2/{template_v2}/resolve",
        {
            "inputs": CONTENT,
            "language": "EN",
            "timeZone": "UTC",
        },
    ),
    "mails": (
        "POST",
        "/mail/v1",
        {
            "subject": "s",
            "body": "b",
            "recipients": {"to": ["a@example.com"], "cc": []},
            "from": "b@example.com",
            "reply_to": ["c@example.com"],
            "attachments": [{"name": "a", "content": "", "type": "text/plain"}],
        },
    ),
    "mails by template": (
        "POST",
        "/mail/v1",
        {
            "template_id": "{template_v1}",
            "recipients": {"to": ["a@example.com"]},
            "content": CONTENT,
            "language": "EN",
            "time_zone": "UTC",
        },
    ),
    "localizations": ("POST", "/localizations/v1", {"localizations": [{"key": "k", "text": {"EN": "e", "NL": "n"}}]}),
    "localizations, asked for": (
        "POST",
        "/localizations/v1/request",
        {
            "localizations": ["k, 1"],
            "localization_codes": ["NL"],
        },
    ),
    "products": (
        "POST",
        f"{PAYMENTS}/products",
        {
            "name": "p",
            "prices": {"eur": {"amount": 100}, "usd": {"amount": 90}},
            "appStoreProductId": "a",
            "taskFunctionName": "f",
            "taskPriority": 1,
            "tags": ["t"],
            "schema": {"properties": {"size": {"type": "number"}}, "required": ["size"]},
        },
    ),
    "products, changed": ("PUT", f"{PAYMENTS}/products/{{product}}", {"prices": {"eur": {"amount": 1}}, "tags": ["t"]}),
    "tags of products": ("POST", f"{PAYMENTS}/products/addTags?name=p", {"tags": ["t"]}),
    "orders": (
        "POST",
        f"{PAYMENTS}/orders",
        {
            "productId": "{product}",
            "currency": "eur",
            "tags": ["t"],
            "data": {"size": 1},
        },
    ),
    "payment intents": (
        "POST",
        f"{PAYMENTS}/stripe/paymentIntents",
        {
            "productId": "{product}",
            "currency": "eur",
            "paymentMethodReuse": "none",
            "paymentMethodId": "pm",
            "data": {"size": 1},
        },
    ),
    "products of the App Store": (
        "POST",
        f"{PAYMENTS}/appStore/subscriptions/products",
        {
            "appStoreAppBundleId": BUNDLE,
            "appStoreProductId": "new",
            "name": "n",
            **PRODUCT,
        },
    ),
    "shared secrets": (
        "POST",
        f"{PAYMENTS}/appStore/sharedSecrets",
        {"applicationId": ID, "bundleId": BUNDLE, "secret": "s"},
    ),
    "receipts": ("POST", f"{PAYMENTS}/appStore/verifyReceipt", {"receiptData": "bm90aGluZw==", "applicationId": ID}),
    "transactions": (
        "POST",
        f"{PAYMENTS}/appStore/completeTransaction",
        {
            "receiptData": "bm90aGluZw==",
            "transactionId": "1",
            "userId": ID,
            "applicationId": ID,
        },
    ),
    "notifications of the App Store": (
        "POST",
        f"{PAYMENTS}/appStore/processServerNotification",
        {
            "notification_type": "DID_RENEW",
            "unified_receipt": RECEIPT,
            "password": "s",
        },
    ),
    "products of the Play Store": (
        "POST",
        f"{PAYMENTS}/playStore/subscriptions/products",
        {
            "playStorePackageName": PACKAGE,
            "playStoreSubscriptionId": "new",
            "name": "n",
            **PRODUCT,
        },
    ),
    "purchases": (
        "POST",
        f"{PAYMENTS}/playStore/completePurchase",
        {
            "packageName": PACKAGE,
            "subscriptionId": "monthly",
            "purchaseToken": "t",
            "userId": ID,
        },
    ),
    "notifications of the Play Store": (
        "POST",
        f"{PAYMENTS}/playStore/processDeveloperNotification",
        {
            "message": {"data": PUSHED, "messageId": "1"},
            "subscription": "s",
        },
    ),
    "local App Store": ("POST", "/_dev/app_store/purchases", {"bundleId": BUNDLE, **BUYING}),
    "local App Store, changed": ("POST", "/_dev/app_store/purchases/{apple}/changes", PERIODS),
    "local Play Store": (
        "POST",
        "/_dev/play_store/purchases",
        {"packageName": PACKAGE, "subscriptionId": "monthly", "period": 3600, "offer": "free_trial"},
    ),
    "local Play Store, changed": ("POST", "/_dev/play_store/purchases/{google}/changes", PERIODS),
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(10**30), 1.5, 1e300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["type", "string", "object", "array", "date", "9999-12-31T23:59:59Z", "\0", ID])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("type"), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def app():
    store = Store()
    yield LocalApp(store)
    store.close()


@pytest.fixture(scope="module")
def made(app):
    """The ids that paths and bodies name."""

    def make(path, body, member="id"):
        answer = app.as_user("POST", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()[member]

    make("/data/v1", {"name": "ecg"})
    make("/data/v1/ecg/properties", {"name": "n", "configuration": {"type": "number"}}, "affectedRecords")
    return {
        "template_v1": make(*CALLS["templates v1"][1:]),
        "template_v2": make(*CALLS["templates v2"][1:]),
        "product": make(*CALLS["products"][1:]),
        "apple": make(*CALLS["local App Store"][1:], "originalTransactionId"),
        "google": make(*CALLS["local Play Store"][1:], "orderId"),
    }


def places(value, path=()):
    """The path of each value in a body, but of the body itself."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*path, name)
        yield from places(inner, (*path, name))


def changed(body, path, value):
    body = copy.deepcopy(body)
    *outer, last = path
    at = body
    for step in outer:
        at = at[step]
    at[last] = value
    return body


def sent(app, made, method, path, body):
    text = json.dumps(body)
    for name, value in made.items():
        path, text = path.replace(f"{{{name}}}", value), text.replace(f'"{{{name}}}"', json.dumps(value))
    body = json.loads(text)
    if isinstance(data := (body.get("message") or {}), dict) and isinstance(data.get("data"), dict):
        data["data"] = base64.b64encode(json.dumps(data["data"]).encode()).decode()
    return app.as_user(method, path, json=body)


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=50)
@given(data=st.data())
def test_a_value_of_a_wrong_type_is_never_a_5xx(app, made, name, data):
    method, path, body = CALLS[name]
    place = data.draw(st.sampled_from(sorted(places(body), key=str)), label="place")
    answer = sent(app, made, method, path, changed(body, place, data.draw(VALUES, label="value")))
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200 and name.startswith("templates") and "resolved" not in name:
        template = answer.json().get("id") or made[f"template_{name[10:12]}"]
        version = name[10:12]
        resolved = app.as_user(
            "POST", f"/templates/{version}/{template}/resolve", json={"content": CONTENT, "inputs": CONTENT}
        )
        assert resolved.status_code < 500, resolved.text
    elif answer.status_code == 200 and name == "products":
        order = {"productId": answer.json()["id"], "data": {"size": 1}}
        assert app.as_user("POST", f"{PAYMENTS}/orders", json=order).status_code < 500
