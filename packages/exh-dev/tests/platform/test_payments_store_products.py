"""What is sold in the stores, the secrets of apps, and the paths of the local stores."""

import pytest
from shops import APPLE, BASE, BUNDLE, PACKAGE, UNKNOWN, call, code, listed

# Products and secrets


@pytest.mark.parametrize("kind", ["appStore", "playStore"])
def test_subscription_products_are_created_changed_and_deleted(app, apple, google, kind):
    shop = apple if kind == "appStore" else google
    path = f"/{kind}/subscriptions/products"
    made = shop.product(name="Monthly")
    body = {name: value for name, value in made.items() if name not in {"id", "name"}}
    assert code(app, "POST", path, body=body) == 17
    for name in body:
        if not name.endswith("Timestamp"):
            assert code(app, "POST", path, body={**body, name: None}) == 14
            assert code(app, "POST", path, body={**body, name: 1}) == 15
    assert code(app, "POST", path, body={**body, "name": 1}) == 15
    for method in ("PUT", "DELETE"):
        assert code(app, method, f"{path}/{UNKNOWN}", body={}) == 16
        assert code(app, method, f"{path}/x", body={}) == 12
    app.now += 1
    assert call(app, "PUT", f"{BASE}{path}/{made['id']}", {"name": "M", "subscriptionTier": "x"}) == {
        "affectedRecords": 1
    }
    (found,) = app.send(None, "GET", BASE + path).json()["data"]
    assert found == {**made, "name": "M", "updateTimestamp": "2023-11-14T22:13:21.000Z"}
    assert call(app, "DELETE", f"{BASE}{path}/{made['id']}") == {"affectedRecords": 1}
    assert app.send(None, "GET", BASE + path).json()["data"] == []


def test_shared_secrets_are_stored_and_never_answered(app, apple):
    path = "/appStore/sharedSecrets"
    body = {"applicationId": app.first.application_id, "bundleId": "io.other", "secret": "s3cret"}
    for change, expected in (({"applicationId": "x"}, 12), ({"bundleId": None}, 14), ({"secret": 1}, 15)):
        assert code(app, "POST", path, body={**body, **change}) == expected
    made = call(app, "POST", BASE + path, body)
    expected = {name: body[name] for name in ("applicationId", "bundleId")}
    assert made == {"id": made["id"], "creationTimestamp": "2023-11-14T22:13:20.000Z", **expected}
    assert listed(app, path) == [made]
    assert listed(app, f"{path}?eq(secret,s3cret)") == []
    apple.product()
    bought = apple.buy()
    receipt = {"receiptData": bought["receiptData"]}
    assert code(app, "POST", "/appStore/verifyReceipt", body=receipt) == 2707  # this application's app is another
    call(app, "POST", f"{APPLE}/verifyReceipt", {**receipt, "applicationId": UNKNOWN})
    assert call(app, "DELETE", f"{BASE}{path}/{made['id']}") == {"affectedRecords": 1}
    assert code(app, "DELETE", f"{path}/{made['id']}") == 16
    call(app, "POST", f"{APPLE}/verifyReceipt", receipt)


# The paths of the local stores


@pytest.mark.parametrize("kind", ["app_store", "play_store"])
def test_an_invalid_purchase_at_a_local_store_is_refused(app, kind):
    path = f"/_dev/{kind}/purchases"
    body = {"bundleId": BUNDLE, "productId": "p", "packageName": PACKAGE, "subscriptionId": "s"}
    for change, expected in (
        *(({"bundleId": None, "packageName": None}, 14), ({"period": 0}, 15), ({"period": "1"}, 15)),
        *(({"offer": "gift"}, 15), ({"offer": []}, 15)),
    ):
        assert app.send(None, "POST", path, json={**body, **change}).json()["code"] == expected
    assert app.send(None, "POST", f"{path}/none/changes", json={"change": "renew"}).json()["code"] == 16
    assert app.send(None, "POST", f"{path}/none/changes", json={"change": "explode"}).json()["code"] == 15
    assert app.send(None, "POST", f"{path}/none/changes", json={}).json()["code"] == 14
