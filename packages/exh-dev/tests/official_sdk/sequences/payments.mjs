import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { collected, firstOf, newId, rql } from "../world.mjs";

export async function productsAndOrders(world) {
  const { payments } = world.admin;
  assert.equal(await payments.health(), true);
  const schema = { properties: { size: { type: "string" } }, required: ["size"] };
  const body = { name: "report", prices: { eur: { amount: 2500 } }, tags: ["a"], schema, taskPriority: 2 };
  const { products, orders } = payments;
  const made = await products.create({ ...body, appStoreProductId: "io.acme.report", taskFunctionName: "nothing" });
  const product = rql().eq("id", made.id).build();
  await firstOf(products.find());
  assert.ok((await products.findAll()).length > 0);
  assert.ok((await collected(products.findAllIterator())).length > 0);
  assert.equal((await products.findById(made.id)).name, "report");
  assert.ok(await products.findFirst());
  assert.equal((await products.addTagsToProduct(product, { tags: ["b"] })).affectedRecords, 1);
  assert.equal((await products.removeTagsFromProduct(product, { tags: ["a"] })).affectedRecords, 1);
  assert.deepEqual((await products.findById(made.id)).tags, ["b"]);
  assert.equal((await products.update(made.id, { name: "other", prices: body.prices })).affectedRecords, 1);

  const order = await orders.create({ productId: made.id, currency: "eur", tags: ["a"], data: { size: "s" } });
  const it = rql().eq("id", order.id).build();
  await firstOf(orders.find());
  assert.ok((await orders.findAll()).length > 0);
  assert.ok((await collected(orders.findAllIterator())).length > 0);
  assert.equal((await orders.findById(order.id)).data.size, "s");
  assert.ok(await orders.findFirst());
  assert.equal((await orders.addTagsToOrder(it, { tags: ["b"] })).affectedRecords, 1);
  assert.equal((await orders.removeTagsFromOrder(it, { tags: ["a"] })).affectedRecords, 1);
  assert.equal((await orders.update(order.id, { status: "failed" })).affectedRecords, 1);
  assert.equal((await orders.findById(order.id)).status, "failed");
  assert.equal((await products.remove(made.id)).affectedRecords, 1);
}

export async function stripe(world) {
  const { admin } = world;
  const { payments } = admin;
  const { id, client } = await world.user();
  const product = await payments.products.create({ prices: { eur: { amount: 100 } } });
  const intent = await client.payments.stripe.createPaymentIntent({ productId: product.id, paymentMethodType: "card" });
  await world.dev("POST", `stripe/payment_intents/${intent.paymentId}/succeed`);
  assert.equal((await payments.orders.findById(intent.id)).status, "charge_created");
  const { stripeClientSecret } = await client.payments.stripe.createSetupIntent({ setupPaymentMethodReuse: "offSession" });
  await world.dev("POST", `stripe/setup_intents/${stripeClientSecret}/succeed`, { paymentMethod: "pm_card_visa" });
  const saved = await client.payments.stripe.savePaymentMethod(id, { stripeId: "pm_card_visa", tags: ["a"] });
  assert.equal((await client.payments.stripe.addTagsToPaymentMethod(id, saved.id, { tags: ["b"] })).affectedRecords, 1);
  assert.equal((await client.payments.stripe.removeTagsToPaymentMethod(id, saved.id, { tags: ["a"] })).affectedRecords, 1);
  assert.deepEqual((await client.payments.stripe.getUser(id)).paymentMethods[0].tags, ["b"]);
  assert.equal((await client.payments.stripe.removePaymentMethod(id, saved.id)).affectedRecords, 1);
  await refused(13, admin.payments.stripe.subscribeToEvents());
}

