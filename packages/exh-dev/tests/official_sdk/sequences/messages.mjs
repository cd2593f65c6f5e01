// Mails, templates of both versions, localizations, notifications of both versions.

import assert from "node:assert/strict";
import { collected, firstOf, newId, rql } from "../world.mjs";

export async function mails({ admin }) {
  const { mails, templatesV2 } = admin;
  assert.equal(await mails.health(), true);
  const to = [`${newId()}@users.example`];
  const recipients = { to, cc: ["c@users.example"], bcc: ["b@users.example"] };
  const attachments = [{ name: "a.txt", content: Buffer.from("a").toString("base64"), type: "text/plain" }];
  await mails.send({ recipients, subject: "s", body: "b", replyTo: ["r@users.example"], attachments });
  const name = `mail-${newId()}`;
  const inputs = { who: { type: "string" } };
  const body = "Dear {{@inputs.who}} {{tracking_hash}}";
  const template = await templatesV2.create({ name, inputs, outputs: { subject: "s", body } });
  const content = { who: "Ada" };
  await mails.send({ recipients: { to }, templateName: name, language: "EN", timeZone: "UTC", content });
  const sent = await mails.send({ recipients: { to }, templateId: template.id, content });
  await firstOf(mails.find());
  assert.ok((await mails.findAll()).length >= 3);
  assert.equal((await mails.findById(sent.id)).templateId, template.id);
  assert.ok(await mails.findFirst({ rql: rql().eq("template_name", name).build() }));
  await mails.findOutbound();
  const v1 = await admin.templates.create({
    name: `tracked-${newId()}`,
    description: "d",
    schema: { type: "object", fields: { tracking_hash: { type: "string" } } },
    fields: { subject: "s", body: "$content.tracking_hash" },
  });
  const tracked = await mails.send({ recipients: { to }, templateId: v1.id, content: {} });
  assert.equal((await mails.track(tracked.body ?? (await mails.findById(tracked.id)).body)).affectedRecords, 1);
  assert.equal((await mails.findById(tracked.id)).views, 1);
}

export async function templates({ admin }) {
  const { templates, localizations } = admin;
  assert.equal(await templates.health(), true);
  const key = `key_${newId()}`;
  await localizations.create({ localizations: [{ key, text: { EN: "Hello {{who}}", NL: "Dag {{who}}" } }] });
  const name = `v1-${newId()}`;
  const fields = { who: { type: "string" }, when: { type: "date" }, many: { type: "array", type_configuration: { type: "number" } } };
  const body = { name, description: "d", schema: { type: "object", fields }, fields: { body: `{{${key},$content.who}}` } };
  const made = await templates.create(body);
  await firstOf(templates.find());
  assert.ok((await templates.findAll()).length > 0);
  assert.ok((await collected(templates.findAllIterator())).length > 0);
  assert.equal((await templates.findById(made.id)).name, name);
  assert.equal((await templates.findByName(name)).id, made.id);
  assert.ok(await templates.findFirst());
  const simple = { ...body, schema: { type: "object", fields: { who: { type: "string" } } }, fields: { body: "For $content.who" } };
  assert.equal((await templates.update(made.id, simple)).fields.body, "For $content.who");
  const asked = { language: "EN", timeZone: "UTC", content: { who: "Ada" } };
  assert.deepEqual(await templates.resolveAsJson(made.id, asked), { body: "For Ada" });
  assert.deepEqual(await templates.resolveAsJsonUsingCode(made.id, "NL", asked), { body: "For Ada" });
  for (const pdf of [templates.resolveAsPdf(made.id, asked), templates.resolveAsPdfUsingCode(made.id, "NL", asked)]) {
    assert.equal((await pdf).subarray(0, 4).toString(), "%PDF");
  }
  assert.equal((await templates.remove(made.id)).affectedRecords, 1);
}

export async function templatesOfVersion2({ admin }) {
  const { templatesV2 } = admin;
  assert.equal(await templatesV2.health(), true);
  const name = `v2-${newId()}`;
  const inputs = {
    who: { type: "string" },
    list: { type: "array", items: { type: "object", properties: { n: { type: "number" }, b: { type: "boolean" } } } },
  };
  const outputs = { subject: "Hello {{@inputs.who}}", body: "{{#each @inputs.list}}{{this.n}}{{/each}}" };
  const made = await templatesV2.create({ name, description: "d", inputs, outputs });
  await firstOf(templatesV2.find());
  assert.ok((await templatesV2.findAll()).length > 0);
  assert.equal((await templatesV2.findById(made.id)).name, name);
  assert.equal((await templatesV2.findByName(name)).id, made.id);
  assert.ok(await templatesV2.findFirst());
  assert.equal((await templatesV2.update(name, { description: "e" })).affectedRecords, 1);
  const given = { who: "Ada", list: [{ n: 1, b: true }, { n: 2, b: false }] };
  const filled = await templatesV2.resolve(name, { language: "EN", timeZone: "UTC", inputs: given });
  assert.deepEqual(filled, { subject: "Hello Ada", body: "12" });
  assert.equal((await templatesV2.remove(name)).affectedRecords, 1);
}

