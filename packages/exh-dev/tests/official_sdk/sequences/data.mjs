import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { collected, firstOf, newId, rql } from "../world.mjs";

/** A schema with a status, a creation transition, a transition and properties: its name. */
async function madeSchema({ data }) {
  const name = `schema-${newId()}`;
  await data.schemas.create({ name, description: "d", createMode: "allUsers", readMode: ["creator", "linkedUsers"] });
  for (const [property, configuration] of [
    ["pulse", { type: "number" }],
    ["note", { type: "string" }],
    ["items", { type: "array", items: { type: "object", properties: { n: { type: "number" } } } }],
  ]) {
    assert.equal((await data.properties.create(name, { name: property, configuration })).affectedRecords, 1);
  }
  assert.equal((await data.statuses.create(name, { name: "begun", data: { color: "red" } })).affectedRecords, 1);
  await data.statuses.create(name, { name: "done" });
  assert.equal((await data.transitions.updateCreation(name, { type: "manual", toStatus: "begun" })).affectedRecords, 1);
  await data.transitions.create(name, { type: "manual", name: "finish", fromStatuses: ["begun"], toStatus: "done" });
  return name;
}

export async function schemas({ admin }) {
  const { data } = admin;
  assert.equal(await data.health(), true);
  const name = await madeSchema(admin);
  const made = await data.schemas.findByName(name);
  assert.equal(made.findTransitionIdByName("finish"), made.transitionsByName.finish.id);
  assert.equal((await data.schemas.findById(made.id)).name, name);
  await firstOf(data.schemas.find());
  assert.ok((await data.schemas.findAll()).length > 0);
  assert.ok((await collected(data.schemas.findAllIterator())).length > 0);
  assert.equal((await data.schemas.findFirst({ rql: rql().eq("name", name).build() })).id, made.id);
  assert.equal((await data.schemas.update(name, { description: "e", maximumLimit: 20 })).affectedRecords, 1);

  assert.equal((await data.properties.update(name, "pulse", { type: "number", minimum: 1 })).affectedRecords, 1);
  const index = await data.indexes.create(name, { fields: [{ name: "pulse", type: "asc" }], options: { sparse: true } });
  await data.schemas.findById(made.id);
  assert.equal((await data.indexes.remove(index.id, name)).affectedRecords, 1);
  assert.equal((await data.properties.remove(name, "note")).affectedRecords, 1);

  const again = await data.transitions.create(name, {
    type: "automatic",
    name: "again",
    fromStatuses: ["done"],
    toStatus: "begun",
    conditions: [
      { type: "document", configuration: { type: "object", properties: { pulse: { type: "number", minimum: 1000 } } } },
      { type: "input", configuration: { type: "object" } },
      { type: "initiatorHasRelationToUserInData", userIdField: "note", relation: "isStaffOfTargetPatient" },
      { type: "initiatorHasRelationToGroupInData", groupIdField: "note", relation: "staff", requiredPermission: "X" },
    ],
    actions: [
      { type: "set", field: "pulse", value: 1 },
      { type: "unset", fields: ["pulse"] },
      { type: "linkCreator" },
      { type: "linkEnlistedGroups", onlyActive: true },
      { type: "delay", time: 5 },
    ],
    afterActions: [{ type: "task", functionName: "nothing", data: { a: 1 } }],
  });
  await data.schemas.findById(made.id);
  const changed = { type: "manual", name: "again", fromStatuses: ["done"], toStatus: "begun" };
  assert.equal((await data.transitions.update(name, again.id, changed)).affectedRecords, 1);
  assert.equal((await data.transitions.remove(name, again.id)).affectedRecords, 1);
  await data.statuses.create(name, { name: "odd" });
  assert.equal((await data.statuses.update(name, "odd", { data: { color: "blue" } })).affectedRecords, 1);
  assert.equal((await data.statuses.remove(name, "odd")).affectedRecords, 1);
  assert.equal((await data.schemas.disable(name)).affectedRecords, 1);
  assert.equal((await data.schemas.enable(name)).affectedRecords, 1);
  await data.schemas.disable(name);
  assert.equal((await data.schemas.remove(name)).affectedRecords, 1);
}

export async function documents(world) {
  const { admin } = world;
  const { documents } = admin.data;
  const name = await madeSchema(admin);
  const made = await documents.create(name, { pulse: 60, items: [] });
  assert.deepEqual([made.status, made.data.pulse], ["begun", 60]);
  await documents.create(name, { pulse: 61 }, { gzip: true });
  await firstOf(documents.find(name));
  assert.equal((await documents.findAll(name)).length, 2);
  assert.equal((await collected(documents.findAllIterator(name, { rql: rql().limit(1).build() }))).length, 2);
  assert.equal((await documents.findById(name, made.id)).id, made.id);
  assert.equal((await documents.findFirst(name, { rql: rql().eq("data.pulse", "61").build() })).data.pulse, 61);
  assert.equal((await documents.update(name, made.id, { note: "n" })).affectedRecords, 1);
  assert.equal((await documents.removeFields(name, made.id, { fields: ["note"] })).affectedRecords, 1);
  const item = await documents.appendObjectToArray(name, made.id, "items", { n: 1 });
  assert.equal(item.n, 1);
  assert.equal((await documents.updateObjectInArray(name, made.id, "items", item.id, { n: 2 })).affectedRecords, 1);
  assert.equal((await documents.removeObjectFromArray(name, made.id, "items", item.id)).affectedRecords, 1);

  const { id, client } = await world.user();
  const groupId = newId();
  assert.equal(await client.data.documents.findById(name, made.id), undefined);
  assert.equal((await documents.linkUsers(name, made.id, { userIds: [id] })).affectedRecords, 1);
  assert.equal((await client.data.documents.findById(name, made.id)).id, made.id);
  assert.equal((await documents.unlinkUsers(name, made.id, { userIds: [id] })).affectedRecords, 1);
  await documents.linkUsers(name, made.id, { userIds: [id] });
  assert.equal((await documents.unlinkAllUsers(name, made.id)).affectedRecords, 1);
  assert.equal((await documents.linkGroups(name, made.id, { groupIds: [groupId] })).affectedRecords, 1);
  assert.equal((await documents.unlinkGroups(name, made.id, { groupIds: [groupId] })).affectedRecords, 1);
  await documents.linkGroups(name, made.id, { groupIds: [groupId] });
  assert.equal((await documents.unlinkAllGroups(name, made.id)).affectedRecords, 1);

  assert.equal((await documents.transition(name, made.id, { name: "finish" })).affectedRecords, 1);
  assert.equal(await documents.assertNonLockedState(name, made.id, 5, 100), true);
  assert.equal((await documents.findById(name, made.id)).status, "done");
  await refused(26, documents.transition(name, made.id, { name: "finish" }));
  assert.equal((await documents.remove(name, made.id)).affectedRecords, 1);
}

export async function comments({ admin }) {
  const name = await madeSchema(admin);
  const { id } = await admin.data.documents.create(name, { pulse: 1 });
  const { comments } = admin.data;
  const made = await comments.create(name, id, { text: "well" });
  await firstOf(comments.find(name, id));
  assert.equal((await comments.findById(made.id, name, id)).text, "well");
  assert.equal((await comments.findFirst(name, id)).id, made.id);
  assert.equal((await admin.data.documents.findById(name, id)).commentCount, 1);
  assert.equal((await comments.update(made.id, name, id, { text: "better" })).affectedRecords, 1);
  assert.equal((await comments.remove(made.id, name, id)).affectedRecords, 1);
}
