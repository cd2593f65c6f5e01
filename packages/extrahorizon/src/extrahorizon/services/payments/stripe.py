"""Stripe: users' payment methods, and intents to pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.payments.types import (
        Order,
        PaymentIntentCreation,
        SetupIntent,
        SetupIntentCreation,
        StripePaymentMethod,
        StripePaymentMethodCreation,
        StripeUser,
        Tags,
    )

_STRIPE = f"{BASE}/stripe"


def _methods(user_id: str) -> str:
    return f"{_STRIPE}/users/{segment(user_id)}/paymentMethods"


def _method(user_id: str, payment_method_id: str) -> str:
    return f"{_methods(user_id)}/{segment(payment_method_id)}"


class Stripe(Resource):
    """`exh.payments.stripe`. What is one's own needs no permission."""

    def get_user(self, user_id: str) -> StripeUser:
        """Return a user's Stripe customer, with the payment methods. Another user's needs `VIEW_STRIPE_USERS`."""
        return cast("StripeUser", self._object("GET", f"{_STRIPE}/users/{segment(user_id)}"))

    def save_payment_method(self, user_id: str, **body: Unpack[StripePaymentMethodCreation]) -> StripePaymentMethod:
        """Save a user's payment method, given by Stripe's id. Other users' need `UPDATE_STRIPE_USERS`.

        Raises:
            StripePaymentMethodError: Stripe does not accept it (2713).
            StripeRequestError: Stripe could not be asked (2712).
        """
        return cast(
            "StripePaymentMethod",
            self._object("POST", _methods(user_id), json=self._body("StripePaymentMethodCreation", body)),
        )

    def add_tags_to_payment_method(self, user_id: str, payment_method_id: str, **body: Unpack[Tags]) -> int:
        """Tag a payment method. Other users' need `UPDATE_STRIPE_USERS`.

        Raises:
            ResourceUnknownError: unknown user or payment method (16).
        """
        return self._affected("POST", f"{_method(user_id, payment_method_id)}/addTags", json=self._body("Tags", body))

    def remove_tags_to_payment_method(self, user_id: str, payment_method_id: str, **body: Unpack[Tags]) -> int:
        """Untag a payment method. Other users' need `UPDATE_STRIPE_USERS`.

        Raises:
            ResourceUnknownError: unknown user or payment method (16).
        """
        return self._affected(
            "POST", f"{_method(user_id, payment_method_id)}/removeTags", json=self._body("Tags", body)
        )

    def remove_payment_method(self, user_id: str, payment_method_id: str) -> int:
        """Remove a payment method. Other users' need `UPDATE_STRIPE_USERS`.

        Raises:
            ResourceUnknownError: unknown user or payment method (16).
        """
        return self._affected("DELETE", _method(user_id, payment_method_id))

    def create_payment_intent(self, **body: Unpack[PaymentIntentCreation]) -> Order:
        """Order a product and start its payment. For another user it needs `CREATE_PAYMENT_INTENTS`.

        Args:
            body: the order, as for `exh.payments.orders.create`; `targetUserId`, the recipient; `paymentMethodId` or
                `paymentMethodType`; `offSession`, whether to charge without the user being present;
                `setupPaymentMethodReuse`, whether the method can be used again.

        Returns:
            The order; the app continues with its `stripeClientSecret`.

        Raises:
            ResourceAlreadyExistsError: the order exists (17).
            IllegalArgumentError: the members conflict (26).
            StripePaymentMethodError: Stripe does not accept the payment method (2713).
            InvalidCurrencyForProductPriceError: the product has no price in this currency (2714).
            ResourceUnknownError: unknown product, user or payment method (16).
        """
        return cast(
            "Order", self._object("POST", f"{_STRIPE}/paymentIntents", json=self._body("PaymentIntentCreation", body))
        )

    def create_setup_intent(self, **body: Unpack[SetupIntentCreation]) -> SetupIntent:
        """Start to save a payment method without a payment. Needs no permission.

        Returns:
            The secret with which the app continues.

        Raises:
            StripePaymentMethodError: Stripe does not accept it (2713).
        """
        return cast(
            "SetupIntent", self._object("POST", f"{_STRIPE}/setupIntents", json=self._body("SetupIntentCreation", body))
        )

    def subscribe_to_events(self) -> dict[str, Any] | None:
        """Call the endpoint for Stripe's events. Needs no permission.

        Returns:
            The platform's answer, or None.

        Raises:
            BadRequestError: the platform does not accept it.
        """
        answer: dict[str, Any] | None = self._session.call("POST", f"{_STRIPE}/events")
        return answer