export async function localizations({ admin }) {
  const { localizations } = admin;
  assert.equal(await localizations.health(), true);
  const key = `key_${newId()}`;
  const text = { EN: "Hello", NL: "Dag" };
  assert.equal((await localizations.create({ localizations: [{ key, text }] })).created, 1);
  const again = await localizations.create({ localizations: [{ key, text }] });
  assert.deepEqual([again.created, again.existing], [0, 1]);
  await firstOf(localizations.find());
  assert.ok((await localizations.findAll()).length > 0);
  assert.equal((await localizations.findByKey(key)).text.NL, "Dag");
  assert.ok(await localizations.findFirst());
  const changed = { key, text: { EN: "Hi" } };
  const missing = { key: `${key}_no`, text: { EN: "Hi" } };
  const updated = await localizations.update({ localizations: [changed, missing] });
  assert.deepEqual([updated.updated, updated.missing], [1, 1]);
  const found = await localizations.getByKeys({ localizationCodes: ["EN", "NL"], localizations: [key] });
  assert.equal(found[key].EN, "Hi");
  assert.ok((await localizations.getCountries()).includes("BE"));
  await localizations.getRegions("BE");
  assert.ok((await localizations.getLanguages()).includes("EN"));
  assert.equal((await localizations.remove(rql().eq("key", key).build())).affectedRecords, 1);
}

export async function notifications(world) {
  const { admin } = world;
  const { notifications } = admin;
  assert.equal(await notifications.health(), true);
  assert.ok((await notifications.getTypes()).data.length > 0);
  const { id, client } = await world.user();
  const made = await notifications.create({ type: "message", userId: id, important: true, fields: { title: "t", body: "b" } });
  await notifications.create({ type: "link", userId: id, fields: { title: "t", body: "b", url: "https://users.example" } });
  await firstOf(client.notifications.find());
  assert.equal((await client.notifications.findAll()).length, 2);
  assert.equal((await collected(client.notifications.findAllIterator())).length, 2);
  assert.equal((await client.notifications.findById(made.id)).fields.title, "t");
  assert.ok(await client.notifications.findFirst());
  const it = { rql: rql().eq("id", made.id).build() };
  assert.equal((await client.notifications.markAsViewed(it)).affectedRecords, 1);
  assert.equal((await notifications.remove(it)).affectedRecords, 1);

  const { settings } = notifications;
  const preferences = { message: true, link: false };
  await client.notifications.settings.update(id, { key: "k", preferences });
  await firstOf(settings.find());
  assert.ok(await settings.findFirst());
  assert.equal((await settings.findById(id)).preferences.link, false);
  assert.equal((await settings.remove(id)).affectedRecords, 1);
}

export async function notificationsOfVersion2(world) {
  const { admin } = world;
  const { notificationsV2 } = admin;
  assert.equal(await notificationsV2.health(), true);
  const { id, client } = await world.user();
  const { userSettings } = client.notificationsV2;
  await userSettings.getById(id);
  assert.equal((await userSettings.addOrUpdateDevice(id, "phone", { description: "d", fcmToken: "f" })).affectedRecords, 1);
  await userSettings.getById(id);
  assert.equal((await userSettings.update(id, { fcmToken: "f" })).affectedRecords, 1);
  assert.equal((await userSettings.getById(id)).devices[0].name, "phone");
  const made = await notificationsV2.create({ targetUserId: id, title: "t", body: "b", data: { a: "1" } });
  await firstOf(notificationsV2.find());
  assert.ok((await notificationsV2.findAll()).length > 0);
  assert.equal((await notificationsV2.findById(made.id)).title, "t");
  assert.equal((await firstOf(notificationsV2.findByTargetUserId(id))).id, made.id);
  assert.ok(await notificationsV2.findFirst());
  await firstOf(admin.notificationsV2.userSettings.find());
  assert.ok((await admin.notificationsV2.userSettings.findAll()).length > 0);
  assert.ok(await admin.notificationsV2.userSettings.findFirst());
  assert.equal((await userSettings.removeDevice(id, "phone")).affectedRecords, 1);
  assert.equal((await userSettings.remove(id)).affectedRecords, 1);
}