export async function appStore(world) {
  const { appStore, appStoreSubscriptions, subscriptions } = world.admin.payments;
  const bundleId = `io.acme.${newId()}`;
  const names = { subscriptionGroup: "g", subscriptionTier: "t", appStoreAppBundleId: bundleId };
  const { products } = appStoreSubscriptions;
  const made = await products.create({ name: "monthly", appStoreProductId: "monthly", ...names });
  const yearly = await products.create({ name: "yearly", appStoreProductId: "yearly", ...names });
  await firstOf(products.find());
  assert.ok((await products.findAll()).length >= 2);
  assert.ok((await collected(products.findAllIterator())).length >= 2);
  assert.equal((await products.update(made.id, { name: "month" })).affectedRecords, 1);
  const secret = { applicationId: world.credentials.application_id, bundleId, secret: "s3cret" };
  const kept = await appStore.createSharedSecret(secret);
  await firstOf(appStore.getSharedSecrets());

  const { client } = await world.user();
  const sold = { bundleId, productId: "monthly", offer: "free_trial" };
  const bought = await world.dev("POST", "app_store/purchases", sold);
  const { receiptData, transactionId } = bought;
  await client.payments.appStore.verifyTransaction({ receiptData });
  await client.payments.appStore.completeTransaction({ receiptData, transactionId });
  const path = `app_store/purchases/${bought.originalTransactionId}/changes`;
  const { notification } = await world.dev("POST", path, { change: "disableRenewal", deliver: false });
  assert.equal(await appStore.processNotification(notification), true);
  for (const change of ["enableRenewal", "renew"]) await world.dev("POST", path, { change });
  const other = await world.dev("POST", "app_store/purchases", { bundleId, productId: "monthly" });
  await client.payments.appStore.createTransaction({ receiptData: other.receiptData, transactionId: other.transactionId });
  const switched = `app_store/purchases/${other.originalTransactionId}/changes`;
  await world.dev("POST", switched, { change: "switchProduct", productId: "yearly" });
  await firstOf(appStore.getNotifications());
  await firstOf(appStore.getReceipts());
  const { subscriptions: bookings } = appStoreSubscriptions;
  await firstOf(bookings.find());
  assert.ok((await bookings.findAll()).length >= 2);
  assert.ok((await collected(bookings.findAllIterator())).length >= 2);
  for (const each of [subscriptions.entitlements, subscriptions.events]) {
    await firstOf(each.find());
    assert.ok((await each.findAll()).length > 0);
    assert.ok((await collected(each.findAllIterator())).length > 0);
  }
  assert.equal((await appStore.removeSharedSecret(kept.id)).affectedRecords, 1);
  for (const { id } of [made, yearly]) assert.equal((await products.remove(id)).affectedRecords, 1);
}

export async function playStore(world) {
  const { playStore, playStoreHistory, playStoreSubscriptions } = world.admin.payments;
  const packageName = `io.acme.a${newId()}`;
  const { products } = playStoreSubscriptions;
  const made = await products.create({
    name: "monthly",
    playStorePackageName: packageName,
    playStoreSubscriptionId: "monthly",
    subscriptionGroup: "g",
    subscriptionTier: "t",
  });
  await firstOf(products.find());
  assert.ok((await products.findAll()).length > 0);
  assert.ok((await collected(products.findAllIterator())).length > 0);
  assert.equal((await products.update(made.id, { name: "month" })).affectedRecords, 1);
  const { client } = await world.user();
  const sold = { packageName, subscriptionId: "monthly", offer: "introductory_pricing" };
  const { receipt, orderId } = await world.dev("POST", "play_store/purchases", sold);
  await client.payments.playStore.complete(receipt);
  const path = `play_store/purchases/${orderId}/changes`;
  const { notification } = await world.dev("POST", path, { change: "disableRenewal", deliver: false });
  await playStore.processDeveloperNotification(notification);
  await world.dev("POST", path, { change: "enableRenewal" });
  await firstOf(playStoreHistory.notifications());
  await firstOf(playStoreHistory.purchaseInfos());
  await firstOf(playStoreHistory.purchaseReceipts());
  const { subscriptions } = playStoreSubscriptions;
  await firstOf(subscriptions.find());
  assert.ok((await subscriptions.findAll()).length > 0);
  assert.ok((await collected(subscriptions.findAllIterator())).length > 0);
  assert.equal((await products.remove(made.id)).affectedRecords, 1);
}
