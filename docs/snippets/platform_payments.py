from extrahorizon.client import ExtraHorizon

exh = ExtraHorizon()

product = exh.payments.products.create(prices={"eur": {"amount": 2500}}, taskFunctionName="whoami")
order = exh.payments.stripe.create_payment_intent(productId=product.get("id", ""))
exh.session.call("POST", f"/_dev/stripe/payment_intents/{order.get('paymentId')}/succeed")
paid = exh.payments.orders.find_by_id(order["id"])
print(paid and paid.get("status"))

exh.payments.app_store_subscriptions.products.create(
    appStoreAppBundleId="io.acme.app",
    appStoreProductId="monthly",
    subscriptionGroup="premium",
    subscriptionTier="best",
)
shop = "/_dev/app_store/purchases"
bought = exh.session.call("POST", shop, json={"bundleId": "io.acme.app", "productId": "monthly", "offer": "free_trial"})
exh.payments.app_store.complete_transaction(receiptData=bought["receiptData"], transactionId=bought["transactionId"])
exh.session.call("POST", f"{shop}/{bought['originalTransactionId']}/changes", json={"change": "renew"})
print([event.get("type") for event in exh.payments.subscriptions.events.find_all()])
