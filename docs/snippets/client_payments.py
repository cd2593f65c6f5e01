from extrahorizon.client import ExtraHorizon
from extrahorizon.query import rql


def has_premium(exh: ExtraHorizon, user_id: str) -> bool:
    """Whether a subscription entitles a user to the premium app now, wherever it was bought."""
    current = rql.eq("subscriptionGroup", "premium").in_("statusCategory", ["engaged", "active_but_losing"])
    return exh.payments.subscriptions.entitlements.find_first(current.eq("userId", user_id)) is not None


def mark_delivered(exh: ExtraHorizon, order_ids: list[str]) -> int:
    """Tag orders whose report was delivered. Without RQL every order would be tagged."""
    return exh.payments.orders.add_tags_to_order(rql=rql.in_("id", order_ids), tags=["delivered"])
