// Runs every sequence against a platform, by OAuth1 and by OAuth2. Credentials come as JSON on stdin; the account goes to stdout as JSON:
// for each method how often it was answered, with which codes it was refused, and where an answer is not of its type;
// for each sequence that ended early, at which method and why.

import { readFileSync } from "node:fs";
import { FOLDER } from "./installed.mjs";
import { published } from "./published.mjs";
import { Recorder } from "./recorder.mjs";
import { World } from "./world.mjs";

const SEQUENCES = ["auth", "users", "data", "tasks", "files", "messages", "others", "payments"];

const credentials = JSON.parse(readFileSync(0, "utf8"));
const recorder = new Recorder(published(FOLDER));
const ended = [];
const byOAuth1 = new World(credentials, recorder);
for (const world of [byOAuth1, await byOAuth1.byOAuth2()]) {
  for (const part of SEQUENCES) {
    for (const [name, run] of Object.entries(await import(`./sequences/${part}.mjs`))) {
      try {
        await run(world);
      } catch (error) {
        ended.push({ sequence: `${part}.${name}`, method: recorder.last, reason: error.stack ?? String(error) });
      }
    }
  }
}
process.stdout.write(JSON.stringify({ methods: Object.fromEntries(recorder.account), ended }));
