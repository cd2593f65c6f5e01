"""Entitlements and events of subscriptions, shared by all stores.

The store reports a subscription's status (`Standing`); differences from the current entitlement become events, here and
in the event service (`payments.subscriptions.started`, …). Statuses, their categories and event types are those of the
platform's documentation.

Assumed: a subscription has an entitlement for each of its products; the content of a published event is the
subscription event as listed; a source is `appStore` or `playStore`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from exh_dev.platform.events import events
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.records import listed, own_or_all, shown
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Document, Store

    Source: TypeAlias = Literal["appStore", "playStore"]
    #: What the current period costs less for.
    Offer: TypeAlias = Literal["free_trial", "introductory_pricing", "promotion"]

ENTITLEMENTS, EVENTS = "payment_entitlements", "payment_subscription_events"
#: Where each source keeps its subscriptions, and the member that says whose they are.
SUBSCRIPTIONS: dict[Source, tuple[str, str]] = {
    "appStore": ("app_store_subscriptions", "userId"),
    "playStore": ("play_store_subscriptions", "purchaserId"),
}
ACTIVE, NO_RENEWAL, SWITCHED = "active_with_renewal", "active_without_renewal", "switched_product"

#: status -> its category
CATEGORIES = {
    **dict.fromkeys(("using_free_trial", "using_introductory_pricing", "using_promotion"), "acquiring"),
    ACTIVE: "engaged",
    **dict.fromkeys(
        (NO_RENEWAL, "switching_product", "awaiting_price_change_confirmation", "in_grace_period"), "active_but_losing"
    ),
    "in_billing_retry": "inactive_and_losing",
    **dict.fromkeys(
        (
            *("expired_voluntarily", SWITCHED, "expired_from_billing", "failed_to_confirm_price_change"),
            *("revoked", "refunded", "refunded_for_issue"),
        ),
        "lost",
    ),
}
#: status -> the event of reaching it, if named differently. Reaching one of the first two categories is reported as a
#: start, a renewal, or an enabled renewal.
_CALLED = {
    NO_RENEWAL: "renewal_disabled",
    "awaiting_price_change_confirmation": "price_change_confirmation_requested",
    "in_grace_period": "grace_period_started",
    "in_billing_retry": "billing_retry_started",
}


@dataclass(frozen=True)
class Standing:
    """A subscription's status, as reported by its store.

    Attributes:
        status: the entitlement's status.
        expires: end of the paid period, in epoch seconds.
        payment: grows with each payment: the latest one's time, or its number.
        offer: reason for a reduced price.
        new_product: the id of the next product.
        changes: time of the next change without any action, in epoch seconds.
    """

    status: str
    expires: float
    payment: float
    offer: Offer | None = None
    new_product: str | None = None
    changes: float | None = None


class Subscriptions:
    """The entitlements and events of a store."""

    def __init__(self, store: Store, look: Callable[[], None]) -> None:
        """Serve the data of `store`; `look` updates it before each answer."""
        self._store = store
        self._look = look
        store.index("payment_entitlements_subscription", ENTITLEMENTS, [member("_subscriptionId")])
        store.index("payment_entitlements_user", ENTITLEMENTS, [member("userId")])
        store.index("payment_subscription_events_user", EVENTS, [member("userId")])

    def routes(self, base: str) -> list[Route]:
        return [
            Route(f"{base}/entitlements", self._find_entitlements, methods=["GET"]),
            Route(f"{base}/events", self._find_events, methods=["GET"]),
        ]

    async def _find_entitlements(self, request: Request) -> Response:
        return self._find(request, ENTITLEMENTS, "VIEW_SUBSCRIPTION_ENTITLEMENTS")

    async def _find_events(self, request: Request) -> Response:
        return self._find(request, EVENTS, "VIEW_SUBSCRIPTION_EVENTS")

    def _find(self, request: Request, collection: str, permission: str) -> Response:
        visible = own_or_all(rights_of(request, self._store), permission, "userId")
        self._look()
        return listed(request, self._store, collection, visible=visible)


def record(
    store: Store,
    subscription_id: str,
    user_id: str,
    product: Document,
    standing: Standing,
    *,
    source: Source,
    now: float,
) -> list[str]:
    """Update a subscription's entitlement, and publish the events. Call it inside a transaction.

    Args:
        store: the store.
        subscription_id: the platform's id of the subscription.
        user_id: its user.
        product: its current subscription product.
        standing: its new status.
        source: `appStore` or `playStore`.
        now: epoch seconds.

    Returns:
        The types of the events, in order.
    """
    earlier = _of_subscription(store, subscription_id)
    before = next((each for each in earlier if each["sourceProductId"] == product["id"]), None)
    for other in earlier:
        if other is not before and other["statusCategory"] != "lost":
            _switch(store, other, product, now=now)
    entitlement: Document = {
        **(before or {"id": object_id(), "creationTimestamp": iso(now)}),
        "userId": user_id,
        "source": source,
        "sourceProductId": product["id"],
        "subscriptionGroup": product["subscriptionGroup"],
        "subscriptionTier": product["subscriptionTier"],
        "status": standing.status,
        "statusCategory": CATEGORIES[standing.status],
        "expireTimestamp": iso(standing.expires),
        "newProductId": standing.new_product,
        "_subscriptionId": subscription_id,
        "_payment": standing.payment,
    }
    entitlement = {name: value for name, value in entitlement.items() if value is not None}
    store.put(ENTITLEMENTS, entitlement)
    event_types = _event_types(before, standing)
    for event_type in event_types:
        _add_event(store, entitlement, event_type, now=now)
    return event_types


def subscription_at(request: Request, store: Store, source: Source) -> Document:
    """Return the subscription in the path.

    Raises:
        ErrorAnswer: 12 for an invalid id, 16 for an unknown subscription.
    """
    collection, _ = SUBSCRIPTIONS[source]
    subscription = store.get(collection, checked_id(request.path_params["id"]))
    if subscription is None:
        raise ErrorAnswer(16, "There is no such subscription")
    return subscription


def evaluate_due(
    store: Store, source: Source, due_member: str, evaluate: Callable[[Document], None], *, now: float
) -> None:
    """Evaluate a store's subscriptions whose status is due to change.

    Args:
        store: the store.
        source: `appStore` or `playStore`.
        due_member: the member with the time of the next evaluation.
        evaluate: evaluates one. It raises `ErrorAnswer` while a product is not configured; the subscription stays
            unchanged then.
        now: epoch seconds.
    """
    due = Sql(f"{member(due_member)} <= ?", (iso(now),))
    for subscription in store.matching(SUBSCRIPTIONS[source][0], due):
        with suppress(ErrorAnswer):
            evaluate(subscription)


def detach(store: Store, source: Source, subscription_id: str, *, now: float) -> None:
    """Unlink a subscription from its user, so that another user can claim it. Call it inside a transaction."""
    collection, _ = SUBSCRIPTIONS[source]
    store.delete(collection, subscription_id)
    for entitlement in _of_subscription(store, subscription_id):
        if entitlement["statusCategory"] != "lost" and entitlement["expireTimestamp"] > iso(now):
            store.put(ENTITLEMENTS, {**entitlement, "expireTimestamp": iso(now)})


def forget_user(store: Store, user_id: str, *, now: float) -> None:
    """Detach the subscriptions of a user who is deleted. Call it inside a transaction."""
    for source, (collection, owner) in SUBSCRIPTIONS.items():
        for subscription in store.matching(collection, Sql(f"{member(owner)} = ?", (user_id,))):
            detach(store, source, subscription["id"], now=now)


def _of_subscription(store: Store, subscription_id: str) -> list[Document]:
    return store.matching(ENTITLEMENTS, Sql(f"{member('_subscriptionId')} = ?", (subscription_id,)))


def _switch(store: Store, entitlement: Document, product: Document, *, now: float) -> None:
    changed = {"status": SWITCHED, "statusCategory": CATEGORIES[SWITCHED], "newProductId": product["id"]}
    entitlement = {**entitlement, **changed}
    store.put(ENTITLEMENTS, entitlement)
    _add_event(store, entitlement, SWITCHED, now=now)


def _event_types(before: Document | None, standing: Standing) -> list[str]:
    """Return the types of the events between an entitlement and a new status."""
    with_offer = f"_with_{standing.offer}" if standing.offer else ""
    event_types = []
    if before is None:
        event_types.append(f"started{with_offer}")
    elif standing.payment > before["_payment"]:
        event_types.append(f"renewed{with_offer}")
    elif before["status"] == NO_RENEWAL and CATEGORIES[standing.status] in {"acquiring", "engaged"}:
        event_types.append("renewal_enabled")
    if CATEGORIES[standing.status] not in {"acquiring", "engaged"} and (
        before is None or before["status"] != standing.status
    ):
        event_types.append(_CALLED.get(standing.status, standing.status))
    return event_types


def _add_event(store: Store, entitlement: Document, event_type: str, *, now: float) -> None:
    copied = (
        *("userId", "source", "sourceProductId", "subscriptionGroup", "subscriptionTier", "newProductId"),
        "_subscriptionId",
    )
    event: Document = {
        "id": object_id(),
        **{name: entitlement[name] for name in copied if name in entitlement},
        "type": event_type,
        "expireTimestamp": entitlement["expireTimestamp"],
        "eventTimestamp": iso(now),
        "creationTimestamp": iso(now),
    }
    store.put(EVENTS, event)
    _publish(store, event, now=now)


def publish_again(store: Store, subscription_id: str, *, now: float) -> None:
    """Publish the latest event of a subscription once more. Call it inside a transaction."""
    found = store.matching(EVENTS, Sql(f"{member('_subscriptionId')} = ?", (subscription_id,)))
    if found:
        _publish(store, found[-1], now=now)


def _publish(store: Store, event: Document, *, now: float) -> None:
    events.publish(store, f"payments.subscriptions.{event['type']}", shown(event), now=now)
