import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { collected, firstOf, newId, rql } from "../world.mjs";

const creation = ({ credentials }, name) => ({
  name,
  description: "d",
  code: credentials.function_code,
  entryPoint: "main.handler",
  runtime: "python3.13",
  timeLimit: 20,
  memoryLimit: 256,
  environmentVariables: { MODE: { value: "test" } },
  executionOptions: { permissionMode: "allUsers", defaultPriority: 2 },
  retryPolicy: { enabled: false, errorsToRetry: ["KeyError"] },
});

const of = (name) => ({ rql: rql().eq("functionName", name).build() });

export async function functionsAndTasks(world) {
  const { tasks } = world.admin;
  const name = `f-${newId()}`;
  await tasks.functions.create(creation(world, name));
  await firstOf(tasks.functions.find());
  assert.equal((await tasks.functions.getByName(name)).environmentVariables.MODE.value, "test");
  assert.equal((await tasks.functions.update(name, { description: "e" })).affectedRecords, 1);
  assert.equal((await tasks.functions.disable(name)).affectedRecords, 1);
  await refused(27, tasks.functions.execute(name, {}));
  assert.equal((await tasks.functions.enable(name)).affectedRecords, 1);
  assert.deepEqual((await tasks.functions.execute(name, { a: 1 })).result, { seen: { a: 1 } });

  const it = { rql: rql().eq("functionName", name).sort("-creationTimestamp").build() };
  const done = await tasks.create({ functionName: name, data: { a: 2 }, tags: ["t"], priority: 3 });
  const failing = await tasks.create({ functionName: name, data: { fail: true } });
  const later = await tasks.create({ functionName: name, startTimestamp: new Date(Date.now() + 3_600_000) });
  assert.equal((await tasks.cancel(later.id)).affectedRecords, 1);
  await world.settle();
  assert.equal((await tasks.findById(done.id)).status, "complete");
  assert.deepEqual((await tasks.findById(failing.id)).error.name, "ValueError");
  assert.equal((await tasks.findById(later.id)).status, "canceled");
  await firstOf(tasks.find(it));
  assert.ok((await tasks.findAll(it)).length >= 3);
  assert.ok((await collected(tasks.findAllIterator(it))).length >= 3);
  assert.ok(await tasks.findFirst(it));
  assert.ok((await tasks.logs.find(done.id)).some(({ message }) => message.includes("working")));
  assert.ok(await tasks.logs.findFirst(done.id));

  for (const method of ["get", "delete"]) {
    assert.deepEqual(await tasks.api[method](name, "some/path", {}), { asked: `${method.toUpperCase()} /some/path` });
  }
  for (const method of ["post", "put", "patch"]) {
    assert.deepEqual(await tasks.api[method](name, "path", { a: 1 }, {}), { asked: `${method.toUpperCase()} /path` });
  }
  const request = await firstOf(tasks.apiRequests.find(of(name)));
  assert.equal((await tasks.apiRequests.findAll(of(name))).length, 5);
  assert.equal((await collected(tasks.apiRequests.findAllIterator(of(name)))).length, 5);
  assert.ok(await tasks.apiRequests.findFirst(of(name)));
  assert.ok((await tasks.apiRequests.logs.find(request.id)).length > 0);
  assert.ok(await tasks.apiRequests.logs.findFirst(request.id));
  assert.equal((await tasks.functions.remove(name)).affectedRecords, 1);
}

export async function schedules(world) {
  const { schedules, functions } = world.admin.tasks;
  const name = `f-${newId()}`;
  await functions.create(creation(world, name));
  const startTimestamp = new Date(Date.now() + 3_600_000);
  const made = await schedules.create({ functionName: name, interval: 3600, data: { a: 1 }, priority: 1, startTimestamp });
  const other = await schedules.create({ functionName: name, interval: 86_400, startTimestamp });
  const now = await schedules.create({ functionName: name, interval: 86_400 });
  await firstOf(schedules.find());
  assert.equal((await schedules.findAll(of(name))).length, 3);
  assert.equal((await collected(schedules.findAllIterator(of(name)))).length, 3);
  assert.equal((await schedules.findFirst({ rql: rql().eq("id", made.id).build() })).data.a, 1);
  assert.equal((await schedules.remove(made.id)).affectedRecords, 1);
  assert.equal((await schedules.delete(other.id)).affectedRecords, 1);
  await schedules.remove(now.id);
  await functions.remove(name);
}
