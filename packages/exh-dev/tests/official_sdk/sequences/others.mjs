// Configurations, dispatchers, events, access logs, profiles, and the client for any other request.

import assert from "node:assert/strict";
import { collected, firstOf, newId, rql } from "../world.mjs";

export async function configurations(world) {
  const { admin } = world;
  const { general, groups, users, patients, staff } = admin.configurations;
  const { id } = await world.user();
  const groupId = newId();
  const member = `m${newId()}`;
  const data = { [member]: 1 };
  const parts = ["groupConfiguration", "userConfiguration", "staffConfiguration", "patientConfiguration"];
  const all = Object.fromEntries(parts.map((name) => [name, data]));
  assert.equal((await general.update({ data, ...all })).affectedRecords, 1);
  assert.equal((await general.get()).data[member], 1);
  assert.equal((await general.removeFields({ fields: [`data.${member}`] })).affectedRecords, 1);
  const forGroup = { data, staffConfiguration: data, patientConfiguration: data };
  assert.equal((await groups.update(groupId, forGroup)).affectedRecords, 1);
  assert.equal((await groups.get(groupId)).data[member], 1);
  assert.equal((await groups.removeFields(groupId, { fields: [`data.${member}`] })).affectedRecords, 1);
  const user = rql().eq("id", id).build();
  await admin.users.addPatientEnlistment(id, { groupId });
  await admin.users.groupRoles.addUsersToStaff({ groups: [groupId] }, { rql: user });
  assert.equal((await users.update(id, { data })).affectedRecords, 1);
  for (const each of [patients, staff]) assert.equal((await each.update(groupId, id, { data })).affectedRecords, 1);
  const found = await users.get(id);
  assert.equal(found.data[member], 1);
  assert.equal(found.patientConfigurations[0].groupId, groupId);
  const fields = { fields: [`data.${member}`] };
  assert.equal((await users.removeFields(id, fields)).affectedRecords, 1);
  for (const each of [patients, staff]) assert.equal((await each.removeFields(groupId, id, fields)).affectedRecords, 1);
}

export async function dispatchers({ admin }) {
  const { dispatchers } = admin;
  const name = `d-${newId()}`;
  const mail = { type: "mail", name: "m", recipients: { to: ["a@users.example"] }, templateId: newId() };
  const task = { type: "task", name: "t", functionName: "nothing", data: { a: "1" }, tags: ["x"] };
  const made = await dispatchers.create({ name, description: "d", eventType: `e${newId()}`, tags: ["x"], actions: [mail, task] });
  await firstOf(dispatchers.find());
  assert.ok((await dispatchers.findAll()).length > 0);
  assert.ok((await collected(dispatchers.findAllIterator())).length > 0);
  assert.equal((await dispatchers.findById(made.id)).name, name);
  assert.ok(await dispatchers.findFirst());
  assert.equal((await dispatchers.update(made.id, { description: "e" })).affectedRecords, 1);
  const action = await dispatchers.actions.create(made.id, { ...task, name: "u" });
  assert.equal((await dispatchers.actions.update(made.id, action.id, { functionName: "other" })).affectedRecords, 1);
  assert.equal((await dispatchers.actions.remove(made.id, action.id)).affectedRecords, 1);
  assert.equal((await dispatchers.remove(made.id)).affectedRecords, 1);
}

export async function events({ admin }) {
  const { events } = admin;
  assert.equal(await events.health(), true);
  const type = `e${newId()}`;
  const made = await events.create({ type, content: { a: 1 } });
  await firstOf(events.find());
  assert.ok((await events.findAll()).length > 0);
  assert.equal((await events.findById(made.id)).type, type);
  assert.ok(await events.findFirst());
  const service = { name: "my-service", version: { major: 1, minor: 0, patch: 0 } };
  const subscription = await events.subscriptions.create({ service, eventTypes: [type], retriable: true });
  await firstOf(events.subscriptions.find());
  assert.ok((await events.subscriptions.findAll()).length > 0);
  assert.equal((await events.subscriptions.findById(subscription.id)).service.name, "my-service");
  assert.ok(await events.subscriptions.findFirst());
}

export async function accessLogs({ admin }) {
  await admin.users.me();
  assert.ok((await admin.logs.access.find()).length > 0);
  assert.ok(await admin.logs.access.findFirst());
}

export async function profiles(world) {
  const { admin } = world;
  const { profiles } = admin;
  assert.equal(await profiles.health(), true);
  assert.ok((await profiles.getComorbidities()).data.includes("DIABETES"));
  assert.ok((await profiles.getImpediments()).data.includes("TREMOR"));
  const { id, client } = await world.user();
  const it = rql().eq("id", id).build();
  await profiles.create({ id, birthday: "1990-01-31", gender: 2, country: "BE" });
  await firstOf(client.profiles.find());
  assert.ok((await profiles.findAll()).length > 0);
  assert.ok((await collected(profiles.findAllIterator())).length > 0);
  assert.equal((await profiles.findById(id)).country, "BE");
  assert.equal((await profiles.findFirst({ rql: it })).id, id);
  const about = { city: "Hasselt", length: 180, comorbidities: ["DIABETES"], activity: "ACTIVE", customFields: { a: "b" } };
  assert.equal((await client.profiles.update(it, about)).affectedRecords, 1);
  assert.equal((await profiles.findById(id)).city, "Hasselt");
  assert.equal((await client.profiles.removeFields(it, { fields: ["city"] })).affectedRecords, 1);

  const groupId = newId();
  const own = rql().eq("id", world.adminId).build();
  await admin.users.groupRoles.addUsersToStaff({ groups: [groupId] }, { rql: own });
  await admin.users.addPatientEnlistment(id, { groupId });
  await profiles.groups.create(id, { groupId, reason: "r", patientId: "p", customFields: { a: "b" } });
  assert.equal((await profiles.groups.update(id, groupId, { reason: "s" })).reason, "s");
  await profiles.groups.removeFields(id, groupId, { fields: ["reason"] });
  const entry = await profiles.logs.create(id, groupId, { text: "seen" });
  await firstOf(profiles.logs.find(id, groupId));
  assert.equal((await profiles.logs.findAll(id, groupId)).length, 1);
  assert.equal((await collected(profiles.logs.findAllIterator(id, groupId))).length, 1);
  assert.equal((await profiles.logs.update(id, groupId, entry.id, { text: "again" })).text, "again");
  assert.equal((await profiles.logs.remove(id, groupId, entry.id)).affectedRecords, 1);
  assert.equal((await profiles.groups.remove(id, groupId)).affectedRecords, 1);
}

export async function anyRequest(world) {
  const answer = await world.recorder.noted("raw", world.admin.raw.get("/users/v1/me"));
  assert.equal(answer.data.id, world.adminId);
}
