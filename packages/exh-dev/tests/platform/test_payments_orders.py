"""Products and orders: who may, what is refused, and that a list is a list of the platform's."""

import pytest
from people import person
from shops import BASE, UNKNOWN, code

PRODUCTS, ORDERS = f"{BASE}/products", f"{BASE}/orders"
PRODUCT = {"name": "Report", "prices": {"eur": {"amount": 2500}, "usd": {"amount": 2600}}}


@pytest.fixture
def product(app):
    def product(**members):
        answer = app.as_user("POST", PRODUCTS, json={**PRODUCT, **members})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return product


def order(app, token=None, **members):
    answer = app.as_user("POST", ORDERS, token=token, json=members)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"prices": None}, 14),
        ({"prices": {"usd": {"amount": 1}}}, 14),
        ({"prices": []}, 15),
        ({"prices": {"eur": 5}}, 15),
        ({"prices": {"eur": {"amount": 1.5}}}, 15),
        ({"prices": {"eur": {"amount": -1}}}, 15),
        ({"prices": {"eur": {"amount": 1}, "EUR": {"amount": 1}}}, 15),
        ({"name": 1}, 15),
        ({"taskFunctionName": 1}, 15),
        ({"taskPriority": 1.5}, 15),
        ({"tags": "a"}, 15),
        ({"schema": []}, 15),
        ({"schema": {"properties": {"color": {"type": "object"}}}}, 15),
        ({"schema": {"properties": {"color": "string"}}}, 15),
        ({"schema": {"required": [1]}}, 15),
    ],
)
def test_an_invalid_product_is_refused(app, product, members, expected):
    assert code(app, "POST", "/products", body={**PRODUCT, **members}) == expected
    known = product()
    if members != {"prices": None}:  # of an update, nothing is required
        assert code(app, "PUT", f"/products/{known['id']}", body=members) == expected
    assert app.as_user("GET", PRODUCTS).json()["data"] == [known]


def test_an_unknown_product_of_payments_is_refused(app):
    for method in ("PUT", "DELETE"):
        assert code(app, method, f"/products/{UNKNOWN}", body={}) == 16
        assert code(app, method, "/products/none", body={}) == 12


def test_products_are_made_changed_and_removed(app, product):
    schema = {"required": ["color"], "properties": {"color": {"type": "string"}}}
    made = product(taskFunctionName="report", taskPriority=3, tags=["a"], schema=schema, unknown=1)
    expected = {**PRODUCT, "taskFunctionName": "report", "taskPriority": 3, "tags": ["a"], "schema": schema}
    owner = {"creatorId": app.first.user_id, "price": 2500, "currency": "eur"}
    assert made == {"id": made["id"], **owner, **expected}
    changes = {"name": "Other", "prices": {"eur": {"amount": 1}}}
    assert app.as_user("PUT", f"{PRODUCTS}/{made['id']}", json=changes).json() == {"affectedRecords": 1}
    (found,) = app.send(None, "GET", PRODUCTS).json()["data"]  # everybody, without any credentials too
    assert found == {**made, **changes, "price": 1}
    assert app.as_user("DELETE", f"{PRODUCTS}/{made['id']}").json() == {"affectedRecords": 1}
    assert app.send(None, "GET", PRODUCTS).json()["data"] == []


@pytest.mark.parametrize("path", ["/products", "/orders"])
def test_tags_need_rql_and_a_list(app, product, path):
    known = product()
    if path == "/orders":
        known = order(app, productId=known["id"])
    for action in ("addTags", "removeTags"):
        assert code(app, "POST", f"{path}/{action}", body={"tags": ["a"]}) == 20
        assert code(app, "POST", f"{path}/{action}?eq(", body={"tags": ["a"]}) == 19
        assert code(app, "POST", f"{path}/{action}?eq(id,1)", body={}) == 14
        assert code(app, "POST", f"{path}/{action}?eq(id,1)", body={"tags": [1]}) == 15

    def tagged(action, query, *tags):
        url = f"{BASE}{path}/{action}?{query}"
        changed = app.as_user("POST", url, json={"tags": list(tags)}).json()["affectedRecords"]
        return changed, app.as_user("GET", BASE + path).json()["data"][0].get("tags")

    assert tagged("addTags", f"eq(id,{known['id']})", "b", "a", "a") == (1, ["b", "a"])
    assert tagged("addTags", "eq(id,1)", "c") == (0, ["b", "a"])
    assert tagged("addTags", "in(tags,a)", "a", "c") == (1, ["b", "a", "c"])
    assert tagged("removeTags", "in(tags,b)", "b", "x") == (1, ["a", "c"])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, 14),
        ({"productId": "x"}, 12),
        ({"productId": UNKNOWN}, 16),
        ({"currency": "gbp"}, 2714),
        ({"currency": 1}, 15),
        ({"tags": 1}, 15),
        ({"data": 1}, 15),
        ({"data": {}}, 14),
        ({"data": {"color": 1}}, 15),
        ({"data": {"color": "red", "size": True}}, 15),
        ({"data": {"color": "red", "gift": 1}}, 15),
    ],
)
def test_an_invalid_order_is_refused(app, product, members, expected):
    properties = {"color": {"type": "string"}, "size": {"type": "number"}, "gift": {"type": "boolean"}}
    known = product(schema={"required": ["color"], "properties": properties})
    body = {**({"productId": known["id"]} if members else {}), **members}
    assert code(app, "POST", "/orders", body=body) == expected
    assert code(app, "POST", "/stripe/paymentIntents", body=body) == expected
    assert app.as_user("GET", ORDERS).json()["data"] == []


