import assert from "node:assert/strict";
import { refused } from "../recorder.mjs";
import { firstOf, newId, rql } from "../world.mjs";

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

export async function files(world) {
  const { files } = world.admin;
  const name = `file-${newId()}.txt`;
  const content = Buffer.from("€ and bytes \x00\x01");
  const made = await files.create(name, content, { tags: ["a", "b"] });
  const token = made.tokens[0].token;
  assert.deepEqual([made.size, made.tags], [content.length, ["a", "b"]]);
  const text = await files.createFromText("some text");
  await firstOf(files.find());
  assert.ok((await files.findAll()).length >= 2);
  assert.equal((await files.findByName(name)).size, content.length);
  assert.ok(await files.findFirst({ rql: rql().eq("name", name).build() }));
  assert.ok((await files.retrieve(token)).equals(content));
  assert.ok((await bytesOf((await files.retrieveStream(token)).data)).equals(content));
  assert.equal((await files.getDetails(token)).name, name);
  const read = await files.generateToken(token, { accessLevel: "read" });
  const { client } = await world.user();
  assert.ok((await client.files.retrieve(read.token)).equals(content));
  await client.files.getDetails(read.token);
  assert.equal(await files.deleteToken(token, read.token), undefined);
  await refused(2605, client.files.getDetails(read.token));
  // The answer has the status 204, of which the SDK makes 0 affected records.
  for (const each of [token, text.tokens[0].token]) await files.remove(each);
  assert.equal(await files.findByName(name), undefined);
}

export async function settings({ admin }) {
  const { settings } = admin.files;
  const before = await settings.get();
  const update = { disableForceDownloadForMimeTypes: ["text/plain"] };
  assert.equal((await settings.update(update)).affectedRecords, 1);
  assert.deepEqual((await settings.get()).disableForceDownloadForMimeTypes, ["text/plain"]);
  await settings.update({ disableForceDownloadForMimeTypes: before.disableForceDownloadForMimeTypes });
}