def test_a_product_without_an_amount_cannot_be_ordered(app, product):
    assert code(app, "POST", "/orders", body={"productId": product(prices={"eur": {}})["id"]}) == 2714


def test_an_order_keeps_its_product(app, product):
    token = person(app)
    known = product()
    made = order(app, token, productId=known["id"], currency="usd", tags=["t"], data={"any": 1})
    stamps = dict.fromkeys(("creationTimestamp", "updateTimestamp"), "2023-11-14T22:13:20.000Z")
    assert made == {
        "id": made["id"],
        "creatorId": token["userId"],
        "targetUserId": token["userId"],
        "status": "created",
        "currency": "usd",
        "product": known,
        "data": {"any": 1},
        "tags": ["t"],
        "events": [],
        **stamps,
    }
    app.as_user("DELETE", f"{PRODUCTS}/{known['id']}")
    assert app.as_user("GET", ORDERS, token=token).json()["data"] == [made]
    assert order(app, productId=product()["id"])["currency"] == "eur"


def test_a_status_is_set_by_who_may(app, product):
    made = order(app, productId=product(taskFunctionName="report")["id"])
    path = f"/orders/{made['id']}"
    may = person(app, "UPDATE_STRIPE_ORDERS")
    assert code(app, "PUT", path, person(app), {"status": "completed"}) == 10
    assert code(app, "PUT", path, may, {}) == 14
    assert code(app, "PUT", path, may, {"status": 1}) == 15
    assert code(app, "PUT", f"/orders/{UNKNOWN}", may, {"status": "completed"}) == 16
    app.now += 1
    assert app.as_user("PUT", BASE + path, token=may, json={"status": "completed"}).json() == {"affectedRecords": 1}
    (found,) = app.as_user("GET", ORDERS).json()["data"]
    assert found == {**made, "status": "completed", "updateTimestamp": "2023-11-14T22:13:21.000Z"}
    assert app.as_user("GET", "/tasks/v1").json()["data"] == []  # nobody has paid


def test_orders_are_listed_by_user_and_permission(app, product):
    known = product()["id"]
    one, other = person(app), person(app)
    mine = [order(app, one, productId=known, tags=[f"t{number}"])["id"] for number in range(5)]
    theirs = order(app, other, productId=known)["id"]

    def page(query="", token=one):
        body = app.as_user("GET", f"{ORDERS}?{query}", token=token).json()
        return [each["id"] for each in body["data"]], body["page"]

    assert page() == (mine, {"total": 5, "offset": 0, "limit": 20})
    assert page("limit(2,2)") == (mine[2:4], {"total": 5, "offset": 2, "limit": 2})
    assert page("sort(-id)&limit(2)&skipCount()") == (mine[:2:-1], {"offset": 0, "limit": 2})
    assert page("in(tags,t1,t3)")[0] == [mine[1], mine[3]]
    assert page("eq(product.prices.eur.amount,2500)&limit(1)")[1]["total"] == 5
    assert page(f"eq(id,{theirs})")[0] == []
    assert page(token=person(app, "VIEW_STRIPE_ORDERS"))[0] == [*mine, theirs]
    assert code(app, "GET", "/orders?eq(") == 19
    assert app.send(None, "GET", ORDERS).json()["code"] == 104
    selected = app.as_user("GET", f"{ORDERS}?select(status)&limit(1)", token=one).json()["data"]
    assert selected == [{"id": mine[0], "status": "created"}]
